"""What can be made again but costs time: fetched templates and compiled ones, in the user's cache folder."""

from __future__ import annotations

import atexit
import contextlib
import marshal
import os
import shutil
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

_FORMAT = b"scaffold cache 1\n"


def folder(*names: str) -> Path:
    """Return a folder of the cache, which exists."""
    path = _root().joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path


def load(path: Path) -> Any:
    """Return the plain data that `save` wrote to `path`, or nothing if there is none that is ours."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
                return None
            data = file.read()
    except OSError:
        return None
    if not data.startswith(_FORMAT):
        return None
    try:
        return marshal.loads(memoryview(data)[len(_FORMAT) :])  # noqa: S302 - our own file, checked above
    except (ValueError, EOFError, TypeError):
        return None


def save(path: Path, value: Any) -> None:
    """Write plain data for `load`, whole or not at all; a cache that cannot be written is no error."""
    with contextlib.suppress(OSError, ValueError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_FORMAT + marshal.dumps(value))
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@lru_cache(maxsize=1)
def _root() -> Path:
    chosen = os.environ.get("SCAFFOLD_CACHE_DIR")
    path = Path(chosen) if chosen else _user_folder()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.access(path, os.W_OK):
            return path.resolve()
    except OSError:
        pass
    # A read-only home: everything works, and costs its full price every time.
    path = Path(tempfile.mkdtemp(prefix="scaffold-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def _user_folder() -> Path:
    if sys.platform == "linux":  # what platformdirs would say, without its 40 ms
        chosen = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(chosen) if chosen.startswith("/") else Path.home() / ".cache") / "scaffold"
    from platformdirs import user_cache_path  # noqa: PLC0415 - where it is not said

    return user_cache_path("scaffold", appauthor=False)
