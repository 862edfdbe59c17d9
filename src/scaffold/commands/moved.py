"""Where a project has the template's files that it moved: git's own detection of renames."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from scaffold.git import GitError
from scaffold.merge.nested import without_others
from scaffold.merge.store import opened
from scaffold.objects import SUBMODULE, Entry, Trees
from scaffold.pack import write_pack
from scaffold.project import Checkout
from scaffold.spec import OWN_FILES, LockedFile

_ROW = re.compile(r"(\d+) (?:blob |commit )?([0-9a-f]+)(?: \d)?\t([^\0]+)\0")
_AS_A_MERGE = ("-M50%", "-l4000", "--no-rename-empty")


def moved_files(
    checkout: Checkout, gone: Mapping[str, LockedFile], known: Collection[str]
) -> Mapping[str, str]:
    """Return where the files `gone` of a pristine render are now: old path -> new path.

    A file is looked for by its content, the same or alike, among the tracked files that are neither `known` as the
    template's nor in a project below this one. One whose pristine content the repository does not have is not found.
    """
    own = {*OWN_FILES, *known}
    ours = without_others(dict(_tracked(checkout)), known)
    tracked = {path: entry for path, entry in ours.items() if path not in own}
    found = _renames(checkout, gone, tracked) if tracked else {}
    return {**found, **dict(_empty_ones(gone, tracked, found))}


def _tracked(checkout: Checkout) -> Iterator[tuple[str, Entry]]:
    """Yield the files that git knows of the project: those of its last commit where there is no work tree."""
    listing = ("ls-tree", "-r", "-z", "HEAD") if checkout.bare else ("ls-files", "-s", "-z")
    below = [checkout.prefix] if checkout.prefix else []
    listed = checkout.git(*listing, "--", *below).stdout.decode("utf-8", "surrogateescape")
    for mode, identifier, path in _ROW.findall(listed):
        if mode != SUBMODULE:
            yield path.removeprefix(checkout.prefix), Entry(mode, identifier)


def _renames(
    checkout: Checkout, gone: Mapping[str, LockedFile], tracked: Mapping[str, Entry]
) -> dict[str, str]:
    with opened(checkout.git) as store:
        # Each once: a lock may name one large file many times.
        there = {blob for blob in {file.blob for file in gone.values()} if store.find(blob)}
        before = {
            path: Entry(file.mode, file.blob) for path, file in gone.items() if file.blob in there
        }
        made: dict[str, tuple[str, bytes]] = {}

        def keep(identifier: str, kind: str, content: bytes) -> None:
            made[identifier] = (kind, content)

        trees = Trees(store.read, keep, store.algorithm)
        sides = [trees.edit("", before), trees.edit("", tracked)]
        write_pack(store.folder / "objects" / "pack", made, store.algorithm)
        try:
            listed = store.git("diff-tree", "-r", "-z", "--diff-filter=R", *_AS_A_MERGE, *sides)
        except GitError:  # a partial clone lacks a file that would have to be compared
            return {}
    fields = listed.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return dict(zip(fields[1::3], fields[2::3], strict=True))


def _empty_ones(
    gone: Mapping[str, LockedFile], tracked: Mapping[str, Entry], found: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the files that lie, as they were, where their folder's other files were moved to.

    git follows no empty file by its content, and a package has one.
    """
    folders = {_folder(old): _folder(new) for old, new in found.items()}
    for path, file in gone.items():
        name = path.removeprefix(_folder(path))
        target = f"{folders.get(_folder(path), '/')}{name}"
        if path not in found and target in tracked and tracked[target].id == file.blob:
            yield path, target


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]
