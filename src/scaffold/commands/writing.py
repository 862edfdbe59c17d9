"""Write a tree into an empty place: all of it, or nothing."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scaffold import durable
from scaffold.errors import ScaffoldError
from scaffold.git import Git, GitError
from scaffold.objects import Trees, object_id
from scaffold.pack import write_pack
from scaffold.spec import OWN_FILES, Answers
from scaffold.tree import Tree
from scaffold.values import replace


def check_empty(destination: Path) -> None:
    """Refuse a destination that holds something.

    Raises:
        ScaffoldError: It exists and is not an empty folder.
    """
    for place in (destination, *destination.parents):
        is_link = place == destination and place.is_symlink()
        if is_link or (place.exists() and not place.is_dir()):
            raise ScaffoldError(
                f"{place} exists and is not a folder",
                hint="name another folder",
                code="destination-exists",
            )
    if destination.is_dir() and any(destination.iterdir()):
        raise ScaffoldError(
            f"{destination} exists and is not empty",
            hint="name another folder, or take this one over with `scaffold adopt`",
            code="destination-exists",
        )


def write_project(tree: Tree, destination: Path, message: str, author: Answers) -> bool:
    """Write `tree` to `destination` as a git repository with one commit.

    Inside another repository that does not ignore it, it becomes a folder of that one instead.

    Returns:
        Whether a repository was made.

    Raises:
        ScaffoldError: It cannot be written; nothing is left behind.
    """
    outer = _outer_repository(destination)
    with _beside(destination) as folder:
        _write_files(tree, folder)
        if outer is None:
            _first_commit(folder, tree, message, author)
        _move_into_place(folder, destination)
    return outer is None


def command_to_add(folder: Path) -> str:
    """Return how a new project is added to the repository around it."""
    ignored = sorted(Git(folder).ignored(OWN_FILES, though_tracked=True))
    return f"git add . && git add -f {' '.join(ignored)}" if ignored else "git add ."


@contextmanager
def _beside(destination: Path) -> Iterator[Path]:
    """Yield a folder on the file system of `destination`, which is gone afterwards unless it was moved."""
    made = None
    try:
        made = _make_parents(destination.parent)
        folder = Path(tempfile.mkdtemp(prefix=f".{destination.name[:80]}.", dir=destination.parent))
        folder.chmod(0o777 & ~_umask())
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise ScaffoldError(
            f"{destination} cannot be written: {error.strerror or error}",
            hint="nothing was made; try again when that is mended",
            code="cannot-write",
        ) from None
    finally:
        if made is not None and not destination.exists():
            shutil.rmtree(made, ignore_errors=True)


def _make_parents(folder: Path) -> Path | None:
    """Make `folder`; return the uppermost folder that did not exist before."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[-1] if missing else None


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _write_files(tree: Tree, folder: Path) -> None:
    """Write the files of `tree` into the empty `folder`; there may be ten thousand."""
    made: set[str] = set()
    for path, file in tree.items():
        target = f"{folder}/{path}"
        above = target.rpartition("/")[0]
        if above not in made:
            os.makedirs(above, exist_ok=True)  # noqa: PTH103 - a path object costs more than a file
            made.add(above)
        if file.mode == "120000":
            os.symlink(os.fsdecode(file.content), target)  # noqa: PTH211 - see above
            continue
        with open(target, "wb") as stream:  # noqa: PTH123 - see above
            stream.write(file.content)
        if file.mode == "100755":
            Path(target).chmod(0o777 & ~_umask())


def _move_into_place(folder: Path, destination: Path) -> None:
    if not destination.exists():
        folder.rename(destination)
        return
    for child in folder.iterdir():  # somebody may stand in the empty folder: it stays the same one
        child.rename(destination / child.name)


def _outer_repository(destination: Path) -> Path | None:
    """Return the work tree that `destination` would be a part of, or nothing."""
    parent = next(each for each in destination.parents if each.exists())
    git = Git(parent)
    found = git("rev-parse", "--show-toplevel", expect=(0, 128))
    if found.returncode != 0:
        return None
    inside = destination / "any"  # a pattern for folders matches only what lies in one
    ignored = git("check-ignore", "-q", "--", str(inside), expect=(0, 1, 128))
    return None if ignored.returncode == 0 else Path(found.text)


