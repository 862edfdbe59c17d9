"""The record, in the repository's git folder, of an operation on the work tree: enough to undo it after a kill.

scaffold/journal.json   the plan, synced to disk before the first change
scaffold/old/           what the plan replaces or deletes, under second names: same inode, bytes, mode and time
scaffold/new/           what it writes, complete before the first change
scaffold/index          the index as it will be
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from scaffold import durable
from scaffold.errors import ScaffoldError
from scaffold.git import Git
from scaffold.trust.paths import check_inside
from scaffold.values import field, frozen

FORMAT = 1


class State(StrEnum):
    """How far an operation came."""

    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"


@frozen
class Step:
    """One file that the plan changes.

    Args:
        path: Relative to the repository's root.
        old: The name of the replaced file under `old/`; empty where there was none.
        new: The name of the new file under `new/`; empty where it is deleted.
        old_id: The blob id of the replaced file's bytes in the work tree.
        new_id: The blob id of the new file's bytes in the work tree.
    """

    path: str
    old: str = ""
    new: str = ""
    old_id: str = ""
    new_id: str = ""


@frozen
class Journal:
    """One operation on the work tree.

    Args:
        state: How far it came.
        head: The commit that it started from.
        steps: In the order in which they are taken.
        folders: Folder -> its mode, or nothing for one that did not exist: those that steps may add or empty.
        has_index: Whether there was an index before.
        conflicts: Paths that a person must decide.
        note: What the caller wants to find again.
    """

    state: State
    head: str
    steps: tuple[Step, ...]
    folders: Mapping[str, int | None] = field(default_factory=dict)
    has_index: bool = True
    conflicts: tuple[str, ...] = ()
    note: Mapping[str, str] = field(default_factory=dict)


@frozen
class Place:
    """Where a work tree and its journal lie.

    Args:
        root: The work tree's top folder.
        git_folder: The work tree's own git folder (a linked work tree has one of its own).
        git: A git that runs in `root`.
    """

    root: Path
    git_folder: Path
    git: Git

    @classmethod
    def of(cls, git: Git) -> Place:
        """Return the place of the work tree that `git` runs in.

        Raises:
            ScaffoldError: It runs in none.
        """
        if git.facts is not None and git.folder == git.facts.top:
            return cls(git.facts.top, git.facts.git_dir, git)
        answer = git(
            "rev-parse",
            "--path-format=absolute",
            "--show-toplevel",
            "--git-dir",
            expect=(0, 128),
        )
        if answer.returncode:
            raise ScaffoldError(
                f"{git.folder} is not in a git work tree",
                hint="run `git init`",
                code="no-work-tree",
            )
        root, git_folder = (Path(line) for line in answer.text.splitlines())
        return cls(root, git_folder, Git(root, config=git.config))

    @cached_property
    def folder(self) -> Path:
        """Return the journal's folder."""
        return self.git_folder / "scaffold"

    @property
    def index(self) -> Path:
        """Return the work tree's index."""
        return self.git_folder / "index"

    def old(self, name: str) -> Path:
        """Return where a replaced file is kept."""
        return self.folder.joinpath("old", name)

    def new(self, name: str) -> Path:
        """Return where a new file waits."""
        return self.folder.joinpath("new", name)

    def read(self) -> Journal | None:
        """Return the journal, if there is one.

        Raises:
            ScaffoldError: It is from a newer scaffold, or damaged.
        """
        try:
            text = (self.folder / "journal.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return _parse(text)

    def write(self, journal: Journal) -> None:
        """Write the journal so that a power cut leaves the old one or the new one."""
        steps = [vars(step) for step in journal.steps]
        text = json.dumps({"format": FORMAT, **vars(journal), "steps": steps})
        durable.write_synced(self.folder / "journal.json", text.encode("utf-8", "surrogatepass"))

    def clear(self) -> None:
        """Forget the operation; the journal goes first, so that a kill leaves only rubbish behind."""
        (self.folder / "journal.json").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "old", ignore_errors=True)
        shutil.rmtree(self.folder / "new", ignore_errors=True)
        for name in ("index", "journal.json.new"):
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other scaffolds out of this work tree; the system lifts it when the process dies.

        Raises:
            ScaffoldError: Another one is at work.
        """
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "mutex").open("ab") as stream:
            _lock(stream.fileno())
            yield


def _lock(descriptor: int) -> None:
    if os.name != "posix":
        return
    import fcntl  # noqa: PLC0415 - not on Windows

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ScaffoldError(
            "another scaffold is at work in this repository",
            hint="wait until it has ended",
            code="busy",
        ) from error


def _check_inside(steps: tuple[Step, ...], folders: Mapping[str, int | None]) -> None:
    """Refuse a journal that came with a repository from elsewhere, and would move files that are not of it."""
    for path in (*(step.path for step in steps), *folders):
        check_inside(path)
    for name in (name for step in steps for name in (step.old, step.new)):
        if name and not name.isdigit():
            raise ValueError(name)


def _check_kinds(journal: Journal) -> None:
    steps = [text for step in journal.steps for text in vars(step).values()]
    texts = [journal.head, *steps, *journal.conflicts, *journal.note.values()]
    modes = journal.folders.values()
    if not (
        all(isinstance(text, str) for text in texts)
        and all(mode is None or type(mode) is int for mode in modes)
    ):
        raise TypeError


def _parse(text: str) -> Journal:
    hint = "remove `.git/scaffold/` when `git status` shows what you expect"
    try:
        row = json.loads(text)
        if row.pop("format") != FORMAT:
            raise ScaffoldError(
                "the journal was written by another version of scaffold",
                hint="finish with that version",
                code="journal-format",
            )
        steps = tuple(Step(**step) for step in row.pop("steps"))
        _check_inside(steps, row.get("folders", {}))
        state, conflicts = State(row.pop("state")), tuple(row.pop("conflicts"))
        journal = Journal(state=state, steps=steps, conflicts=conflicts, **row)
        _check_kinds(journal)
        return journal
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ScaffoldError("the journal is damaged", hint=hint, code="journal-damaged") from error
