"""What the score names as evidence can be seen by whoever runs the command beside it.

Commands are taken from the page of a project that was trained: a new one is run here, or fails here.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil

import pytest
from project import Project, assert_proven

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("default-preset")]

# They train, prove or install for minutes; test_targets.py runs each of these targets.
SLOW = ("make data prove", "make prove", "make reproduce", "make freshness")


def run(project: Project, *command: str) -> str:
    """Return what a command says in the project's environment."""
    path = f"{project.folder / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    return project.run("env", f"PATH={path}", *command)


def commands(project: Project) -> list[str]:
    """Return the commands of all tests of the score for which there is evidence."""
    listing = (
        "import json; from flight_delays.proof.score.collect import all_evidence; "
        "print(json.dumps([piece.command for piece in all_evidence()]))"
    )
    return list(dict.fromkeys(json.loads(run(project, "python", "-c", listing))))


def registered(project: Project) -> str:
    """What the registry knows, and what is served."""
    listing = (
        "import mlflow; client = mlflow.MlflowClient('sqlite:///mlflow.db'); "
        "print([(each.version, each.aliases, each.tags) for each in client.search_model_versions()])"
    )
    served = (project.folder / "models/champion/model.json").read_text("utf-8")
    return run(project, "python", "-c", listing) + served


def test_every_command_that_shows_evidence_works_and_changes_no_model(trained: Project) -> None:
    trained.run("git", "add", "--all")
    trained.run("git", "commit", "--quiet", "--message", "Train", "--allow-empty")
    assert_proven(trained)
    trained.run("make", "score", "AT_LEAST=20", minutes=20)
    before = registered(trained)
    # What other tests asked, one row again and again, is drift, which the monitor's exit code tells.
    shutil.rmtree(trained.folder / "logs", ignore_errors=True)

    for command in commands(trained):
        if command not in SLOW:
            run(trained, *shlex.split(command))

    assert registered(trained) == before
