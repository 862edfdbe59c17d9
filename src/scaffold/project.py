"""A repository with spec and lock: where it is, what it wants, what it has, and in which state git is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from scaffold import cache
from scaffold.errors import ScaffoldError
from scaffold.git import Facts, Git, GitError, executable
from scaffold.spec import (
    LOCK_FILE,
    SPEC_FILE,
    Lock,
    LockedFile,
    Spec,
    read_lock,
    read_spec,
    write_lock,
    write_spec,
)
from scaffold.tree import File, Tree
from scaffold.trust.paths import is_inside
from scaffold.values import frozen, replace

OLDEST_GIT = (2, 38)  # the first with `merge-tree --write-tree`

_ASKED = (
    "--is-bare-repository",
    "--is-inside-git-dir",
    "--absolute-git-dir",
    "--show-prefix",
    "--show-object-format",
    "--path-format=absolute",
    "--git-path",
    "objects",
)
_ANSWERS = 6
"""What git answers to it, before the commit."""

# What git leaves in its folder while it waits for a person.
_UNFINISHED = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "BISECT_LOG": "a bisection",
}


@frozen
class Checkout:
    """A git repository and the folder of it that a project lies in.

    Args:
        top: The top of the work tree; the repository itself where it is bare.
        git_dir: git's own folder; that of the work tree, for one of several.
        prefix: The project's folder below `top`, with a slash at its end; empty at the top.
        head: The commit that is checked out; empty before the first one.
        bare: There is no work tree.
        facts: What git said of the repository; nothing of a bare one.
    """

    top: Path
    git_dir: Path
    prefix: str
    head: str
    bare: bool = False
    facts: Facts | None = None

    @classmethod
    def discover(cls, place: Path) -> Checkout:
        """Return the repository that `place` is in.

        Raises:
            ScaffoldError: There is none, `place` is no folder, or git cannot or will not read it.
        """
        folder = place.resolve()
        if not folder.is_dir():
            hint = "name the project's folder with -C"
            raise ScaffoldError(f"{place} is not a folder", hint=hint, code="not-a-folder")
        found = Git(folder)("rev-parse", *_ASKED, "HEAD^{commit}", expect=(0, 128))
        lines = found.stdout.decode("utf-8", "surrogateescape").split("\n")
        if len(lines) <= _ANSWERS:
            raise _no_repository(folder, found.stderr)
        bare, inside_git_dir, git_dir, prefix, algorithm, objects, head = lines[: _ANSWERS + 1]
        head = head if re.fullmatch("[0-9a-f]{40,64}", head) else ""
        if bare == "true":
            return cls(Path(git_dir), Path(git_dir), "", head, bare=True)
        if inside_git_dir == "true":
            raise ScaffoldError(
                f"{folder} is inside git's own folder",
                hint="name the project's folder with -C",
                code="not-a-repository",
            )
        top = folder.joinpath(*[os.pardir] * prefix.count("/")).resolve()
        facts = Facts(top, Path(git_dir), Path(objects), algorithm)
        return cls(top, Path(git_dir), prefix, head, facts=facts)

    @property
    def folder(self) -> Path:
        """Return the project's folder in the work tree."""
        return self.top / self.prefix

    @cached_property
    def git(self) -> Git:
        """Return a git that runs at the top of this repository."""
        return Git(self.top, self.git_dir if self.bare else None, facts=self.facts)

    def at(self, prefix: str) -> Checkout:
        """Return the same repository with the project's folder at `prefix`."""
        return replace(self, prefix=prefix)

    def read(self, path: str) -> bytes | None:
        """Return the content of a file of the project, or nothing where it does not exist."""
        if self.bare:
            return self.read_committed(path)
        place = self.folder / path
        if (place.is_symlink() or self.is_behind_link(path)) and not self._is_own(place):
            raise ScaffoldError(
                f"{path} is a link that leads outside the repository",
                hint="put a file in its place",
                code="bad-link",
            )
        if not place.is_file():  # nor a pipe, which would be waited for
            return None
        return place.read_bytes()

    def _is_own(self, place: Path) -> bool:
        """Return whether `place` is one of the work tree's files, and none of git's own, which have passwords."""
        return is_inside(place, self.top) and not is_inside(place, self.git_dir)

    def is_behind_link(self, path: str) -> bool:
        """Return whether a folder on the way to a file of the project is a symbolic link.

        For git there is no such file then, and what lies there may be anybody's.
        """
        folder = path.rpartition("/")[0]
        known = self._linked.get(folder)
        if known is None:
            above = bool(folder) and self.is_behind_link(folder)
            known = self._linked[folder] = above or (self.folder / folder).is_symlink()
        return known

    @cached_property
    def _linked(self) -> dict[str, bool]:
        return {"": False}

    def read_committed(self, path: str) -> bytes | None:
        """Return the content of a file of the project as it was committed last."""
        name = f"HEAD:{self.prefix}{path}"
        found = self.git("cat-file", "blob", name, expect=(0, 128))
        return found.stdout if found.returncode == 0 else None

    def is_detached(self) -> bool:
        """Return whether HEAD is no branch."""
        return not (self.git_dir / "HEAD").read_bytes().startswith(b"ref:")

    def has_journal(self) -> bool:
        """Return whether an operation of scaffold's left something behind in git's folder."""
        return not self.bare and (self.git_dir / "scaffold").is_dir()

    def check_ready(self, *, leaves_files: bool = False, may_branch: bool = True) -> None:
        """Refuse a repository that is in no state to be changed.

        Args:
            leaves_files: The change goes to a branch of its own, or is only looked at; the work tree is left alone.
            may_branch: It could go to one.

        Raises:
            ScaffoldError: No commit yet, an unfinished merge, a detached HEAD, or no work tree.
        """
        if not self.head:
            raise ScaffoldError(
                "the repository has no commit yet",
                hint="make one first: git add -A && git commit",
                code="no-commit",
            )
        if leaves_files:
            return
        if self.bare:
            named = "name a branch for the change: --branch NAME"
            raise ScaffoldError(
                "a bare repository has no files to change",
                hint=named if may_branch else "use a clone with files",
                code="bare-repository",
            )
        self._check_finished()
        if self.is_detached():
            named = ", or name a new one: --branch NAME" if may_branch else ""
            raise ScaffoldError(
                "HEAD is detached: a change would belong to no branch",
                hint=f"git switch to a branch first{named}",
                code="detached-head",
            )

    def _check_finished(self) -> None:
        for name, what in _UNFINISHED.items():
            if (self.git_dir / name).exists():
                raise ScaffoldError(
                    f"{what} is in progress",
                    hint="finish or abort it first",
                    code="operation-under-way",
                )


