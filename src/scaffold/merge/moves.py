"""Which file went where: what git's rename detection did, told from its result."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from scaffold.merge.store import Message, TextMerge, Unmerged
from scaffold.objects import Entry, Trees, entry_of
from scaffold.tree import File, Tree
from scaffold.values import replace


def foreign_moves(text: TextMerge, base: Tree, theirs: Tree) -> Mapping[str, str]:
    """Return the project's own names that git moved along with a folder that the template renamed: old -> new.

    They are not the template's, so they stay where they are.
    """
    return {
        message.paths[1]: message.paths[0]
        for message in text.messages
        if _is_folder_rename(message)
        and message.paths[1] not in base
        and message.paths[1] not in theirs
    }


def put_back(text: TextMerge, foreign: Mapping[str, str], trees: Trees) -> TextMerge:
    """Return the merge with the files of `foreign` at the project's own names, with what was merged into them."""
    if not foreign:
        return text
    own = {elsewhere: path for path, elsewhere in foreign.items()}
    edits: dict[str, Entry | None] = dict.fromkeys(own)
    edits |= {path: trees.find(text.tree, elsewhere) for path, elsewhere in foreign.items()}
    return TextMerge(
        trees.edit(text.tree, edits),
        tuple(replace(entry, path=own.get(entry.path, entry.path)) for entry in text.unmerged),
        tuple(
            replace(message, paths=tuple(own.get(path, path) for path in message.paths))
            for message in text.messages
            if not (_is_folder_rename(message) and message.paths[0] in own)
        ),
    )


def with_added(text: TextMerge, base: Tree, added: Tree, trees: Trees) -> TextMerge:
    """Return the merge with files of the template's that took no part in it and that the project lacks.

    What is in `base` too, the project deleted.
    """
    entries = {path: entry_of(file, trees.algorithm) for path, file in added.items()}
    new = {path: entry for path, entry in entries.items() if path not in base}
    deleted = (
        entry
        for path, file in added.items()
        if path in base and base[path] != file
        for entry in _deleted(path, base[path], file, trees.algorithm)
    )
    return replace(text, tree=trees.edit(text.tree, new), unmerged=(*text.unmerged, *deleted))


def moved_apart(text: TextMerge) -> Mapping[str, tuple[str, str]]:
    """Return the files that both sides moved: the project's path -> the old one and the template's."""
    return {
        message.paths[1]: (message.paths[0], message.paths[2])
        for message in text.messages
        if message.kind == "CONFLICT (rename/rename)" and len(message.paths) == 3  # noqa: PLR2004
    }


def pairs(
    text: TextMerge, base: Tree, changed: Collection[str], added_by_ours: Mapping[str, File]
) -> Mapping[str, str]:
    """Return, for the changed paths that a file was moved to by the project, where the template has it."""
    gone = [path for path in base if path not in changed]
    followed = {path: _likest(path, file, base, gone) for path, file in added_by_ours.items()}
    folders = {
        message.paths[0]: message.paths[1]
        for message in text.messages
        if _is_folder_rename(message)
    }
    return {path: origin for path, origin in {**followed, **folders}.items() if origin}


def _likest(path: str, file: File, base: Tree, candidates: Collection[str]) -> str:
    import difflib  # noqa: PLC0415 - for projects that moved files

    name = path.rsplit("/", 1)[-1]
    lines = file.content.splitlines()

    def likeness(candidate: str) -> tuple[float, bool]:
        other = base[candidate].content.splitlines()
        ratio = difflib.SequenceMatcher(None, lines, other, autojunk=False).quick_ratio()
        return ratio, candidate.rsplit("/", 1)[-1] == name

    best = max(candidates, key=likeness, default="")
    return best if best and likeness(best)[0] > 0.4 else ""  # noqa: PLR2004 - git's is 0.5 of bytes


def _is_folder_rename(message: Message) -> bool:
    """Return whether git moved a file along with a folder: its paths are the new one and the old one."""
    kinds = {"Path updated due to directory rename", "CONFLICT (directory rename suggested)"}
    return message.kind in kinds and len(message.paths) > 1


def _deleted(path: str, old: File, new: File, algorithm: str) -> Iterator[Unmerged]:
    for stage, file in ((1, old), (3, new)):
        yield Unmerged(path, stage, file.mode, entry_of(file, algorithm).id)
