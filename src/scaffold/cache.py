"""What can be made again but costs time: fetched templates and compiled ones, in the user's cache folder.

Some of it is code that Jinja compiled, and CI keeps caches in the work tree, where a pull request could lay a file of
its own: each file carries a digest that only this user's scaffold can make, and any other is as good as none.
"""

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

from scaffold.digests import blake2b
from scaffold.errors import ScaffoldError
from scaffold.trust import state
from scaffold.trust.paths import leads_out, open_regular

_FORMAT = b"scaffold cache 3\n"
_DIGEST = 32


def folder(*names: str) -> Path:
    """Return a folder of the cache, which exists; one for this run alone where a link, or a file, lies in its place."""
    path = _root()
    for name in names:
        path /= name
        if not _is_folder(path):
            return _made(_passing().joinpath(*names))
    return path


def _is_folder(path: Path) -> bool:
    """Return whether `path`, made where nothing is, is a folder and no link: a repository may bring links along."""
    try:
        if not path.is_dir():
            path.mkdir()
        return not path.is_symlink()
    except OSError:
        return False


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def private_folder(name: str) -> Path:
    """Return a folder, which exists, for what is believed without a digest: repositories, whose settings git obeys.

    Where others may lay files into the cache, it lies beside the key instead, and for this run alone where they may lay
    some there, too.
    """
    root = _root()
    if not state.is_private(root):
        try:
            root = state.folder()
        except ScaffoldError:
            root = _passing()
    path = root / name
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path if state.is_private(path, alone=True) else _passing()


def load(path: Path) -> Any:
    """Return the plain data that `save` wrote to `path`, or nothing if there is none that is ours."""
    try:
        with open_regular(path, follow=False) as file:
            status = os.fstat(file.fileno())
            if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
                return None
            data = file.read()
    except OSError:
        return None
    content = memoryview(data)[len(_FORMAT) + _DIGEST :]
    if data[: len(_FORMAT) + _DIGEST] != _FORMAT + _digest(path, content):
        return None
    try:
        return marshal.loads(content)  # noqa: S302 - our own file, checked above
    except (ValueError, EOFError, TypeError):
        return None


def save(path: Path, value: Any) -> None:
    """Write plain data for `load`, whole or not at all; a cache that cannot be written is no error."""
    with contextlib.suppress(OSError, ValueError):
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                content = marshal.dumps(value)
                file.write(_FORMAT + _digest(path, content))
                file.write(content)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _digest(path: Path, content: bytes | memoryview) -> bytes:
    """Return a digest of a file's content and its name, which no other may be given."""
    digest = blake2b(path.name.encode(), digest_size=_DIGEST, key=state.key())
    digest.update(content)
    return digest.digest()


def _root() -> Path:
    """Return the cache's folder, which exists, also where somebody emptied the cache while we run."""
    path = _chosen()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return _passing()
    return path


@lru_cache(maxsize=1)
def _chosen() -> Path:
    chosen = os.environ.get("SCAFFOLD_CACHE_DIR")
    path = Path(chosen) if chosen else _user_folder()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.access(path, os.W_OK) and not (chosen and leads_out(path.absolute())):
            return path.resolve()
    except OSError:
        pass
    return _passing()


@lru_cache(maxsize=1)
def _passing() -> Path:
    """Return a folder for this run: everything works, and costs its full price every time."""
    path = Path(tempfile.mkdtemp(prefix="scaffold-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def _user_folder() -> Path:
    if sys.platform == "linux":  # what platformdirs would say, without its 40 ms
        chosen = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(chosen) if chosen.startswith("/") else Path.home() / ".cache") / "scaffold"
    from platformdirs import user_cache_path  # noqa: PLC0415 - where it is not said

    return user_cache_path("scaffold", appauthor=False)