def _first_commit(folder: Path, tree: Tree, message: str, author: Answers) -> None:
    # Named, never looked for: what was rendered may look like a repository itself, with settings of its own.
    git = Git(folder, git_dir=folder / ".git")
    settings = _settings(git)
    branch = settings.get("init.defaultbranch") or "main"
    _init(git, folder, branch, plain="init.templatedir" not in settings)
    name = settings.get("user.name") or str(author.get("author_name") or "scaffold")
    email = settings.get("user.email") or str(author.get("author_email") or "scaffold@localhost")
    try:
        if _needs_git_add(tree, settings) or _has_other_ids(folder):
            identified = replace(git, config=(f"user.name={name}", f"user.email={email}"))
            identified("add", "-A")
            identified("add", "-f", "--", *OWN_FILES)
            identified("commit", "-q", "--allow-empty", "-m", message)
        else:
            ignored = git.ignored(tree, though_tracked=True) - OWN_FILES
            kept = {path: file for path, file in tree.items() if path not in ignored}
            commit = _store(folder, kept, message, f"{_plain(name)} <{_plain(email)}>")
            git("update-ref", "-m", "commit (initial)", f"refs/heads/{branch}", commit)
            git("reset", "-q")
    except GitError as error:
        raise ScaffoldError(
            f"git could not make the first commit: {error.detail}",
            hint=error.hint or "nothing was made; try again when that is mended",
            code="git-failed",
        ) from None


def _init(git: Git, folder: Path, branch: str, *, plain: bool) -> None:
    """Make a repository: `plain` without the samples of hooks that git copies, which are most of its files."""
    samples = ("--template=",) if plain else ()
    git("init", "-q", f"--initial-branch={branch}", *samples)
    for name in ("hooks", "info"):
        (folder / ".git" / name).mkdir(exist_ok=True)


def _settings(git: Git) -> dict[str, str]:
    """Return the settings of the user's git that a first commit depends on."""
    wanted = r"^(init\.defaultbranch|init\.templatedir|user\.name|user\.email|commit\.gpgsign)$"
    listed = git("config", "-z", "--get-regexp", wanted, expect=(0, 1)).text
    rows = (row.partition("\n") for row in listed.split("\0") if row)
    return {name: value for name, _, value in rows}


def _needs_git_add(tree: Tree, settings: dict[str, str]) -> bool:
    """Return whether git itself must make the commit: signed ones, and contents that attributes change."""
    attributes = (file.content for path, file in tree.items() if path.endswith(".gitattributes"))
    signed = settings.get("commit.gpgsign", "false").lower() not in ("false", "no", "off", "0")
    carriage = any(b"\r\n" in file.content and b"\0" not in file.content for file in tree.values())
    return signed or carriage or any(b"filter=" in content for content in attributes)


def _has_other_ids(folder: Path) -> bool:
    """Return whether git was set to name objects in another way than by SHA-1, from version 2.45 on."""
    return b"objectformat" in (folder / ".git/config").read_bytes().lower()


def _store(folder: Path, tree: Tree, message: str, person: str) -> str:
    """Store one commit of `tree` and return its id.

    It is one pack, which git compresses well when it next tidies up: nobody waits for that. As git does, it is synced
    to disk.
    """
    objects: dict[str, tuple[str, bytes]] = {}

    def keep(identifier: str, kind: str, content: bytes) -> None:
        objects[identifier] = (kind, content)

    root = Trees(lambda identifier: objects[identifier][1], keep).build(tree)
    moment = f"{int(time.time())} {time.strftime('%z')}"
    text = f"tree {root}\nauthor {person} {moment}\ncommitter {person} {moment}\n\n{message}\n"
    content = text.encode("utf-8", "surrogateescape")  # a name may be of another encoding
    commit = object_id("commit", content)
    keep(commit, "commit", content)
    write_pack(folder / ".git/objects/pack", objects, "sha1", durable.write_synced)
    return commit


def _plain(text: str) -> str:
    return re.sub(r"[<>\n\x00]", "", text).strip()
