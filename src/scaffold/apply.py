"""Make the work tree and the index what an outcome says, all or nothing; undo it; finish it after a kill."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import stat
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from scaffold import durable, in_the_way
from scaffold.errors import ScaffoldError
from scaffold.git import Git, GitError
from scaffold.in_the_way import Refusal
from scaffold.journal import Journal, Place, State, Step
from scaffold.marks import has_marks
from scaffold.merge.outcome import Change, Kind, Outcome
from scaffold.objects import entry_of
from scaffold.pack import store_objects
from scaffold.smudge import work_tree_bytes
from scaffold.spec import LOCK_FILE
from scaffold.tree import File
from scaffold.trust.paths import check_inside, refuse_links
from scaffold.undo import (
    Undone,
    bytes_at,
    head_of,
    id_at,
    is_file,
    listed,
    mode_at,
    swap_index,
    undo,
)
from scaffold.values import frozen, replace

__all__ = [
    "Pending",
    "Refusal",
    "Undone",
    "abort",
    "apply",
    "continue_",
    "pending",
    "recover",
    "refusals",
    "refuse_pending",
    "to_branch",
    "was_killed",
]

_NULL_ID = "0" * 40


@frozen
class Pending:
    """An operation that was applied and neither committed, continued nor aborted."""

    head: str
    note: Mapping[str, str]
    paths: tuple[str, ...]
    conflicts: tuple[str, ...]


def refusals(git: Git, outcome: Outcome, *, edited: Collection[str] = ()) -> tuple[Refusal, ...]:
    """Return what stands in the way of an outcome: dirty, untracked and ignored files, links; nothing is changed."""
    place = Place.of(git)
    return in_the_way.refusals(place, outcome, edited, in_the_way.status_of(place))


def apply(
    git: Git,
    outcome: Outcome,
    *,
    note: Mapping[str, str] | None = None,
    edited: Collection[str] = (),
) -> None:
    """Write an outcome into the work tree and the index.

    Args:
        git: Runs anywhere in the work tree.
        outcome: For the commit that is checked out.
        note: What `pending` shall say of the operation.
        edited: Paths whose uncommitted content the outcome was made from (a hand-edited spec).

    Raises:
        ScaffoldError: Refused, or failed and rolled back; either way nothing has changed.
    """
    place = Place.of(git)
    with place.alone():
        _recovered(place)
        _refuse_pending(place)
        _check(place, outcome, edited)
        place.clear()
        try:
            journal = _prepare(place, outcome, note or {})
            place.write(journal)
            _take(place, journal)
            place.write(replace(journal, state=State.APPLIED))
        except BaseException as error:
            with _uninterrupted():
                _roll_back(place)
                place.clear()
            raise _as_refusal(error) from error
        _refresh(place)


def to_branch(git: Git, outcome: Outcome, branch: str, message: str) -> str:
    """Commit an outcome on a new branch, without touching a work tree, and return the commit's id.

    Conflicts are committed as they are marked; who takes the branch decides them there.

    Args:
        git: Of a repository, which may be bare.
        outcome: For any commit of it; the branch starts there.
        branch: The branch's name, without `refs/heads/`.
        message: The commit's message.

    Raises:
        ScaffoldError: There is such a branch, or there cannot be.
    """
    _check_branch(git, branch)
    store_objects(git, outcome.objects)
    parents = ["-p", outcome.head] if outcome.head else []
    commit = git("commit-tree", *_signing(git), *parents, outcome.tree, stdin=message.encode()).text
    try:
        git("update-ref", f"refs/heads/{branch}", commit, _NULL_ID)
    except GitError as error:
        raise _no_branch(git, branch, error) from error
    return commit


def _check_branch(git: Git, branch: str) -> None:
    """Refuse a name that git's own commands do not take, or take for another."""
    found = git("check-ref-format", "--branch", branch, expect=(0, 128))
    if found.returncode or found.text != branch or branch.startswith("refs/"):
        raise ScaffoldError(
            f"{branch!r} is not a name for a branch",
            hint="choose one like template-update; see `git help check-ref-format`",
            code="branch-name",
        )


