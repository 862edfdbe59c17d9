"""One project with every provider, and one repository that got a provider alone."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scaffold.compile import PROJECT_FOLDER, compile_template, write_tree
from scaffold.questions import resolve
from scaffold.render import render
from scaffold.sources import read_sources
from scaffold.spec import Source
from scaffold.template import open_template

PROVIDERS = "azure,github,gitlab,jenkins"
CONFIG = """version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


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
def on_kubernetes(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with images that a cluster runs."""
    place = tmp_path_factory.mktemp("on-kubernetes")
    write_tree(compile_template(root / "template"), place / "template")
    template = open_template(Source(str(place / "template")))
    components = ["classification", "docker", "kubernetes", "monitoring", "retraining"]
    write_tree(
        render(template, resolve(template.questions, {}), components=components), place / "project"
    )
    return place / "project"


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


@pytest.fixture(scope="session")
def repository(everywhere: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project as a repository with a remote, as a runner checks it out."""
    place = tmp_path_factory.mktemp("repository")
    project = shutil.copytree(everywhere, place / "project", ignore=shutil.ignore_patterns(".git"))
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        [*identity, "commit", "--quiet", "--message", "first"],
        ["init", "--quiet", "--bare", str(place / "origin.git")],
        ["remote", "add", "origin", str(place / "origin.git")],
        ["push", "--quiet", "origin", "main"],
    ):
        subprocess.run(["git", *command], check=True, cwd=project)
    return project


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    # Runners have each Python under its own name; of pyenv's, those that are named.
    versions = "3.12:3.11:3.13" if shutil.which("pyenv") else ""
    return {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "PYENV_VERSION": versions}


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a registry of images and yield its host and port."""
    program = shutil.which("docker-registry")
    if not program:
        pytest.skip("docker-registry is not installed")
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config.yml").write_text(CONFIG.format(folder=folder, port=port))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, "serve", str(folder / "config.yml")], stdout=log, stderr=log
        )
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"127.0.0.1:{port}"
    server.terminate()
    server.wait()


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
