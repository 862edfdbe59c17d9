"""The documentation says what the program does today."""

import importlib.util
import re

import pytest

from scaffold.sources import read_sources


@pytest.fixture
def reference(root):
    spec = importlib.util.spec_from_file_location("write", root / "docs/reference/write.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def markdown(root):
    yield from (root / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"))
    yield from sorted((root / "docs").rglob("*.md"))


def test_reference_pages_are_current(root, reference):
    stale = [
        name
        for name, text in reference.pages().items()
        if not (root / "docs/reference" / name).is_file()
        or (root / "docs/reference" / name).read_text() != text
    ]
    assert stale == [], "run `make docs`"


def test_links_between_pages_lead_somewhere(root):
    broken = [
        f"{page.relative_to(root)}: {target}"
        for page in markdown(root)
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_command_that_a_page_shows_exists(root, reference):
    known = set(re.findall(r"## `scaffold (\S+)`", reference.pages()["command-line.md"]))
    shown = {
        (page.name, name)
        for page in markdown(root)
        for name in re.findall(r"(?:^|`|\$ )scaffold ([a-z]+)\b", page.read_text(), re.MULTILINE)
    }
    assert {(page, name) for page, name in shown if name not in known} == set()


def test_every_make_target_that_a_page_shows_exists(root):
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    pages = [root / "README.md", root / "CONTRIBUTING.md", root / "docs/benchmarks.md"]
    shown = {
        name
        for page in pages
        for name in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    }
    assert shown - targets == set()


def test_every_component_has_a_page_for_its_maintainers(root):
    names = set(read_sources(root / "template").manifests) - {"base"}
    without = {
        name for name in names if not (root / "template/components" / name / "README.md").is_file()
    }
    assert without == set()


def test_no_page_names_a_folder_of_somebodys_machine(root):
    named = [
        str(page) for page in markdown(root) if re.search(r"/(home|root|Users)/", page.read_text())
    ]
    assert named == []
