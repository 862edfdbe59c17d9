"""Every file of a generated repository is there for a reason that its own documentation tells."""

from __future__ import annotations

import ast
import re
import runpy
import sys
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from os.path import normpath
from pathlib import Path, PurePosixPath

import pytest
from pairs import ROOT, SOURCES

from scaffold.compile import compile_template, write_tree
from scaffold.questions import resolve
from scaffold.render import render
from scaffold.rules import with_required
from scaffold.spec import Source
from scaffold.template import Template, open_template

ROW = re.compile(r"^\| (`[^|]+`) \| (.+) \|$", re.MULTILINE)
# Made by commands, so a render has them not.
MADE_LATER = {
    "uv.lock",
    "dvc.lock",
    "scaffold.toml",
    "scaffold.lock",
    "data/",
    "models/",
    "reports/",
}
MADE_LATER |= {"mlflow.db", "mlartifacts/", "logs/"}
ALONE = [
    name for name, manifest in SOURCES.manifests.items() if name != "base" and not manifest["slot"]
]
CHOICES = {**SOURCES.presets, **{f"{name} alone": [name] for name in ALONE}}


QUESTIONS = SOURCES.settings["questions"]


@dataclass(frozen=True)
class Rendered:
    """The files of a project of one preset, or of one component and what it requires."""

    files: dict[str, str]


@pytest.fixture(scope="module", params=CHOICES)
def chosen(request: pytest.FixtureRequest, template: Template) -> Rendered:
    components = with_required(SOURCES.manifests, ["classification", *CHOICES[request.param]])
    tree = render(template, resolve(template.questions, {}), components=components)
    return Rendered(
        {path: file.content.decode() for path, file in tree.items() if b"\0" not in file.content}
    )


@pytest.fixture(scope="module")
def template(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Template:
    place = tmp_path_factory.mktemp("accounted")
    write_tree(compile_template(root / "template"), place)
    return open_template(Source(str(place)))


def rows(case: Rendered) -> dict[str, str]:
    """Return the files and folders that docs/files.md explains, and the words for each."""
    text = case.files["docs/files.md"]
    return {
        name: meaning
        for names, meaning in ROW.findall(text)
        for name in re.findall(r"`([^`]+)`", names)
    }


def fits(path: str, name: str) -> bool:
    return path.startswith(name) if name.endswith("/") else fnmatchcase(path, name)


def test_every_file_is_accounted_for(chosen):
    names = rows(chosen)

    unknown = [path for path in chosen.files if not any(fits(path, name) for name in names)]

    assert unknown == []


def test_every_row_is_about_something_that_is_there(chosen):
    stale = [
        name
        for name in rows(chosen).keys() - MADE_LATER
        if not any(fits(path, name) for path in chosen.files)
    ]

    assert stale == []


def test_every_page_is_in_the_list_of_pages(chosen):
    pages = {
        path for path in chosen.files if fnmatchcase(path, "docs/*.md") and path.count("/") == 1
    }

    listed = re.findall(r"\]\(([\w-]+\.md)\)", chosen.files["docs/README.md"])

    assert pages == {f"docs/{page}" for page in [*listed, "README.md"]}


def test_every_link_between_pages_leads_somewhere(chosen):
    dead = [
        f"{path}: {link}"
        for path, text in chosen.files.items()
        if path.endswith(".md")
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
        if normpath(PurePosixPath(path).parent / link) not in chosen.files
    ]

    assert dead == []


def test_no_tracking_server_is_taken_for_granted(chosen):
    """An address that nobody serves costs minutes of retries: the default is a file."""
    found = [
        f"{path}: {line.strip()}"
        for path, text in chosen.files.items()
        for line in text.splitlines()
        if re.search(r"MLFLOW_TRACKING_URI\W+https?://", line) and not path.startswith(COMPOSED)
    ]

    assert found == []
    setting = re.search(
        r"^#? ?MLFLOW_TRACKING_URI=(.*)$", chosen.files[".env.example"], re.MULTILINE
    )
    assert setting
    assert setting[1].strip() == ""


# There the server is part of what is started.
COMPOSED = ("compose/", "k8s/", "docs/compose.md", "docs/kubernetes.md", "docs/docker.md")


def test_no_project_is_called_like_a_package_that_it_needs(chosen):
    groups = tomllib.loads(chosen.files["pyproject.toml"])["dependency-groups"].values()
    names = {
        re.split(r"[\[<>=]", requirement)[0].lower() for group in groups for requirement in group
    }

    assert names <= set(QUESTIONS["project_slug"]["reserved"])


def test_no_package_is_called_like_one_that_it_imports(chosen):
    files = {path: text for path, text in chosen.files.items() if path.endswith(".py")}
    imported = {name.partition(".")[0] for text in files.values() for name in imports(text)}
    others = imported - sys.stdlib_module_names - {"flight_delays"}

    assert "numpy" in others
    assert others <= set(QUESTIONS["package_name"]["reserved"])


def imports(text):
    """Return the names of the modules that a Python file imports absolutely."""
    nodes = list(ast.walk(ast.parse(text)))
    named = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return named + [
        node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level
    ]


def test_every_package_has_bounds(chosen):
    """A resolver goes back years without a floor; without a ceiling, the next major version breaks us."""
    text = chosen.files["pyproject.toml"]
    table = text[text.index("[dependency-groups]") : text.index("[tool.uv]")]

    requirements = re.findall(r'^  "([^"]+)",(.*)$', table, re.MULTILINE)

    assert requirements
    assert [name for name, _ in requirements if ">=" not in name or "<" not in name] == []
    assert [name for name, reason in requirements if not reason.strip().startswith("# ")] == []


PIPELINES = {name: m["pipeline"] for name, m in SOURCES.manifests.items() if m["pipeline"]}


# The generated repository's own reader of such files, which needs nothing but PyYAML.
LINES = runpy.run_path(
    ROOT / "template/base/files/src/project_package/proof/score/configuration.py"
)["lines"]


@pytest.mark.parametrize("name", PIPELINES)
def test_every_provider_proves_scores_and_tries_other_versions(template, name, tmp_path):
    components = with_required(SOURCES.manifests, ["classification", name])
    tree = render(template, resolve(template.questions, {}), components=components)
    facts = PIPELINES[name]

    def said(key):
        """Return whether the file `key` has a line that fits a pattern."""
        file = tmp_path / PurePosixPath(facts[key]).name
        file.write_bytes(tree[facts[key]].content)
        lines = LINES(file)
        return lambda pattern: any(fnmatchcase(line, pattern) for line in lines)

    checks, weekly = said("checks"), said("freshness")
    assert checks(facts["changes"])
    for command in ("make prove", "make score AT_LEAST=shown", "make report", "make test"):
        assert checks(facts["runs"].format(command))
    assert weekly(facts["weekly"])
    for versions in ("locked", "newest", "oldest"):
        assert weekly(facts["runs"].format(f"make freshness VERSIONS={versions}"))
    assert not facts["bumps"] or facts["bumps"] in tree
