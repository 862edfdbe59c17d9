"""The folder of what scaffold must remember, which no repository may bring along: trusted templates, and a key."""

from __future__ import annotations

import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from scaffold.errors import ScaffoldError

_KEY_SIZE = 32


def folder() -> Path:
    """Return the folder, which may not exist yet.

    Raises:
        ScaffoldError: It lies in a repository, so that whoever changes that could grant trust.
    """
    path = _chosen()
    repository = _repository_around(path)
    if repository is not None:
        raise ScaffoldError(
            f"scaffold keeps which templates are trusted in {path}, which is in the repository {repository}",
            hint="point SCAFFOLD_STATE_DIR to a folder outside of it",
            code="state-in-repository",
        )
    return path


def is_private(folder: Path, *, alone: bool = False) -> bool:
    """Return whether this user alone lays files into `folder`: it is theirs, and in no repository.

    With `alone`, nobody else may look into it either: git makes no such folder when it checks out what somebody added.
    """
    status, others = folder.lstat(), 0o077 if alone else 0o022
    own = not hasattr(os, "getuid") or (
        status.st_uid == os.getuid() and not status.st_mode & others
    )
    return own and not folder.is_symlink() and _repository_around(folder) is None


def key() -> bytes:
    """Return the secret that says of a cached file that this user's scaffold wrote it; a new one where none is kept."""
    try:
        return _key(folder() / "cache.key")
    except (ScaffoldError, OSError):
        return _passing_key()


@lru_cache(maxsize=8)
def _key(path: Path) -> bytes:
    try:
        status = path.stat()
        own = not hasattr(os, "getuid") or (
            status.st_uid == os.getuid() and not status.st_mode & 0o077
        )
        kept = path.read_bytes() if own else b""
    except FileNotFoundError:
        kept = b""
    if len(kept) == _KEY_SIZE:
        return kept
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent)  # for its owner alone
    fresh = os.urandom(_KEY_SIZE)
    with os.fdopen(handle, "wb") as file:
        file.write(fresh)
    Path(name).replace(path)
    return fresh


@lru_cache(maxsize=1)
def _passing_key() -> bytes:
    return os.urandom(_KEY_SIZE)


def _chosen() -> Path:
    chosen = os.environ.get("SCAFFOLD_STATE_DIR")
    if chosen:
        return Path(chosen).absolute()
    if sys.platform == "linux":  # what platformdirs would say, without its 40 ms
        named = os.environ.get("XDG_STATE_HOME", "")
        return (Path(named) if named.startswith("/") else Path.home() / ".local/state") / "scaffold"
    from platformdirs import user_state_path  # noqa: PLC0415 - where it is not said

    return user_state_path("scaffold", appauthor=False)


def _repository_around(path: Path) -> Path | None:
    """Return the repository that `path` is in; a home that is one, for its dotfiles, does not count."""
    real = os.path.realpath(path)
    while not os.path.exists(f"{real}/.git"):  # noqa: PTH110 - asked for every cached file
        real, below = os.path.split(real)
        if not below:
            return None
    return None if real == os.path.realpath(Path.home()) else Path(real)
