"""All pairs of options, and what stock cookiecutter makes of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from allpairspy import AllPairs

from scaffold.rules import component_problem, with_required
from scaffold.sources import Sources, read_sources

ROOT = Path(__file__).parents[2]
SOURCES = read_sources(ROOT / "template")

NAMES = (
    {"project_name": "Flight Delays"},
    {"project_name": "A", "project_slug": "a", "package_name": "a"},
    {
        "project_name": 'Zoë\'s "best" model: #1 & co',
        "project_slug": "a-name-as-long-as-names-can-be",
        "package_name": "a_name_as_long_as_names_can_be",
    },
)
AUTHORS = (
    {},
    {
        "author_name": 'Zoë O\'Brien "Bo" #1: \\o/',
        "author_email": "bo@example.org",
        "description": "Says \"when\", 'where' & why: 100 % of the time # really \\o/ 🚀",
    },
)


@dataclass(frozen=True)
class Case:
    """One choice of every answer, and the project that stock cookiecutter makes of it."""

    name: str
    answers: dict[str, str]
    folder: Path

    @property
    def components(self) -> list[str]:
        return self.answers["components"].split(",")

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Return path -> content of every file, but for git's own."""
        return read_files(self.folder)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield path and text of the files that a person edits."""
        for path, content in self.files.items():
            if b"\0" not in content and not path.endswith((".lock", ".csv", ".svg")):
                yield path, content.decode()


def read_files(folder: Path) -> dict[str, bytes]:
    """Return path -> content of every file in `folder`, but for git's own."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def all_pairs(sources: Sources) -> list[dict[str, str]]:
    """Return few sets of answers in which each two values of any two options meet."""
    questions = sources.settings["questions"]
    choices = {name: entry["choices"] for name, entry in questions.items() if "choices" in entry}
    slots = {
        slot: [name for name, manifest in sources.manifests.items() if manifest["slot"] == slot]
        for slot in sources.settings["slots"]
    }
    switches = [
        name
        for name, manifest in sources.manifests.items()
        if name != "base" and not manifest["slot"]
    ]
    options: list[Any] = [NAMES, AUTHORS, *choices.values(), *slots.values()]
    rows = AllPairs(
        [list(option) for option in options] + [[name, ""] for name in switches],
        filter_func=lambda row: not _contradicts(sources, row[len(options) - len(slots) :]),
    )
    return [_answers(sources, row, list(choices)) for row in rows]


def _contradicts(sources: Sources, components: list[str]) -> bool:
    chosen = with_required(sources.manifests, [name for name in components if name])
    return "conflicts" in component_problem(sources.manifests, {}, chosen)


def _answers(sources: Sources, row: list[Any], choices: list[str]) -> dict[str, str]:
    names, authors, *values = row
    chosen = with_required(sources.manifests, [name for name in values[len(choices) :] if name])
    return {
        **names,
        **authors,
        **dict(zip(choices, values, strict=False)),
        "components": ",".join(chosen),
    }


PAIRS = all_pairs(SOURCES)


def render(name: str, answers: dict[str, str], place: Path) -> Case:
    """Return the project that stock cookiecutter makes of the template in `place`."""
    return Case(name, answers, stock_cookiecutter(place / "template", answers, place / name))


def stock_cookiecutter(template: Path, answers: dict[str, str], output: Path) -> Path:
    """Return the project that stock cookiecutter makes of `template` under `output`."""
    output.mkdir()
    config = output.with_suffix(".yaml")
    config.write_text(json.dumps({"replay_dir": str(output.parent / "replay")}))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cookiecutter", "--no-input"),
            *("--config-file", str(config), "--output-dir", str(output), str(template)),
            *(f"{name}={value}" for name, value in answers.items()),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    [project] = output.iterdir()
    return project


def program(name: str) -> str:
    """Return the path of a program beside our Python or on the machine; skip without it."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found
