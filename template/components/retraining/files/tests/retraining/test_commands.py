import sys
from pathlib import Path

import pytest

from project_package.errors import PipelineError
from project_package.retraining import __main__ as command
from project_package.retraining.run import dvc
from project_package.training.register import HOLD

from .conftest import Team


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of dvc that writes down how it was called."""
    path = tmp_path / "bin" / "dvc"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\necho "$* ${HOLD}" > called\nexit "${{CODE:-0}}"\n')
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path.with_name("python")))
    return path


@pytest.mark.usefixtures("program")
def test_dvc_is_told_that_a_candidate_waits(team: Team) -> None:
    dvc(team.paths, "repro")

    assert (team.paths.root / "called").read_text() == "repro 1\n"


@pytest.mark.usefixtures("program")
def test_a_failure_of_dvc_is_named(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "3")

    with pytest.raises(PipelineError, match="dvc repro ended with 3"):
        dvc(team.paths, "repro")


def test_a_roll_back_is_told(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    team.round().run()
    monkeypatch.setattr(command, "notify", team.heard.append)

    command.roll_back(team.paths, team.parameters, "complaints")

    event = team.heard[-1]
    assert event.kind == "rolled_back"
    assert event.title.endswith("version 1 is the champion again")
    assert event.facts["reason"] == "complaints"
    assert event.facts["decided_by"]
    assert event.facts["decided_at"]


def test_a_roll_back_needs_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["rollback"])

    assert "--why" in capsys.readouterr().err