@frozen
class Project:
    """A repository that has a spec.

    Args:
        checkout: Where it is; its prefix is the spec's folder.
        spec: What it wants to be.
        spec_text: The spec as its owner wrote it, comments and all.
        lock: What was applied; nothing where scaffold has applied nothing yet.
    """

    checkout: Checkout
    spec: Spec
    spec_text: str
    lock: Lock | None

    @classmethod
    def find(cls, place: Path) -> Project:
        """Return the project that `place` is in: the nearest folder upwards with a spec.

        Raises:
            ScaffoldError: There is none, or spec or lock cannot be read.
        """
        checkout = Checkout.discover(place)
        prefix = _nearest_spec(checkout)
        if prefix is None:
            raise ScaffoldError(
                f"there is no {SPEC_FILE} here",
                hint="start a project with `scaffold new`, or take one over with `scaffold adopt`",
                code="no-project",
            )
        return cls.load(checkout.at(prefix))

    @classmethod
    def load(cls, checkout: Checkout) -> Project:
        """Return the project in the folder that `checkout` points at.

        Raises:
            ScaffoldError: Spec or lock cannot be read.
        """
        text = _decoded(checkout.read(SPEC_FILE), SPEC_FILE)
        if text is None:
            raise ScaffoldError(f"there is no {SPEC_FILE} here", code="no-project")
        lock = _decoded(checkout.read(LOCK_FILE), LOCK_FILE)
        return cls(checkout, read_spec(text), text, None if lock is None else read_lock(lock))

    def as_committed(self, *, but_spec: bool = False) -> Project:
        """Return the project as its last commit has it; with the spec as it lies there, where that is asked for.

        Raises:
            ScaffoldError: Spec or lock were not committed, or cannot be read.
        """
        read = self.checkout.read_committed
        spec_text = self.spec_text if but_spec else _decoded(read(SPEC_FILE), SPEC_FILE)
        if spec_text is None:
            raise ScaffoldError(
                f"{SPEC_FILE} is not committed", hint="commit it first", code="no-project"
            )
        lock = _decoded(read(LOCK_FILE), LOCK_FILE)
        applied = None if lock is None else read_lock(lock)
        return Project(self.checkout, read_spec(spec_text), spec_text, applied)

    @property
    def applied(self) -> Lock:
        """Return the lock.

        Raises:
            ScaffoldError: There is none.
        """
        if self.lock is None:
            raise ScaffoldError(
                f"{LOCK_FILE} is missing",
                hint=f"restore it (git checkout HEAD -- {LOCK_FILE}), or run `scaffold adopt`",
                code="no-lock",
            )
        return self.lock