def _no_branch(git: Git, branch: str, error: GitError) -> ScaffoldError:
    """Return why a branch could not be made."""
    other = re.search("'refs/heads/([^']+)' exists; cannot create", error.stderr)
    asked = ("show-ref", "--verify", "--quiet", f"refs/heads/{branch}")
    if other or not git(*asked, expect=(0, 1)).returncode:
        why = f", so there can be no {branch}" if other else ""
        return ScaffoldError(
            f"the branch {other[1] if other else branch} exists{why}",
            hint="choose another name, or delete it",
            code="branch-exists",
        )
    return error.retold(f"the branch {branch} cannot be made")


def _signing(git: Git) -> tuple[str, ...]:
    """Return how `commit-tree` is told what `git commit` reads for itself: whether to sign."""
    asked = git("config", "--type=bool", "--get", "commit.gpgSign", expect=(0, 1))
    return ("--gpg-sign",) if asked.text == "true" else ()


def pending(git: Git) -> Pending | None:
    """Return the operation that can be continued or aborted, if there is one."""
    return _pending(Place.of(git))


def _pending(place: Place) -> Pending | None:
    journal = place.read()
    if journal is None or journal.state is not State.APPLIED or journal.head != head_of(place):
        return None
    if _is_taken_back(place, journal):
        return None
    paths = tuple(step.path for step in journal.steps)
    return Pending(journal.head, journal.note, paths, journal.conflicts)


def was_killed(git: Git) -> bool:
    """Return whether an operation stopped half-way, and is not undone yet."""
    journal = Place.of(git).read()
    return journal is not None and journal.state is not State.APPLIED


def refuse_pending(git: Git) -> None:
    """Refuse another operation while there is one to continue or abort.

    Raises:
        ScaffoldError: There is one.
    """
    _refuse_pending(Place.of(git))


def _refuse_pending(place: Place) -> None:
    if _pending(place) is not None:
        raise ScaffoldError(
            "an earlier change waits for its commit",
            hint="git commit, once its conflicts are decided, or take it back: scaffold upgrade --abort",
            code="pending",
        )


def recover(git: Git) -> Undone | None:
    """Undo an operation that was killed, and return what was undone; nothing where none was.

    Raises:
        ScaffoldError: A file of it was edited since; nothing is undone.
    """
    place = Place.of(git)
    if not place.folder.is_dir():
        return None
    with place.alone():
        return _recovered(place)


def abort(git: Git) -> Undone:
    """Bring work tree and index back to what they were before the last operation.

    Raises:
        ScaffoldError: There is none, or it has been committed.
    """
    place = Place.of(git)
    with _opened(place, "abort") as journal:
        if journal.state is State.APPLIED and journal.head != head_of(place):
            raise ScaffoldError(
                "there is nothing to abort: commits were made since",
                hint="use `git revert`",
                code="nothing-pending",
            )
        _refuse_taken_back(place, journal, "abort")
        return undo(place, journal, asked=True)


def continue_(git: Git, finish: Callable[[], object] | None = None) -> tuple[str, ...]:
    """Close the pending operation once every conflict is decided, and return the paths that had one.

    Args:
        git: Runs anywhere in the work tree.
        finish: What is done first; if it fails, the operation stays open.

    Raises:
        ScaffoldError: There is none, or unmerged paths are left.
    """
    place = Place.of(git)
    with _opened(place, "continue") as journal:
        if journal.state is not State.APPLIED:
            _recovered(place)
            raise ScaffoldError(
                "there is nothing to continue: a run that was killed is undone",
                hint="upgrade again",
                code="nothing-pending",
            )
        _refuse_taken_back(place, journal, "continue")
        left = _unmerged(place) or _marked(place, journal)
        if left:
            raise ScaffoldError(
                f"still in conflict: {listed(left)}",
                hint="edit them, then `git add` or `git rm` each",
                code="unmerged",
            )
        if finish is None:
            place.clear()
        else:
            finish()
            with contextlib.suppress(
                OSError
            ):  # what is left of a change that is committed does no harm
                place.clear()
        return journal.conflicts


def _is_taken_back(place: Place, journal: Journal) -> bool:
    """Return whether somebody undid the change by git, as `reset --hard` and `stash` do.

    The lock is the old one then; where the change left it as it was, nothing of it differs from the commit.
    """
    for step in journal.steps:
        if _is_of_lock(step) and step.new_id != step.old_id:
            return id_at(place.root / step.path) == step.old_id
    found = {step.path: id_at(place.root / step.path) for step in journal.steps}
    listing = place.git("ls-tree", "-z", "HEAD", "--", *found, expect=(0, 128)).stdout
    rows = (entry.split(b"\t", 1) for entry in listing.split(b"\0") if entry)
    committed = {os.fsdecode(path): fields.split()[2].decode() for fields, path in rows}
    is_other = any(found[step.path] != step.new_id for step in journal.steps)
    return is_other and all(committed.get(path, "") == each for path, each in found.items())


