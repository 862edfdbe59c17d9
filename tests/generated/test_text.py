"""What a team opens on its first day: every file parses, and nothing shows that it was generated."""

import ast
import json
import re
import tomllib
from itertools import pairwise
from pathlib import PurePosixPath

import pytest
from pairs import SOURCES
from ruamel.yaml import YAML

pytestmark = pytest.mark.xdist_group("generated")

# The setting of the job that brings template updates, and one of the two files that it reads.
SAYS_IT_ANYWAY = re.compile(r"`SCAFFOLD`|`scaffold\.toml`|env\.SCAFFOLD\b|variables\['SCAFFOLD'\]")
# Files that are about the template: they may say so.
ABOUT_THE_TEMPLATE = re.compile(r"scaffold\.(toml|lock)|.*template-sync.*")
RENDERED = {
    path.removesuffix(".jinja").rpartition("/")[2]
    for component in SOURCES.components
    for path in component.files
    if path.endswith(".jinja")
}


def each_text(cases):
    for case in cases:
        for path, text in case.texts():
            yield f"{case.name}/{path}", PurePosixPath(path), text


def parse_yaml(text):
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = False
    yaml.constructor.add_multi_constructor("!", lambda *_: None)  # GitLab's !reference
    return list(yaml.load_all(text))


PARSERS = {
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yml": parse_yaml,
    ".yaml": parse_yaml,
}


def test_every_file_parses(cases):
    broken = []
    for name, path, text in each_text(cases):
        parse = PARSERS.get(path.suffix)
        try:
            if parse and ".devcontainer" not in path.parts:  # JSON with comments
                parse(text)
        except Exception as error:  # noqa: BLE001  # each parser has its own
            broken.append(f"{name}: {error}")
    assert broken == []


def test_no_file_is_empty(cases):
    empty = [
        name
        for name, path, text in each_text(cases)
        if not text.strip() and path.name not in {"py.typed", ".gitkeep"}
    ]
    assert empty == []


def test_no_line_ends_in_blanks(cases):
    found = [
        f"{name}:{number}"
        for name, _, text in each_text(cases)
        for number, line in enumerate(text.split("\n"), 1)
        if line != line.rstrip() and not (name.endswith(".md") and line.endswith("  "))
    ]
    assert found == []


def test_no_two_blank_lines_follow_each_other(cases):
    found = [
        f"{name}:{number}"
        for name, path, text in each_text(cases)
        if path.suffix != ".py"  # two are right there, and ruff format sees to it
        for number, (one, two) in enumerate(pairwise(text.split("\n")[:-1]), 1)
        if not one.strip() and not two.strip()
    ]
    assert found == []


def test_files_begin_with_text_and_end_in_one_newline(cases):
    found = [
        name
        for name, path, text in each_text(cases)
        if path.name != "LICENSE"  # the licence's own words, blank lines and all
        if text and (text[0].isspace() or not text.endswith("\n") or text.endswith("\n\n"))
    ]
    assert found == []


def test_no_line_ends_in_a_dangling_comma_before_a_bracket(cases):
    found = [
        f"{name}: {match[0]}"
        for name, path, text in each_text(cases)
        if path.suffix in {".toml", ".yml", ".yaml"}
        for match in re.finditer(r".*, ?[\])}]", text)
        if '"' not in match[0].rpartition(",")[2]
    ]
    assert found == []


def test_no_braces_of_the_template_are_left(cases):
    found = [
        f"{name}: {match[0].strip()}"
        for name, path, text in each_text(cases)
        if path.name in RENDERED
        for match in re.finditer(r".*(?<!\$)(\{\{|\{%).*", text)
        if "{{ $" not in match[0]
    ]
    assert found == []


def test_no_character_is_written_as_its_number(cases):
    found = [
        f"{name}: {match[0].strip()}"
        for name, path, text in each_text(cases)
        if path.name in RENDERED
        for match in re.finditer(r".*\\u[0-9a-f]{4}.*", text)
    ]
    assert found == []


def test_answers_arrive_in_pyproject_as_they_were_given(cases):
    for case in cases:
        project = tomllib.loads(case.files["pyproject.toml"].decode())["project"]
        assert project["description"] == case.answers.get("description", project["description"])


def test_no_placeholder_is_left(cases):
    found = [
        name
        for name, path, text in each_text(cases)
        if "project_package" in text + str(path) or "project-name" in text + str(path)
    ]
    assert found == []


def test_nothing_speaks_of_the_template_engine(cases):
    found = [
        f"{name}: {match[0].strip()}"
        for name, path, text in each_text(cases)
        if not ABOUT_THE_TEMPLATE.fullmatch(str(path))
        for match in re.finditer(r"(?i).*\b(cookiecutter|jinja2?|scaffold)\b.*", text)
        if not SAYS_IT_ANYWAY.search(match[0])
    ]
    assert found == []


def test_no_python_version_is_read_as_a_number(cases):
    found = [
        f"{name}: {value}"
        for name, path, text in each_text(cases)
        if path.suffix in {".yml", ".yaml"}
        for document in parse_yaml(text)
        for value in numbers_under("python", document)
    ]
    assert found == []


def numbers_under(word, node, *, inside=False):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from numbers_under(word, value, inside=inside or word in str(key).lower())
    elif isinstance(node, list):
        for value in node:
            yield from numbers_under(word, value, inside=inside)
    elif inside and isinstance(node, float):
        yield node
