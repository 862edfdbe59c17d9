"""Take an operation on the work tree back: one that failed, was killed, or is not wanted any more."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from scaffold import durable
from scaffold.errors import ScaffoldError
from scaffold.journal import Journal, Place, State, Step
from scaffold.objects import object_id
from scaffold.trust.paths import refuse_links
from scaffold.trust.text import escape
from scaffold.values import field, frozen, replace


@frozen
class Undone:
    """What an undo did.

    Args:
        paths: Files that are as before again.
        saved: Path -> id of a blob that holds what somebody had changed there since.
    """

    paths: tuple[str, ...] = ()
    saved: Mapping[str, str] = field(default_factory=dict)


def undo(place: Place, journal: Journal, *, asked: bool = False) -> Undone:
    """Take the steps back, last first. Killed anywhere, it can be run again.

    What was committed since, or lies on a branch that was checked out since, is left as it is there: git has it.

    Args:
        place: Where the work tree is; nobody else is at work there.
        journal: Of the operation.
        asked: Somebody wants it undone whatever was edited since; that is kept as blobs.

    Raises:
        ScaffoldError: A file was edited since, and nothing is taken back; or a link or a device is in the way of
            some, the others are taken back, and the journal stays.
    """
    kept = _kept_paths(place, journal)
    steps = [step for step in journal.steps if step.path not in kept]
    if not asked:
        _refuse_edited(place, steps)
    if journal.state is not State.UNDOING:
        place.write(replace(journal, state=State.UNDOING))
    _release_own_index_lock(place)
    saved, left = _undo_steps(place, journal, steps)
    _undo_index(place, journal, kept)
    for folder in sorted(journal.folders, reverse=True):
        if journal.folders[folder] is None:
            _drop_folder(place, folder)
    if left:
        raise _not_undone(left)
    place.clear()
    return Undone(tuple(step.path for step in steps), saved)


def _kept_paths(place: Place, journal: Journal) -> Collection[str]:
    """Return the paths of the steps that other commits than the one they started from say something about."""
    now = head_of(place)
    if now == journal.head:
        return ()
    if journal.head and now:
        asked = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", journal.head, now)
        answer = place.git(*asked, expect=(0, 128))
        if not answer.returncode:
            return {os.fsdecode(path) for path in answer.stdout.split(b"\0")}
    return {step.path for step in journal.steps}


def _refuse_edited(place: Place, steps: list[Step]) -> None:
    edited = [step.path for step in steps if _is_edited(place, step)]
    if edited:
        raise ScaffoldError(
            f"a run was killed half-way, and edited since: {listed([escape(path) for path in edited])}",
            hint="commit that, or take all of it back and keep your edit as a blob: scaffold upgrade --abort",
            code="edited-since",
        )


def _is_edited(place: Place, step: Step) -> bool:
    """Return whether somebody wrote into the file of a step after it was taken."""
    target = place.root / step.path
    try:
        refuse_links(place.root, [step.path])
    except ScaffoldError:  # nothing is taken back there
        return False
    found = id_at(target)
    return bool(found) and found not in {step.old_id, step.new_id} and not _is_untaken(place, step)


def _undo_steps(
    place: Place, journal: Journal, steps: list[Step]
) -> tuple[Mapping[str, str], Mapping[str, ScaffoldError]]:
    """Return path -> what somebody wrote there since, and path -> why it could not be taken back."""
    saved: dict[str, str] = {}
    left: dict[str, ScaffoldError] = {}
    for step in reversed(steps):
        try:
            refuse_links(place.root, [step.path])
        except ScaffoldError as error:
            if not _is_untaken(place, step):
                left[step.path] = error
            continue
        identifier = _undo_step(place, step, journal)
        if identifier:
            saved[step.path] = identifier
    return saved, left


def _is_untaken(place: Place, step: Step) -> bool:
    """Return whether the work tree never got a step's file: it waits still."""
    return bool(step.new) and os.path.lexists(place.new(step.new))


def _not_undone(left: Mapping[str, ScaffoldError]) -> ScaffoldError:
    first = next(iter(left.values()))
    return ScaffoldError(
        f"not taken back: {listed([escape(path) for path in sorted(left)])}; {first.message}",
        hint="move that away, then say `scaffold upgrade --abort` again; all else is as before",
        code=first.code,
    )


def _release_own_index_lock(place: Place) -> None:
    """Remove an `index.lock` that a killed run left: it is a second name of a file of the journal's."""
    lock = place.index.with_name("index.lock")
    for own in (place.folder / "index", place.old("index")):
        if lock.exists() and own.exists() and lock.samefile(own):
            lock.unlink()


