"""Which file went where: what git's rename detection did, told from its result."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from scaffold.merge.store import TextMerge
from scaffold.tree import File, Tree


def foreign_moves(text: TextMerge, base: Tree, theirs: Tree) -> Mapping[str, str]:
    """Return the project's own files that git moved along with a folder that the template renamed: old -> new.

    They are not the template's, so they stay where they are.
    """
    return {
        message.paths[1]: message.paths[0]
        for message in text.messages
        if _is_folder_rename(message.kind)
        and len(message.paths) > 1
        and message.paths[1] not in base
        and message.paths[1] not in theirs
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
        if _is_folder_rename(message.kind) and len(message.paths) > 1
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


def _is_folder_rename(kind: str) -> bool:
    return "directory rename" in kind.lower() or "file location" in kind.lower()
