"""A project of the first release, edited by its team, comes to the next one: offline, from a package's history."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scaffold.release import release

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("release")]

NEXT = "v9.0.0"
# What the next release has more: variables and jobs, in the very files that teams append to.
NEW_VARIABLE = """
[env.TIDES_KEY]
default = ""
help = "Key of the tide service"
"""
NEW_JOBS = """
[jobs.spelling]
title = "Spelling"
concern = "ci"
triggers = ["push", "pull_request"]
run = ["make lint"]
timeout = 5

[jobs.second]
title = "Second model"
concern = "train"
triggers = ["schedule", "manual"]
run = ["make train"]
timeout = 60

[dependencies.tides]
"tides>=1,<2" = "2 is unknown"
"""
# What teams write at the end of files that the template goes on changing.
APPENDED = {
    ".env.example": "\n# Key of the weather service\nWEATHER_KEY=\n",
    ".gitignore": "\n/scratch/\n",
    ".dockerignore": "!wheels\n",
    ".github/workflows/ci.yml": "\n  ours:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: ls\n",
    ".github/workflows/train.yml": "\n  ours:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: ls\n",
    ".github/dependabot.yml": "  - package-ecosystem: npm\n    directory: /\n",
    ".gitlab-ci.yml": "\n.ours:\n  script: [ls]\n",
    ".gitlab/ci/ci.yml": "\nours:\n  extends: .python\n  stage: ci\n  script: [ls]\n",
    "azure-pipelines.yml": "\n  - stage: ours\n    jobs:\n      - job: ours\n",
    "Jenkinsfile": "\nboolean isOurs() {\n  return true\n}\n",
    "Makefile": "\n.PHONY: week\n\nweek: ## Mail the week\n\t@echo week\n",
    "pyproject.toml": '\n[tool.codespell]\nskip = "*.csv"\n',
    "Dockerfile": "# Ours: ask the platform team before changing this.\n",
    "compose.yaml": "\nservices:\n  cache:\n    image: redis:8\n",
    "monitoring/limits.toml": "\n[weather]\nhours = 3\n",
    "docs/serving.md": "\nAsk the platform team for a token.\n",
}


@pytest.fixture(scope="module")
def package(root, tmp_path_factory) -> Path:
    """Return a folder with scaffold as a wheel has it, and the working tree's template as its newest release."""
    place = tmp_path_factory.mktemp("package")
    litter = shutil.ignore_patterns("__pycache__", ".*_cache")
    for name in ("src", "template", "hooks"):
        shutil.copytree(root / name, place / name, ignore=litter)
    manifest = place / "template/base/component.toml"
    edit(manifest, "\n[env.", f"{NEW_VARIABLE}\n[env.")
    manifest.write_text(manifest.read_text() + NEW_JOBS)
    (place / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## {NEXT} - 2027-01-01\n\n- what is next\n"
    )
    release(place, NEXT, place / "src/scaffold/history/template.bundle")
    shutil.rmtree(place / "template")
    return place / "src"


@pytest.fixture(scope="module")
def project(package, tmp_path_factory) -> Path:
    """Return a project of v0.1.0 with a team's edits."""
    folder = tmp_path_factory.mktemp("team")
    scaffold(package, folder, "new", "demo", "--ref", "v0.1.0", "--yes")
    project = folder / "demo"
    edit(project / "README.md", "\n## ", "\nOurs is better.\n\n## ")
    edit(project / "src/flight_delays/paths.py", "\nfrom ", "\nimport logging  # ours\nfrom ")
    (project / "src/flight_delays/own.py").write_text('"""Ours."""\n')
    (project / "LICENSE").unlink()
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "ours")
    return project


def scaffold(package: Path, folder: Path, *arguments: str) -> str:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        [sys.executable, "-m", "scaffold", *arguments],
        cwd=folder,
        env={**kept, "HOME": str(package), "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of(project: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(project).as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in project.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(project).parts
    }


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_edited_project_upgrades_offline_without_a_conflict(package, project):
    once = [*project.glob("sample/**/*"), project / "README.md", project / "params.yaml"]
    before = {path: path.read_bytes() for path in once if path.is_file()}

    scaffold(package, project, "upgrade", "--offline", "--commit", "--yes")

    assert {path: path.read_bytes() for path in before} == before
    assert "import logging  # ours\n" in (project / "src/flight_delays/paths.py").read_text()
    assert (project / "src/flight_delays/own.py").exists()
    assert not (project / "LICENSE").exists()
    lock = tomllib.loads((project / "scaffold.lock").read_text())
    assert lock["template"]["version"] == NEXT
    assert "nothing to do" in scaffold(package, project, "upgrade", "--offline", "--yes")


def test_what_teams_append_does_not_meet_what_the_template_adds(package, tmp_path):
    everything = ("--with", "github,gitlab,jenkins,azure,compose,kubernetes,retraining")
    scaffold(package, tmp_path, "new", "demo", "--ref", "v0.2.0", "--yes", *everything)
    project = tmp_path / "demo"
    for path, lines in APPENDED.items():
        with (project / path).open("a") as file:
            file.write(lines)
    git(project, "commit", "-q", "-a", "-m", "ours")

    scaffold(package, project, "upgrade", "--offline", "--commit", "--yes")

    for path, lines in APPENDED.items():
        assert (project / path).read_text().endswith(lines), path
    assert "TIDES_KEY=" in (project / ".env.example").read_text()
    for path in (
        ".github/workflows/ci.yml",
        ".gitlab/ci/ci.yml",
        "azure-pipelines.yml",
        "Jenkinsfile",
    ):
        assert (
            "Spelling" in (project / path).read_text()
            or "spelling:" in (project / path).read_text()
        )


def test_what_nobody_edited_is_a_fresh_render_of_the_release(package, tmp_path):
    for name, ref in (("old", "v0.1.0"), ("new", NEXT)):
        scaffold(package, tmp_path, "new", name, "--ref", ref, "--yes")
    scaffold(package, tmp_path / "old", "upgrade", "--offline", "--commit", "--yes")

    upgraded, fresh = (files_of(tmp_path / name) for name in ("old", "new"))

    written_once = ("README.md", "CHANGELOG.md", "params.yaml", "sample/", "docs/decisions/")
    assert {
        path
        for path in fresh.keys() | upgraded.keys()
        if fresh.get(path) != upgraded.get(path) and not path.startswith(written_once)
    } == {"scaffold.lock"}  # which knows the ids of what was written once


SETTINGS = """
from pathlib import Path
from flight_delays.parameters import read_parameters
print(read_parameters(Path("params.yaml")).gate)
"""


@pytest.mark.parametrize("version", ["v0.1.0", "v0.3.0", "v0.5.0"])
def test_settings_that_a_team_keeps_are_understood_by_the_newest_code(package, tmp_path, version):
    scaffold(package, tmp_path, "new", "demo", "--ref", version, "--yes")
    project = tmp_path / "demo"
    before = (project / "params.yaml").read_bytes()

    scaffold(package, project, "upgrade", "--offline", "--commit", "--yes")

    done = subprocess.run(
        [sys.executable, "-c", SETTINGS],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Gate(")
    assert (project / "params.yaml").read_bytes() == before
