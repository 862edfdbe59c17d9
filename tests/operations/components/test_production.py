"""`scaffold add production` on a minimal project that a team has worked in: everything is green afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from home import uv_cache
from worked import OF_BASE, committed, made, scaffold

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("production")]

# What its author must follow up by hand, with or without scaffold: `make format`, and a parameter that code reads.
NEEDS_MORE = ("line-length = 110", "weather: true")


@pytest.fixture(scope="module")
def cache() -> str:
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    return uv_cache()


@pytest.fixture
def team(tmp_path: Path) -> Path:
    folder = made(tmp_path / "p")
    assert sum(edit.make(folder) for edit in OF_BASE) >= 25
    for path in (folder / "pyproject.toml", folder / "params.yaml"):
        text = path.read_text().replace(NEEDS_MORE[0], "line-length = 100")
        path.write_text(text.replace(f"\nteam:\n  {NEEDS_MORE[1]}\n", ""))
    committed(folder)
    return folder


def test_a_minimal_project_that_was_worked_in_is_green_as_a_production_one(
    team: Path, cache: str
) -> None:
    code, said = scaffold("add", "production", "--commit", at=team)
    assert (code, said["conflicts"]) == (0, [])

    for target in ("setup", "lint", "types", "train", "test"):
        make(team, target, UV_CACHE_DIR=cache)

    assert (team / "models/champion/model.json").exists()


def make(folder: Path, target: str, **settings: str) -> None:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("VIRTUAL_ENV")}
    versions = {"PYENV_VERSION": "3.12:3.11:3.13"} if shutil.which("pyenv") else {}
    done = subprocess.run(
        ["make", target],
        check=False,
        cwd=folder,
        env={**kept, **versions, "UV_PYTHON_DOWNLOADS": "never", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2400,
    )
    assert done.returncode == 0, f"{target}: {done.stdout[-4000:]}"
