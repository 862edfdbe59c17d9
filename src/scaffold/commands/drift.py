"""What a project changed of the template's files: its files beside the pristine render."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping

from scaffold.project import Checkout
from scaffold.spec import Lock, LockedFile
from scaffold.tree import File, Mode
from scaffold.values import frozen


@frozen
class Drift:
    """One of the template's files that is not as it was rendered.

    Args:
        path: Relative to the project's folder.
        kind: `changed`, `deleted` or `moved`.
        file: What is there, or where it was moved to.
        moved_to: Where the project has it, if it moved it.
    """

    path: str
    kind: str
    file: File | None
    moved_to: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the path, what became of it and where it is now as plain data."""
        moved = {"moved_to": self.moved_to} if self.moved_to else {}
        return {"path": self.path, "kind": self.kind, **moved}


def drift(checkout: Checkout, lock: Lock) -> tuple[Drift, ...]:
    """Return the template's files that differ in the work tree; nothing is run and nothing rendered.

    A file that is not there is looked for among the project's own tracked files, as a merge looks for it. What git
    ignores is the user's alone: an upgrade leaves it as it is, too.
    """
    found = _without_ignored(checkout, tuple(_drifted(checkout, lock.files)))
    if any(each.kind == "deleted" for each in found):
        found = tuple(_with_sparse(checkout, lock.files, found))
    gone = {each.path: lock.files[each.path] for each in found if each.kind == "deleted"}
    if not gone:
        return found
    from scaffold.commands.moved import moved_files  # noqa: PLC0415 - for projects that lack some

    moved = moved_files(checkout, gone, lock.files.keys())
    return tuple(_followed(checkout, each, moved.get(each.path, "")) for each in found)


def _with_sparse(
    checkout: Checkout, files: Mapping[str, LockedFile], found: Collection[Drift]
) -> Iterator[Drift]:
    """Yield what differs, with the committed content of files that a sparse checkout leaves out."""
    sparse = {} if checkout.bare else dict(_left_out(checkout))
    for each in found:
        locked = files[each.path]
        if sparse.get(each.path) == locked.blob:
            continue
        content = checkout.read_committed(each.path) if each.path in sparse else None
        if content is None:
            yield each
        elif not _is_as_rendered(file := File(content, locked.mode), locked):
            yield Drift(each.path, "changed", file)


def _left_out(checkout: Checkout) -> Iterator[tuple[str, str]]:
    """Yield path and blob id of the tracked files that a sparse checkout leaves out."""
    for row in checkout.git("ls-files", "-t", "-s", "-z").stdout.split(b"\0"):
        if row.startswith(b"S "):
            fields, path = row.split(b"\t", 1)
            yield os.fsdecode(path).removeprefix(checkout.prefix), fields.split()[2].decode()


def _followed(checkout: Checkout, gone: Drift, target: str) -> Drift:
    file = read_file(checkout, target) if target else None
    return gone if file is None else Drift(gone.path, "moved", file, target)


def _drifted(checkout: Checkout, files: Mapping[str, LockedFile]) -> Iterator[Drift]:
    for path, locked in sorted(files.items()):
        file = read_file(checkout, path)
        if file is None:
            yield Drift(path, "deleted", None)
        elif not _is_as_rendered(file, locked):
            yield Drift(path, "changed", file)


def _without_ignored(checkout: Checkout, found: tuple[Drift, ...]) -> tuple[Drift, ...]:
    asked = [each.path for each in found if not checkout.is_behind_link(each.path)]
    if checkout.bare or not asked:
        return found
    ignored = checkout.git.ignored(f"{checkout.prefix}{path}" for path in asked)
    return tuple(each for each in found if f"{checkout.prefix}{each.path}" not in ignored)


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
    return any(each.blob_id == locked.blob for each in _with_other_ends(file))


def _with_other_ends(file: File) -> Iterator[File]:
    """Yield a text as git may have it elsewhere: core.autocrlf changes the line ends that it checks out, or commits."""
    if b"\r\n" in file.content:
        yield with_plain_ends(file)
    elif b"\n" in file.content:
        yield _with_crlf(file)


def with_ends_of(rendered: File, file: File) -> File:
    """Return `file` with the line ends of the render, where they are all of one kind and its own of the other."""
    ends = rendered.content.count(b"\r\n")
    if not ends:
        return with_plain_ends(file)
    is_whole = ends == rendered.content.count(b"\n")
    return _with_crlf(file) if is_whole and b"\r\n" not in file.content else file


def _with_crlf(file: File) -> File:
    if file.mode == "120000" or b"\0" in file.content:
        return file
    return File(file.content.replace(b"\n", b"\r\n"), file.mode)


def with_plain_ends(file: File) -> File:
    """Return a text file with the line ends that git stores."""
    if file.mode == "120000" or b"\0" in file.content:
        return file
    return File(file.content.replace(b"\r\n", b"\n"), file.mode)
