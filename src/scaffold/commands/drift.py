"""What a project changed of the template's files: its files beside the pristine render."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping

from scaffold.project import Checkout
from scaffold.spec import Lock, LockedFile
from scaffold.tree import File, Mode
from scaffold.values import frozen


@frozen
class Drift:
    """One of the template's files that is not as it was rendered.

    Args:
        path: Relative to the project's folder.
        kind: `changed` or `deleted`.
        file: What is there.
    """

    path: str
    kind: str
    file: File | None


def drift(checkout: Checkout, lock: Lock) -> tuple[Drift, ...]:
    """Return the template's files that differ in the work tree; nothing is run and nothing rendered."""
    return tuple(_drifted(checkout, lock.files))


def _drifted(checkout: Checkout, files: Mapping[str, LockedFile]) -> Iterator[Drift]:
    for path, locked in sorted(files.items()):
        file = read_file(checkout, path)
        if file is None:
            yield Drift(path, "deleted", None)
        elif not _is_as_rendered(file, locked):
            yield Drift(path, "changed", file)


def read_file(checkout: Checkout, path: str) -> File | None:
    """Return a file of the project as it lies there, or as it was committed where there is no work tree."""
    if checkout.bare:
        content = checkout.read_committed(path)
        return None if content is None else File(content)
    if checkout.is_behind_link(path):
        return None
    place = checkout.folder / path
    try:
        status = place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(status.st_mode):
        return File(os.fsencode(place.readlink()), "120000")
    if not stat.S_ISREG(status.st_mode):
        return None
    mode: Mode = "100755" if status.st_mode & stat.S_IXUSR else "100644"
    return File(place.read_bytes(), mode)


def _is_as_rendered(file: File, locked: LockedFile) -> bool:
    if file.mode != locked.mode:
        return False
    if file.blob_id == locked.blob:
        return True
    # A check-out with core.autocrlf has other line ends than what is committed.
    return b"\r\n" in file.content and with_plain_ends(file).blob_id == locked.blob


def with_plain_ends(file: File) -> File:
    """Return a text file with the line ends that git stores."""
    if file.mode == "120000" or b"\0" in file.content:
        return file
    return File(file.content.replace(b"\r\n", b"\n"), file.mode)
