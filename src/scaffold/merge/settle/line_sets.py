"""Files that are sets of lines (`.gitignore` and the like): both sides' additions and removals count."""

from __future__ import annotations

import difflib

from scaffold.merge.regions import Lines, Region
from scaffold.merge.settle.alignment import merge_lines
from scaffold.merge.settle.contest import Contest, Settled, said

CODE = "lines"

_NAMES = {
    ".gitignore",
    ".dockerignore",
    ".npmignore",
    ".helmignore",
    ".gcloudignore",
    ".prettierignore",
    ".eslintignore",
    ".markdownlintignore",
    ".cspell-words.txt",
    ".wordlist.txt",
}


def line_sets(region: Region, contest: Contest) -> Settled | None:
    """Settle a region of a file whose lines are a set; a line that takes others back (`!`) makes the order count."""
    if contest.name not in _NAMES or _has_exceptions(region):
        return None
    lines = merge_lines(region, _union) if region.base else _union(region.ours, region.theirs)
    if lines is None or not _is_proven(region, lines):
        return None
    return Settled(lines, CODE, "a set of lines: both sides' additions are in")


def _has_exceptions(region: Region) -> bool:
    return any(line.startswith(b"!") for line in (*region.ours, *region.theirs))


def _union(ours: Lines, theirs: Lines) -> Lines:
    """Return both, in both orders, what is equal once."""
    result: list[bytes] = []
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        result += ours[start:end]
        if tag != "equal":
            result += theirs[first:last]
    return tuple(result)


def _is_proven(region: Region, lines: Lines) -> bool:
    base, ours, theirs = set(said(region.base)), set(said(region.ours)), set(said(region.theirs))
    wanted = (ours & theirs) | (ours - base) | (theirs - base)
    return set(said(lines)) == wanted
