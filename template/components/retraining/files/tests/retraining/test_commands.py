import sys
from pathlib import Path

import pytest

from project_package.errors import PipelineError
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
    dvc(team.paths, "repro", holder="retraining 7")

    assert (team.paths.root / "called").read_text() == "repro retraining 7\n"


@pytest.mark.usefixtures("program")
def test_a_failure_of_dvc_is_named(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "3")

    with pytest.raises(PipelineError, match="dvc repro ended with 3"):
        dvc(team.paths, "repro")
