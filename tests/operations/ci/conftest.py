"""One project with every provider, and one repository that got a provider alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scaffold.compile import PROJECT_FOLDER, compile_template, write_tree
from scaffold.sources import read_sources

PROVIDERS = "azure,github,gitlab,jenkins"


@pytest.fixture(scope="session")
def jobs(root: Path) -> dict[str, dict[str, Any]]:
    """Return the jobs that base and docker declare."""
    manifests = read_sources(root / "template").manifests
    return {**manifests["base"]["jobs"], **manifests["docker"]["jobs"]}


@pytest.fixture(scope="session")
def everywhere(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with images that all four providers look after."""
    place = tmp_path_factory.mktemp("everywhere")
    write_tree(compile_template(root / "template"), place / "template")
    return _render(place, f"classification,docker,{PROVIDERS}")


@pytest.fixture(scope="session")
def alone(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the four providers bring to a repository that scaffold did not make."""
    place = tmp_path_factory.mktemp("alone")
    tree = compile_template(root / "template")
    optional = f"{PROJECT_FOLDER}/"
    parts = {
        path: file
        for path, file in tree.items()
        if not path.startswith(optional) or Path(path).name.startswith("{% if '")
    }
    write_tree(parts, place / "template")
    shutil.rmtree(place / "template" / "hooks", ignore_errors=True)
    questions = place / "template" / "cookiecutter.json"
    context = json.loads(questions.read_text())
    del context["_components"]["base"]
    context["_copy_without_render"] = []
    questions.write_text(json.dumps(context))
    return _render(place, PROVIDERS)


def _render(place: Path, components: str) -> Path:
    output = place / "output"
    subprocess.run(
        [
            *(sys.executable, "-m", "cookiecutter", "--no-input", "--output-dir", str(output)),
            *(str(place / "template"), f"components={components}"),
        ],
        check=True,
        capture_output=True,
    )
    [project] = output.iterdir()
    return project