def _undo_index(place: Place, journal: Journal, kept: Collection[str]) -> None:
    """Put the entries back that the operation changed; what else somebody staged since stays staged."""
    old, new = place.old("index"), place.folder / "index"
    if journal.has_index and (not old.exists() or same_content(place.index, old)):
        return
    before, after, now = (_entries(place, index) for index in (old, new, place.index))
    if now == after and not kept:  # the whole file, with what git knows of times in it
        if journal.has_index:
            swap_index(place, old, expected=None)
        else:
            place.index.unlink(missing_ok=True)
        return
    rows: list[bytes] = []
    for path in sorted((before.keys() | after.keys()) - set(map(os.fsencode, kept))):
        if before.get(path) != after.get(path) and now.get(path) != before.get(path):
            any_id = (before.get(path) or after[path])[0].split()[1]
            rows += [b"0 %s\t%s" % (any_id, path), *before.get(path, [])]
    if rows:
        listing = b"".join(b"%s\0" % row for row in rows)
        place.git("update-index", "-z", "--index-info", stdin=listing)


def _entries(place: Place, index: Path) -> dict[bytes, list[bytes]]:
    """Return path -> the entries of an index there, as `git ls-files --stage` has them."""
    found: dict[bytes, list[bytes]] = {}
    if index.exists():
        listing = place.git("ls-files", "--stage", "-z", env={"GIT_INDEX_FILE": str(index)}).stdout
        for entry in filter(None, listing.split(b"\0")):
            found.setdefault(entry.split(b"\t", 1)[1], []).append(entry)
    return found


def _undo_step(place: Place, step: Step, journal: Journal) -> str:
    """Take one step back and return the blob id of what somebody wrote there since, if anything."""
    target, backup = place.root / step.path, place.old(step.old)
    found = id_at(target)
    saved = ""
    if found and found not in {step.old_id, step.new_id}:
        if _is_untaken(place, step):
            return ""
        saved = place.git(
            "hash-object", "-w", "--no-filters", "--stdin", stdin=bytes_at(target)
        ).text
    if not step.old:
        if found:
            durable.remove(target)
        _drop_made(place, step.path, journal)
        return saved
    if os.path.lexists(backup):
        _restore_parents(place, step.path, journal)
        refuse_links(place.root, [step.path])
        durable.rename(backup, target)
        backup.unlink(
            missing_ok=True
        )  # renaming one name of a file over its other name does nothing
    return saved


def _restore_parents(place: Place, path: str, journal: Journal) -> None:
    parts = path.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        name = "/".join(parts[:depth])
        durable.make_folder(place.root / name, journal.folders.get(name))


def _drop_made(place: Place, path: str, journal: Journal) -> None:
    parts = path.split("/")[:-1]
    for depth in range(len(parts), 0, -1):
        name = "/".join(parts[:depth])
        if journal.folders.get(name) is None:
            _drop_folder(place, name)


def _drop_folder(place: Place, name: str) -> None:
    """Remove a folder if it is empty and no link leads there."""
    with contextlib.suppress(ScaffoldError):
        refuse_links(place.root, [f"{name}/any"])
        durable.remove_folder(place.root / name)


def swap_index(place: Place, new: Path, expected: Path | None) -> None:
    """Put an index in place by git's own protocol, holding its lock for two system calls."""
    lock = place.index.with_name("index.lock")
    durable.reached("write", lock)
    try:
        os.link(new, lock)
    except FileExistsError as error:
        raise ScaffoldError(
            "another git command is at work in this repository",
            hint=f"wait until it has ended; if none is, remove {lock}",
            code="index-locked",
        ) from error
    except OSError:
        _copy_exclusively(new, lock)
    try:
        if expected is not None and not same_content(place.index, expected):
            raise ScaffoldError(
                "the index was changed by another command meanwhile",
                hint="try again",
                code="index-changed",
            )
        durable.rename(lock, place.index)
    except BaseException:
        lock.unlink(missing_ok=True)
        raise


def _copy_exclusively(source: Path, target: Path) -> None:
    with target.open("xb") as stream:
        stream.write(source.read_bytes())


def same_content(first: Path, second: Path) -> bool:
    """Return whether both files are there with the same bytes."""
    return first.exists() and second.exists() and first.read_bytes() == second.read_bytes()


def mode_at(path: Path) -> int:
    """Return kind and mode of a file or a link; 0 where there is neither."""
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return 0
    return mode if stat.S_ISREG(mode) or stat.S_ISLNK(mode) else 0


def is_file(path: Path) -> bool:
    """Return whether there is a file or a link."""
    return mode_at(path) != 0


def bytes_at(path: Path) -> bytes:
    """Return the content of a file, or where a link leads."""
    return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()


def id_at(path: Path) -> str:
    """Return the blob id of what `bytes_at` returns; empty where there is neither a file nor a link."""
    return object_id("blob", bytes_at(path)) if is_file(path) else ""


def head_of(place: Place) -> str:
    """Return the id of the commit that is checked out; empty where there is none yet."""
    answer = place.git("rev-parse", "--verify", "--quiet", "HEAD^{commit}", expect=(0, 1, 128))
    return answer.text if not answer.returncode else ""


def listed(names: list[str]) -> str:
    """Return the first of `names` for one line of text."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004
    return ", ".join(names[:3]) + more