def locked_files(tree: Tree) -> Mapping[str, LockedFile]:
    """Return what a lock says of a pristine render."""
    return {path: LockedFile(file.blob_id, file.mode) for path, file in tree.items()}


def describe(tree: Tree, spec_text: str, lock: Lock) -> Tree:
    """Return `tree` with spec and lock in it, as files of the render like all others."""
    return {
        **tree,
        SPEC_FILE: File(spec_text.encode()),
        LOCK_FILE: File(write_lock(lock).encode()),
    }


def edited(text: str, before: Spec, after: Spec) -> str:
    """Return the spec document `text`, which says `before`, so that it says `after`.

    Comments, order and everything that both specs agree on stay as they are.
    """
    if before == after:
        return text
    bumped = _with_version(text, before, after)
    if bumped:
        return bumped
    import tomlkit  # noqa: PLC0415 - costs more than starting Python

    document = tomlkit.parse(text)
    template = document["template"]
    wanted = {
        "source": after.source.address,
        "directory": after.source.directory,
        "version": after.version,
    }
    _put(template, wanted, drop_empty={"directory"})
    if before.components != after.components:
        document["components"] = list(after.components)
    for name in ("skip", "owned"):
        if getattr(before, name) != getattr(after, name):
            document[name] = list(getattr(after, name))
    if "answers" not in document:
        document["answers"] = tomlkit.table()
    _put(document["answers"], after.answers)
    for name in before.answers.keys() - after.answers.keys():
        document["answers"].pop(name, None)
    result = tomlkit.dumps(document)
    # A table that was written in a way tomlkit cannot edit faithfully is written anew.
    return result if read_spec(result) == after else write_spec(after)


def _with_version(text: str, before: Spec, after: Spec) -> str:
    """Return the document with another version, or nothing where that is not all, or not plain to see."""
    old, new = (f'version = "{spec.version}"' for spec in (before, after))
    is_plain = re.fullmatch(r"[\w.+/-]+", after.version) and text.count(old) == 1
    if not is_plain or replace(before, version=after.version) != after:
        return ""
    result = text.replace(old, new)
    return result if read_spec(result) == after else ""


def _put(table: object, values: Mapping[str, object], drop_empty: set[str] | None = None) -> None:
    for name, value in values.items():
        if name in (drop_empty or ()) and not value:
            table.pop(name, None)  # type: ignore[attr-defined]
        elif value is not None and table.get(name) != value:  # type: ignore[attr-defined]
            table[name] = value  # type: ignore[index]


def check_git() -> None:
    """Refuse to work with a git that cannot merge without a work tree.

    Raises:
        ScaffoldError: git is missing or too old.
    """
    program = Path(executable())
    status, known = program.stat(), cache.folder() / "git"
    here = (str(program), status.st_size, status.st_mtime_ns)
    if cache.load(known) == here:
        return
    text = Git(Path("/"))("version").text
    found = re.search(r"(\d+)\.(\d+)", text)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
        raise ScaffoldError(f"{text} is too old", hint="install git 2.38 or newer", code="old-git")
    cache.save(known, here)


def _nearest_spec(checkout: Checkout) -> str | None:
    prefix = checkout.prefix
    while True:
        if checkout.at(prefix).read(SPEC_FILE) is not None:
            return prefix
        if not prefix:
            return None
        prefix = prefix[: prefix.rstrip("/").rfind("/") + 1]


def _decoded(content: bytes | None, name: str) -> str | None:
    try:
        return None if content is None else content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ScaffoldError(
            f"{name} is not UTF-8",
            hint=f"write it anew as UTF-8, or restore it: git checkout HEAD -- {name}",
            code="broken-spec",
        ) from None


def _no_repository(folder: Path, stderr: str) -> ScaffoldError:
    if "not a git repository" in stderr:
        return ScaffoldError(
            f"{folder} is not in a git repository",
            hint="make it one first: git init && git add -A && git commit",
            code="not-a-repository",
        )
    return GitError(("rev-parse",), 128, stderr)
