"""Projects below a project, each with a spec of its own: nothing that is in one of them is the outer one's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from scaffold.objects import FOLDER, Entry, Trees
from scaffold.spec import SPEC_FILE


def files_of_others(trees: Trees, project: str, known: Collection[str]) -> Mapping[str, Entry]:
    """Return the files of the projects below the tree `project`, but for those `known` as the outer template's."""
    return {
        path: entry
        for folder, tree in _below(trees, project)
        if f"{folder}{SPEC_FILE}" not in known
        for path, entry in trees.files(tree, folder)
        if path not in known
    }


def without_others(files: Mapping[str, Entry], known: Collection[str]) -> Mapping[str, Entry]:
    """Return the files, path -> entry, that are in no project below, or `known` as the outer template's."""
    folders = tuple(
        path.removesuffix(SPEC_FILE)
        for path in files
        if path.endswith(f"/{SPEC_FILE}") and path not in known
    )
    return {
        path: entry
        for path, entry in files.items()
        if path in known or not path.startswith(folders)
    }


def _below(trees: Trees, tree: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the folder, with a slash at its end, and the tree of each project below."""
    for name, entry in trees.entries(tree).items():
        if entry.mode != FOLDER:
            continue
        folder = f"{prefix}{name}/"
        if SPEC_FILE in trees.entries(entry.id):
            yield folder, entry.id
        else:
            yield from _below(trees, entry.id, folder)
