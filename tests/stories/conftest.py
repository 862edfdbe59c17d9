"""Fixtures of the stories: real templates and projects in real git repositories."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from home import give_home
from story import LINES, Project, Template, git, scaffold

CONFIG = """\
[user]
\tname = Ada
\temail = ada@example.com
[init]
\tdefaultBranch = main
[protocol "file"]
\tallow = always
"""

MakeTemplate = Callable[..., Template]
MakeProject = Callable[..., Project]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each story a home of its own, so that no setting of the developer's takes part."""
    return give_home(tmp_path, CONFIG, monkeypatch)


@pytest.fixture
def template(tmp_path: Path) -> MakeTemplate:
    """Return what makes a template with one release out of its files."""

    def make(
        files: Mapping[str, str | bytes | None],
        version: str = "",
        details: dict[str, Any] | None = None,
        name: str = "template",
        modes: Mapping[str, int] | None = None,
        **questions: Any,
    ) -> Template:
        path = tmp_path / name
        path.mkdir()
        git(path, "init", "-q")
        made = Template(path, details=details or {})
        return made.release(files, version, modes=modes, **questions)

    return make


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Return what makes a project out of a template."""

    def make(template: Template, *arguments: object, name: str = "project") -> Project:
        path = tmp_path / name
        said = scaffold("new", path, "--template", template.path, "--yes", *arguments)
        assert said.code == 0, said.err
        return Project(path)

    return make


@pytest.fixture
def made(template: MakeTemplate) -> Template:
    """Return the template of most stories."""
    return template({"a.txt": LINES, "b.txt": "b\n"})


@pytest.fixture
def project(make_project: MakeProject, made: Template) -> Project:
    """Return a project that was made from it."""
    return make_project(made)
