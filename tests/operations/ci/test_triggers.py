"""Which pushes to main train a model: each provider's own way of matching, asked about files that a project has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jenkinsfile import stages
from ruamel.yaml import YAML

TRAINS = {
    "sample/flights.parquet": True,
    "data/raw.csv.dvc": True,
    "raw.csv.dvc": True,
    "dvc.yaml": True,
    "dvc.lock": True,
    "params.yaml": True,
    "uv.lock": True,
    "src/flight_delays/problem.py": True,
    "src/flight_delays/training/train.py": True,
    "README.md": False,
    "docs/params.yaml": False,
    "tests/unit/test_schema.py": False,
    ".dvc/config": False,
}
FNMATCH = """
require "json"
globs, paths = JSON.parse(ARGV[0])
flags = File::FNM_PATHNAME | File::FNM_DOTMATCH | File::FNM_EXTGLOB
puts JSON.generate(paths.to_h { |path| [path, globs.any? { |glob| File.fnmatch?(glob, path, flags) }] })
"""


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text())


def gitlab(globs: list[str]) -> dict[str, bool]:
    """Return path -> does GitLab take it as changed: it asks Ruby, with these flags."""
    if not shutil.which("ruby"):
        pytest.skip("ruby is not installed")
    done = subprocess.run(
        ["ruby", "-e", FNMATCH, json.dumps([globs, list(TRAINS)])],
        check=True,
        capture_output=True,
        text=True,
    )
    told: dict[str, bool] = json.loads(done.stdout)
    return told


def test_gitlab_trains_when_an_input_changed(everywhere: Path) -> None:
    rules = read_rules(everywhere / ".gitlab/ci/train.yml", "train")
    [globs] = [rule["changes"] for rule in rules if "changes" in rule]

    assert gitlab(globs) == TRAINS


def test_gitlab_delivers_after_each_training(everywhere: Path) -> None:
    for job in (".after-training", ".after-approval"):
        rules = read_rules(everywhere / ".gitlab/ci/deliver.yml", job)
        [globs] = [rule["changes"] for rule in rules if "changes" in rule]

        assert gitlab(globs) == TRAINS


def read_rules(path: Path, job: str) -> list[dict[str, Any]]:
    text = path.read_text().replace("!reference ", "")
    rules: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(text)[job]["rules"]
    return [rule for rule in rules if isinstance(rule, dict)]


def test_github_trains_when_an_input_changed(everywhere: Path) -> None:
    globs = read(everywhere / ".github/workflows/train.yml")["on"]["push"]["paths"]

    assert {path: any(github(path, glob) for glob in globs) for path in TRAINS} == TRAINS


def github(path: str, glob: str) -> bool:
    """Say whether a filter matches, by GitHub's words: `*` is all but slashes, `**` is all."""
    words = {"**": ".*", "*": "[^/]*"}
    parts = re.split(r"(\*\*|\*)", glob)
    return bool(re.fullmatch("".join(words.get(part, re.escape(part)) for part in parts), path))


@pytest.mark.slow
@pytest.mark.xdist_group("ci")
def test_jenkins_trains_when_an_input_changed(everywhere: Path) -> None:
    main = {"BRANCH_NAME": "main"}
    told = stages(
        everywhere / "Jenkinsfile", {path: {"env": main, "paths": [path]} for path in TRAINS}
    )

    trains = {
        path: any(stage["name"] == "Train" and stage["runs"] for stage in told[path])
        for path in TRAINS
    }
    assert trains == TRAINS


@pytest.fixture
def push(everywhere: Path, tmp_path: Path) -> Callable[[str, str], str]:
    """Return what commits a file, has Azure compare with the revision of the push before, and says the answer."""
    [inputs] = [
        stage
        for stage in read(everywhere / "azure-pipelines.yml")["stages"]
        if stage["stage"] == "inputs"
    ]
    # Azure fills its own variables in before it starts the shell.
    script = re.sub(r"\$\([\w.]+\)", "1", inputs["jobs"][0]["steps"][1]["bash"])
    az = tmp_path / "programs" / "az"
    az.parent.mkdir()
    az.write_text('#!/bin/sh\nif [ "$BEFORE" = none ]; then exit 0; fi\ngit rev-parse "$BEFORE"\n')
    az.chmod(0o755)
    project = tmp_path / "project"
    project.mkdir()
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")

    def git(*arguments: str) -> None:
        subprocess.run(["git", *identity, *arguments], check=True, cwd=project)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "first")

    def push(path: str, before: str) -> str:
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("new")
        git("add", "--all")
        git("commit", "--quiet", "--message", path)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", script],
            check=True,
            cwd=project,
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": f"{az.parent}:{os.environ['PATH']}", "BEFORE": before},
        )
        return done.stdout.strip()

    return push


SAID = "##vso[task.setvariable variable=changed;isOutput=true]"


def test_azure_trains_when_an_input_changed(push: Callable[[str, str], str]) -> None:
    trains = {path: push(path, "HEAD~1") == f"{SAID}true" for path in TRAINS}

    assert trains == TRAINS


def test_azure_looks_at_all_that_was_pushed(push: Callable[[str, str], str]) -> None:
    push("src/flight_delays/problem.py", "HEAD~1")

    assert push("README.md", "HEAD~1") == f"{SAID}false"
    assert push("docs/README.md", "HEAD~3") == f"{SAID}true"


@pytest.mark.parametrize("before", ["none", "0" * 40])
def test_azure_trains_where_it_knows_no_push_before(
    push: Callable[[str, str], str], before: str
) -> None:
    assert push("README.md", before) == f"{SAID}true"