def _refuse_taken_back(place: Place, journal: Journal, verb: str) -> None:
    if journal.state is State.APPLIED and _is_taken_back(place, journal):
        raise ScaffoldError(
            f"there is nothing to {verb}: the change was taken back by git",
            hint="see `git stash list`, or upgrade again",
            code="nothing-pending",
        )


@contextlib.contextmanager
def _opened(place: Place, verb: str) -> Iterator[Journal]:
    with place.alone():
        journal = place.read()
        if journal is None:
            raise ScaffoldError(
                f"there is nothing to {verb}",
                hint="a change that was committed is taken back with `git revert`",
                code="nothing-pending",
            )
        yield journal


def _check(place: Place, outcome: Outcome, edited: Collection[str]) -> None:
    status = in_the_way.status_of(place)
    if status.head != outcome.head:
        raise ScaffoldError(
            "the plan is stale: the repository has other commits now",
            hint="make a new plan",
            code="stale-plan",
        )
    for change in outcome.writes:
        check_inside(outcome.in_repository(change.path))
    found = in_the_way.refusals(place, outcome, edited, status)
    if found:
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise ScaffoldError(f"{first.path} {first.reason}{more}", hint=first.hint, code=first.code)


def _prepare(place: Place, outcome: Outcome, note: Mapping[str, str]) -> Journal:
    """Write everything that the change needs under the git folder; the work tree is not touched yet."""
    for name in ("old", "new"):
        durable.make_folder(place.folder / name)
    store_objects(place.git, outcome.objects)
    _prepare_index(place, outcome)
    writes = [change for change in outcome.writes if change.before != change.after]
    contents = work_tree_bytes(
        place.git, {outcome.in_repository(change.path): change.after for change in writes}
    )
    steps = [
        _prepare_file(place, number, outcome.in_repository(change.path), contents)
        for number, change in enumerate(_ordered(writes))
    ]
    has_index = place.index.exists()
    if has_index:
        durable.keep(place.index, place.old("index"))
    for folder in (place.folder / "old", place.folder / "new", place.folder):
        durable.sync_folder(folder)
    return Journal(
        state=State.APPLYING,
        head=outcome.head,
        steps=tuple(steps),
        folders=_folders(place, steps),
        has_index=has_index,
        conflicts=tuple(outcome.in_repository(change.path) for change in outcome.conflicts),
        note=note,
    )


def _ordered(changes: list[Change]) -> list[Change]:
    """Return deletions first, so that a file can become a folder, and the lock last: it must not claim too much."""
    return sorted(
        changes,
        key=lambda change: (change.path == LOCK_FILE, change.after is not None, change.path),
    )


def _prepare_file(
    place: Place, number: int, path: str, contents: Mapping[str, File | None]
) -> Step:
    target, after = place.root / path, contents[path]
    name = str(number)
    old_id = new_id = ""
    replaced = mode_at(target)
    if replaced:  # a folder there is gone by then: what was in it is deleted first
        old_id = id_at(target)
        durable.keep(target, place.old(name))
    if after is not None:
        _stage(place.new(name), after, replaced)
        new_id = after.blob_id
    return Step(path, name if old_id else "", name if new_id else "", old_id, new_id)


def _stage(waiting: Path, file: File, replaced: int) -> None:
    is_executable = file.mode == "100755"
    if file.mode == "120000":
        durable.write_link(waiting, file.content)
    elif stat.S_ISREG(replaced):
        # Keep what umask, chmod or an administrator gave the file; only the executable bit is git's.
        mode = stat.S_IMODE(replaced) & ~0o111
        mode |= (mode & 0o444) >> 2 if is_executable else 0
        durable.write(waiting, file.content, mode, exactly=True)
    else:
        durable.write(waiting, file.content, 0o777 if is_executable else 0o666)


def _prepare_index(place: Place, outcome: Outcome) -> None:
    staged = place.folder / "index"
    durable.reached("write", staged)
    if place.index.exists():
        staged.write_bytes(place.index.read_bytes())
    rows = b"".join(_index_rows(outcome))
    if rows:
        place.git(
            "update-index",
            "-z",
            "--index-info",
            stdin=rows,
            env={"GIT_INDEX_FILE": str(staged)},
        )


