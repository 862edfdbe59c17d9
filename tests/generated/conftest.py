"""Every pair of options is rendered once, one project is set up and trained, for all tests."""

from __future__ import annotations

import pytest
from pairs import PAIRS, ROOT, Case, render
from project import Project, generate

from scaffold.compile import compile_template, write_tree


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """Return the rendered projects of all pairs of options."""
    place = tmp_path_factory.mktemp("generated")
    write_tree(compile_template(ROOT / "template"), place / "template")
    return [render(f"pair{number}", answers, place) for number, answers in enumerate(PAIRS)]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the default preset, generated and set up as its README says."""
    project = generate(tmp_path_factory.mktemp("default"))
    project.run("make", "setup", minutes=20)
    return project


@pytest.fixture(scope="session")
def trained(project: Project) -> Project:
    """Return the project after `make train`."""
    project.run("make", "train", minutes=15)
    return project
