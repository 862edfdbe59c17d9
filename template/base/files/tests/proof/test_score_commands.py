"""The command beside each piece of evidence lets a person see the same, and changes nothing."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from project_package.proof.score.collect import all_evidence

from .conftest import World

COMMANDS = sorted({evidence.command for evidence in all_evidence()})
# These decide about the champion, or make another one.
DECIDING = {"train", "evaluate", "promote", "rollback", "retrain", "conclude", "demo"}


def starting_with(program: str) -> list[str]:
    return [command for command in COMMANDS if shlex.split(command)[0] == program]


def test_each_is_of_a_known_kind() -> None:
    kinds = [starting_with(program) for program in ("python", "pytest", "make")]

    assert sorted(command for kind in kinds for command in kind) == COMMANDS


@pytest.mark.parametrize("command", starting_with("python"))
def test_what_shows_a_report_or_a_file_works(sound: World, command: str) -> None:
    _, *words = shlex.split(command)

    done = subprocess.run(  # noqa: S603
        [sys.executable, *words], cwd=sound.root, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("command", starting_with("pytest"))
def test_what_runs_tests_names_those_that_there_are(root: Path, command: str) -> None:
    paths = [word for word in shlex.split(command)[1:] if not word.startswith("-")]

    assert paths
    assert [path for path in paths if not (root / path).exists()] == []


@pytest.mark.parametrize("command", starting_with("make"))
def test_what_runs_a_target_decides_nothing(root: Path, command: str) -> None:
    targets = [word for word in shlex.split(command)[1:] if "=" not in word]
    makefiles = [root / "Makefile", *(root / "make").glob("*.mk")]
    text = "\n".join(file.read_text("utf-8") for file in makefiles)

    assert set(targets) <= set(re.findall(r"^([\w-]+):", text, re.MULTILINE))
    assert not DECIDING & set(targets)
