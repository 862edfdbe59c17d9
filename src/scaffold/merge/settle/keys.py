"""TOML, YAML, JSON and INI key by key: lines of both sides are laid together, and the data proves the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from scaffold.merge.regions import Lines, Region, following, side_with, split
from scaffold.merge.settle.alignment import merge_lines
from scaffold.merge.settle.commas import with_commas, without_commas
from scaffold.merge.settle.contest import Contest, Settled, has_change, keeps_both
from scaffold.merge_keys import Conflict, merged, reader_of, same_elements

CODE = "keys"

_WORD = re.compile(rb'"[^"\n]*"|\'[^\'\n]*\'|[\w.-]+|\s+|.', re.DOTALL)
_MOST_WORDS = 200


def keys(region: Region, contest: Contest) -> Settled | None:
    """Settle a region of a structured file for which some text says just what both sides' data merge to."""
    if reader_of(contest.name) is None:
        return None
    for lines, reason in _told_candidates(region, contest):
        if keeps_both(region, lines, contest) and is_proven(region, lines, contest):
            return Settled(lines, CODE, reason)
    words = _by_word(region)
    if words is not None and is_proven(region, words, contest):
        return Settled(words, CODE, "both sides changed different elements of one line")
    return None


def reads(region: Region, lines: Lines, contest: Contest) -> bool:
    """Return whether a structured file can still be read with these lines, unless it could not be read before."""
    read = reader_of(contest.name)
    if read is None:
        return True
    return _can(read, contest, region, lines) or not _can(read, contest, region, region.ours)


def _can(read: Callable[[bytes], object], contest: Contest, region: Region, lines: Lines) -> bool:
    try:
        read(side_with(contest.pieces, region, lines))
    except (ValueError, RecursionError):
        return False
    return True


def _told_candidates(region: Region, contest: Contest) -> Iterator[tuple[Lines, str]]:
    reason = "both sides changed different keys"
    for lines in _candidates(region):
        yield lines, reason
    if contest.is_json:
        after = following(contest.pieces, region)
        for lines in _candidates(without_commas(region)):
            yield with_commas(lines, after), f"{reason}; commas stand where JSON wants them"


def _candidates(region: Region) -> Iterator[Lines]:
    if has_change(region.base, region.theirs, region.ours):
        yield region.ours  # never the template's: a comment that the project deleted does not come back as a key
    for join in (_ours_first, _theirs_first, _both):
        lines = merge_lines(region, join) if region.base else join(region.ours, region.theirs)
        if lines is not None:
            yield lines


def _by_word(region: Region) -> Lines | None:
    """Return the region merged word by word, for lists that are written on one line."""
    if not len(region.ours) == len(region.base) == len(region.theirs):
        return None  # what is laid out over lines has its layout, and its comments, to lose
    sides = [_words(side) for side in (region.ours, region.base, region.theirs)]
    if max(map(len, sides)) > _MOST_WORDS or any(b"#" in word for side in sides for word in side):
        return None
    words = merge_lines(Region(*sides), lambda ours, theirs: (*ours, *theirs))
    return None if words is None else split(b"".join(words))


def _words(lines: Lines) -> Lines:
    return tuple(_WORD.findall(b"".join(lines)))


def _ours_first(ours: Lines, theirs: Lines) -> Lines:
    seen = set(ours)
    return (*ours, *(line for line in theirs if line not in seen or not line.strip()))


def _theirs_first(ours: Lines, theirs: Lines) -> Lines:
    return _ours_first(theirs, ours)


def _both(ours: Lines, theirs: Lines) -> Lines:
    """Return one after the other, for elements that say some line alike."""
    return (*ours, *theirs)


def is_proven(region: Region, lines: Lines, contest: Contest) -> bool:
    """Return whether the file with these lines says what the three files with the region's sides merge to.

    Every other region is taken from the project, so that each is proven by itself.
    """
    read = reader_of(contest.name)
    if read is None:
        return False
    try:
        base, ours, theirs, result = (
            read(side_with(contest.pieces, region, side))
            for side in (region.base, region.ours, region.theirs, lines)
        )
        return same_elements(merged(base, ours, theirs), result)
    except (Conflict, ValueError, RecursionError):
        return False
