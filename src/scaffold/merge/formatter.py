"""The project's formatter: lines of the template that are only laid out otherwise are no conflict.

It is `ruff format`, of the ruff that is installed beside scaffold; one that the repository brings along is never run.
A formatter reads settings and runs no code.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from scaffold.tree import File

_SETTINGS = ("ruff.toml", ".ruff.toml", "pyproject.toml")
_SECONDS = 20


def as_formatted(
    path: str, sides: tuple[bytes, bytes, bytes], project: Callable[[str], File | None]
) -> tuple[bytes, bytes, bytes] | None:
    """Return base, ours and theirs laid out as the project lays out its files.

    Args:
        path: Of the file.
        sides: Base, ours and theirs.
        project: Path -> the project's file, to read its settings.

    Returns:
        The sides; nothing where there is no formatter, or the project's own file is not as it would leave it.
    """
    ruff = Path(sys.executable).with_name("ruff")
    if not path.endswith((".py", ".pyi")) or not ruff.is_file():
        return None
    with tempfile.TemporaryDirectory(prefix="scaffold-format-") as folder:
        for name in _SETTINGS:
            settings = project(name)
            if settings is not None:
                Path(folder, name).write_bytes(settings.content)
        base, ours, theirs = (_formatted(ruff, Path(folder), path, side) for side in sides)
    if base is None or theirs is None or ours != sides[1]:
        return None
    return base, ours, theirs


def _formatted(ruff: Path, folder: Path, path: str, content: bytes) -> bytes | None:
    """Return a file as ruff leaves it, or nothing where ruff cannot read it."""
    arguments = [str(ruff), "format", "--no-cache", "--quiet", "--stdin-filename", path, "-"]
    try:
        done = subprocess.run(
            arguments,
            cwd=folder,
            input=content,
            capture_output=True,
            check=False,
            env={"HOME": str(folder), "LANG": "C.UTF-8"},
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
