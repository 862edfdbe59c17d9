"""What stands in the way of an outcome in a work tree: found and named before anything is written."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from scaffold.errors import ScaffoldError
from scaffold.journal import Place
from scaffold.merge.outcome import Change, Outcome
from scaffold.values import field, frozen

_UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
}
_HEAD = b"# branch.oid "


@frozen
class Refusal:
    """One path that must be dealt with first.

    Args:
        path: Relative to the repository's root.
        code: Stable: `dirty`, `unmerged`, `untracked`, `ignored`, `symlink`, `folder`.
        reason: What is wrong with the path: a sentence without its subject.
        hint: What to do.
    """

    path: str
    code: str
    reason: str
    hint: str


@frozen
class Status:
    """What `git status` says.

    Args:
        head: The commit that is checked out; empty where there is none yet.
        dirty: Path -> `dirty` or `unmerged`, of the tracked files that differ from it.
    """

    head: str
    dirty: Mapping[str, str]


def refusals(
    place: Place, outcome: Outcome, edited: Collection[str], status: Status
) -> tuple[Refusal, ...]:
    """Return what stands in the way, sorted by path.

    Args:
        place: The work tree.
        outcome: What is to be written.
        edited: Paths whose uncommitted content the outcome was made from.
        status: Of the work tree.

    Raises:
        ScaffoldError: A merge, a rebase or the like is under way.
    """
    _refuse_other_operations(place)
    changes = {outcome.in_repository(change.path): change for change in outcome.writes}
    dirty = {path: code for path, code in status.dirty.items() if path not in edited}
    deleted = {path for path, change in changes.items() if change.after is None}
    way = _Way(place.root, dirty, deleted)
    refused = (way.refusal(path, change) for path, change in changes.items())
    found = [refusal for refusal in refused if refusal is not None]
    found = _with_ignored(place, found)
    found += _hidden(place, changes.keys() - {refusal.path for refusal in found}, changes)
    return tuple(sorted(found, key=lambda refusal: refusal.path))


def _refuse_other_operations(place: Place) -> None:
    for name, operation in _UNDER_WAY.items():
        if (place.git_folder / name).exists():
            raise ScaffoldError(
                f"a {operation} is under way",
                hint=f"finish it, or `git {operation} --abort`",
                code="operation-under-way",
            )


def status_of(place: Place) -> Status:
    """Return the status of a work tree."""
    output = place.git(
        "status",
        "--porcelain=v2",
        "--branch",
        "--no-ahead-behind",
        "-z",
        "--untracked-files=no",
        "--no-renames",
        "--ignore-submodules=all",
    ).stdout
    rows = output.split(b"\0")
    head = next((row[len(_HEAD) :] for row in rows if row.startswith(_HEAD)), b"").decode()
    return Status("" if head == "(initial)" else head, dict(_rows(rows)))


def _rows(rows: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if row.startswith(b"1 "):
            yield os.fsdecode(row.split(b" ", 8)[8]), "dirty"
        elif row.startswith(b"u "):
            yield os.fsdecode(row.split(b" ", 10)[10]), "unmerged"


@frozen
class _Way:
    """What lies where changes are to be written.

    Args:
        root: The top of the work tree.
        dirty: Path -> how it differs from the commit.
        deleted: Paths that the changes delete.
    """

    root: Path
    dirty: Mapping[str, str]
    deleted: Collection[str]
    _above: dict[str, Refusal | None] = field(default_factory=dict)

    def refusal(self, path: str, change: Change) -> Refusal | None:
        """Return what stands in the way of one change."""
        if self.dirty.get(path) == "unmerged":
            return Refusal(path, "unmerged", "is in conflict", "decide it, then `git add` it")
        if path in self.dirty:
            hint = "commit or stash them"
            return Refusal(path, "dirty", "has changes that are not committed", hint)
        if change.code == "file-folder":
            return None
        above = self.above(path.rpartition("/")[0])
        if above is not None:
            return above
        is_new = change.before is None and change.after is not None
        return self.untracked(path) if is_new and os.path.lexists(self.root / path) else None

    def above(self, folder: str) -> Refusal | None:
        """Return what stands in the way of writing into a folder."""
        if not folder:
            return None
        if folder not in self._above:
            above = self.above(folder.rpartition("/")[0])
            self._above[folder] = above or self._of_folder(folder)
        return self._above[folder]

    def _of_folder(self, name: str) -> Refusal | None:
        folder = self.root / name
        if name in self.deleted:
            return None
        if folder.is_symlink():
            reason = "is a symbolic link, and nothing is written through it"
            return Refusal(name, "symlink", reason, "replace it by a folder, or track it")
        if folder.exists() and not folder.is_dir():
            return Refusal(name, "untracked", "is a file where a folder is needed", "move it away")
        return None

    def untracked(self, path: str) -> Refusal | None:
        """Return what would be overwritten at a path where nothing is tracked."""
        target = self.root / path
        if not target.is_dir() or target.is_symlink():
            reason = "is not tracked and would be overwritten"
            return Refusal(path, "untracked", reason, "move it away, or commit it")
        left = [name for name in _files_below(self.root, path) if name not in self.deleted]
        reason = f"is in the folder {path}, where a file is needed"
        return Refusal(left[0], "folder", reason, "move it away") if left else None


def _files_below(root: Path, path: str) -> Iterator[str]:
    for folder, _, names in os.walk(root / path):
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()


def _hidden(
    place: Place, paths: Collection[str], changes: Mapping[str, Change]
) -> Iterator[Refusal]:
    """Yield the files with edits that git was told not to see (`skip-worktree`, `assume-unchanged`)."""
    differing = [path for path in sorted(paths) if _differs(place.root / path, changes[path])]
    if not differing:
        return
    listed = place.git(
        "ls-files", "-v", "-z", "--", *(f":(top,literal){path}" for path in differing)
    ).stdout
    for row in listed.split(b"\0")[:-1]:
        if row[:1] == b"S" or row[:1].islower():
            yield Refusal(
                os.fsdecode(row[2:]),
                "hidden",
                "may have changes that git was told not to see",
                "git update-index --no-skip-worktree --no-assume-unchanged, then commit or stash them",
            )


def _differs(target: Path, change: Change) -> bool:
    """Return whether a file in the work tree has other bytes than the commit; line ends count too."""
    before = change.before
    if before is None or not os.path.isfile(target) or os.path.islink(target):  # noqa: PTH113, PTH114 - of many
        return False
    return target.read_bytes() != before.content


def _with_ignored(place: Place, found: list[Refusal]) -> list[Refusal]:
    """Return the refusals with untracked files that git ignores called so."""
    paths = [refusal.path for refusal in found if refusal.code == "untracked"]
    if not paths:
        return found
    ignored = place.git.ignored(paths)
    reason = "is ignored by git and would be overwritten"
    return [
        Refusal(refusal.path, "ignored", reason, refusal.hint)
        if refusal.code == "untracked" and refusal.path in ignored
        else refusal
        for refusal in found
    ]
