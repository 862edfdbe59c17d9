"""The only place that changes files of a project's: each step is atomic, and tests can make each one fail."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path


def reached(action: str, path: Path) -> None:
    """Do nothing; tests replace it to fail, or to die, just before a step."""


def write(path: Path, content: bytes, mode: int, *, exactly: bool = False) -> None:
    """Create a file; it must not exist.

    Args:
        path: Where it is created.
        content: What it holds.
        mode: Its mode, of which the user's umask takes its part.
        exactly: The umask takes none.
    """
    reached("write", path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        if exactly and stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
            path.chmod(mode)


def write_synced(path: Path, content: bytes) -> None:
    """Replace a file so that after a power cut it has either the old or the new content."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    reached("write", temporary)
    with temporary.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    rename(temporary, path)
    sync_folder(path.parent)


def write_link(path: Path, target: bytes) -> None:
    """Create a symbolic link; nothing may be at `path`."""
    reached("write", path)
    path.symlink_to(os.fsdecode(target))


def rename(source: Path, target: Path) -> None:
    """Move a file over another; between file systems by way of a temporary name beside the target."""
    reached("rename", target)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_over(source, target)
        source.unlink()


def replace_private(path: Path, content: bytes) -> None:
    """Replace a file, as a whole and for its owner alone; a link that lies at `path` is replaced, not followed."""
    beside = _beside(path)
    try:
        _create(beside, content, 0o600)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _copy_over(source: Path, target: Path) -> None:
    """Copy a file or a link over another, by way of a name beside it that nobody can plant anything at."""
    beside = _beside(target)
    try:
        if source.is_symlink():
            beside.symlink_to(source.readlink())
        else:
            made = _create(beside, source.read_bytes(), 0o600)
            shutil.copystat(source, beside, follow_symlinks=False)
            if not os.path.samestat(made, beside.lstat()):
                raise OSError(errno.EEXIST, "somebody else replaced it", str(beside))
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name[:80]}.{os.urandom(8).hex()}")


def _create(path: Path, content: bytes, mode: int) -> os.stat_result:
    """Create a file where nothing is, a link included, and return its status."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0), mode), "wb") as stream:
        stream.write(content)
        return os.fstat(stream.fileno())


def keep(source: Path, backup: Path) -> None:
    """Give a file a second name, or copy it where the file system has no hard links."""
    reached("keep", backup)
    try:
        os.link(source, backup, follow_symlinks=False)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EEXIST, errno.ENOENT}:
            raise
        shutil.copy2(source, backup, follow_symlinks=False)


def remove(path: Path) -> None:
    """Delete a file or a link."""
    reached("remove", path)
    path.unlink()


def make_folder(path: Path, mode: int | None = None) -> None:
    """Create a folder, which may exist."""
    if path.is_dir():
        return
    reached("folder", path)
    path.mkdir(exist_ok=True)
    if mode is not None:
        path.chmod(mode)


def remove_folder(path: Path) -> None:
    """Delete a folder if it is empty."""
    with contextlib.suppress(OSError):
        path.rmdir()


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