def _index_rows(outcome: Outcome) -> Iterator[bytes]:
    width = len(outcome.tree)
    algorithm = "sha1" if width == len(_NULL_ID) else "sha256"
    for change in outcome.writes:
        if change.kind is Kind.IGNORED:
            continue
        path = os.fsencode(outcome.in_repository(change.path))
        if change.code != "file-folder":
            yield b"0 %s\t%s\0" % (b"0" * width, path)
        stages: dict[int, File] = {**change.stages}
        if not stages and change.after is not None:
            stages = {0: change.after}
        for stage, file in sorted(stages.items()):
            identifier = entry_of(file, algorithm).id
            yield b"%s %s %d\t%s\0" % (file.mode.encode(), identifier.encode(), stage, path)


def _folders(place: Place, steps: list[Step]) -> dict[str, int | None]:
    """Return the folders above the steps, outermost first, each with its mode or nothing if it is not there."""
    folders: dict[str, int | None] = {}
    for step in steps:
        parts = step.path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[:depth])
            if name not in folders:
                path = place.root / name
                folders[name] = stat.S_IMODE(path.stat().st_mode) if path.is_dir() else None
    return folders


def _take(place: Place, journal: Journal) -> None:
    """Take the steps: files, then the index, then the lock."""
    for step in journal.steps:
        if not _is_lock(step):
            _take_step(place, step)
    swap_index(
        place, place.folder / "index", expected=place.old("index") if journal.has_index else None
    )
    for step in journal.steps:
        if _is_lock(step):
            _take_step(place, step)


def _is_lock(step: Step) -> bool:
    return _is_of_lock(step) and bool(step.new)


def _is_of_lock(step: Step) -> bool:
    return step.path.rsplit("/", 1)[-1] == LOCK_FILE


def _take_step(place: Place, step: Step) -> None:
    target = place.root / step.path
    refuse_links(place.root, [step.path])  # nobody else is kept out of the work tree meanwhile
    if not step.new:
        if step.old:  # outside of a sparse checkout there is none
            durable.remove(target)
            _drop_empty(place, step.path)
        return
    if not target.parent.is_dir():
        _make_parents(place, step.path)
        refuse_links(place.root, [step.path])
    durable.rename(place.new(step.new), target)


def _make_parents(place: Place, path: str) -> None:
    parts = path.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        durable.make_folder(place.root / "/".join(parts[:depth]))


def _drop_empty(place: Place, path: str) -> None:
    parts = path.split("/")[:-1]
    for depth in range(len(parts), 0, -1):
        durable.remove_folder(place.root / "/".join(parts[:depth]))


def _unmerged(place: Place) -> list[str]:
    output = place.git("ls-files", "--unmerged", "-z").stdout
    paths = {row.split(b"\t", 1)[1] for row in output.split(b"\0") if row}
    return sorted(os.fsdecode(path) for path in paths)


def _marked(place: Place, journal: Journal) -> list[str]:
    """Return the files that are said to be decided and still hold the marks of their conflict."""
    return [
        path
        for path in journal.conflicts
        if is_file(place.root / path) and has_marks(bytes_at(place.root / path))
    ]


def _refresh(place: Place) -> None:
    """Let the index know the new files' times; without it, git would only be slower once."""
    with contextlib.suppress(ScaffoldError):
        place.git("update-index", "-q", "--refresh", expect=(0, 1))


def _recovered(place: Place) -> Undone | None:
    """Undo an operation that was killed; one that was being undone already, somebody wants undone."""
    journal = place.read()
    if journal is None or journal.state is State.APPLIED:
        return None
    return undo(place, journal, asked=journal.state is State.UNDOING)


def _roll_back(place: Place) -> None:
    journal = place.read()
    if journal is not None and journal.state is not State.APPLIED:
        undo(place, journal, asked=True)


def _as_refusal(error: BaseException) -> BaseException:
    if not isinstance(error, OSError):
        return error
    return ScaffoldError(
        f"{error.filename or 'a file'}: {error.strerror or error}",
        hint="nothing was changed; try again when that is mended",
        code="unwritable",
    )


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put off Ctrl-C: a second one must not stop the undoing that the first one asked for."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
