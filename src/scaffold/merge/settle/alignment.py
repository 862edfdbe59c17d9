"""How one side turned old lines into new ones: what became of each line, and what came between."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from scaffold.merge.regions import Lines, Region
from scaffold.values import frozen

_ALIKE = 0.6
_TOO_LARGE = 40_000
_MOST_BYTES = 100_000_000
"""Of lines times those that they are compared with: a line of a notebook can be as long as a book."""

Join = Callable[[Lines, Lines], Lines | None]
"""How two insertions at one place become one; nothing where they cannot."""


@frozen
class Alignment:
    """What a side did to some lines.

    Args:
        became: For each old line, what it became: itself, a line like it, nothing, or, for the first of some lines that
            were replaced by others unlike them, all of those.
        between: What was inserted before each old line, and after the last.
        replaced: For each old line, whether it was replaced by lines unlike it.
    """

    became: tuple[Lines, ...]
    between: tuple[Lines, ...]
    replaced: tuple[bool, ...]

    def is_gone(self, place: int) -> bool:
        """Return whether an old line has no successor; places outside the lines have none either."""
        if not 0 <= place < len(self.became):
            return True
        return not self.became[place] or self.replaced[place]


def merge_lines(region: Region, join: Join, *, anchored: bool = False) -> Lines | None:
    """Return a region merged line by line, or nothing where both sides changed one line.

    Args:
        region: The three sides.
        join: What becomes of two insertions at one place.
        anchored: Whether an insertion needs an old line beside it that the other side left in its place.
    """
    longest = max(len(region.ours), len(region.theirs))
    if len(region.base) * longest > _TOO_LARGE:
        return None
    ours, theirs = align(region.base, region.ours), align(region.base, region.theirs)
    if anchored and not (_is_anchored(ours, theirs) and _is_anchored(theirs, ours)):
        return None
    result: list[bytes] = []
    for place in range(len(region.base) + 1):
        inserted = _either((), ours.between[place], theirs.between[place], join)
        if inserted is None:
            return None
        result += inserted
        if place < len(region.base):
            old = (region.base[place],)
            line = _either(old, ours.became[place], theirs.became[place], _never)
            if line is None:
                return None
            result += line
    return tuple(result)


def align(old: Lines, new: Lines) -> Alignment:
    """Return how `old` became `new`; changed lines are told from replaced ones by their likeness."""
    became: list[Lines] = [()] * len(old)
    replaced = [False] * len(old)
    between: list[list[bytes]] = [[] for _ in range(len(old) + 1)]
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag == "equal":
            became[start:end] = [(line,) for line in old[start:end]]
        elif tag == "insert":
            between[start] += new[first:last]
        elif tag == "replace":
            _pair(old[start:end], new[first:last], start, became, between)
            _replace(start, end, became, between, replaced)
    return Alignment(tuple(became), tuple(tuple(lines) for lines in between), tuple(replaced))


def _is_anchored(inserting: Alignment, other: Alignment) -> bool:
    return not any(
        b"".join(lines).strip() and other.is_gone(place - 1) and other.is_gone(place)
        for place, lines in enumerate(inserting.between)
    )


def _never(first: Lines, second: Lines) -> Lines | None:
    del first, second
    return None


def _either(old: Lines, ours: Lines, theirs: Lines, join: Join) -> Lines | None:
    if ours in (old, theirs):
        return theirs
    if theirs == old:
        return ours
    if not b"".join(theirs).strip() and not old:
        return ours
    if not b"".join(ours).strip() and not old:
        return theirs
    return join(ours, theirs)


def _pair(
    old: Lines, new: Lines, offset: int, became: list[Lines], between: list[list[bytes]]
) -> None:
    pairs = _likest_pairs(old, new)
    done = 0
    for place in range(len(old)):
        if place in pairs:
            between[offset + place] += new[done : pairs[place]]
            became[offset + place] = (new[pairs[place]],)
            done = pairs[place] + 1
    between[offset + len(old)] += new[done:]


def _replace(
    start: int, end: int, became: list[Lines], between: list[list[bytes]], replaced: list[bool]
) -> None:
    """Tell lines that went while others came beside them: those did not go, they were replaced."""
    place = start
    while place < end:
        run = place
        while run < end and not became[run]:
            run += 1
        around = [gap for gap in range(place, run + 1) if between[gap]]
        if run > place and around:
            became[place] = tuple(line for gap in around for line in between[gap])
            for gap in around:
                between[gap] = []
            replaced[place:run] = [True] * (run - place)
        place = max(run, place + 1)


def _likest_pairs(old: Lines, new: Lines) -> dict[int, int]:
    """Return the pairs, in order on both sides, with the highest sum of likenesses; of too many bytes, none."""
    if sum(map(len, old)) * sum(map(len, new)) > _MOST_BYTES:
        return {}
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    likeness = [[_likeness(first, second) for second in new] for first in old]
    for i, row in enumerate(likeness):
        for j, alike in enumerate(row):
            together = best[i][j] + alike if alike else 0.0
            best[i + 1][j + 1] = max(best[i][j + 1], best[i + 1][j], together)
    pairs, i, j = {}, len(old), len(new)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs[i] = j
    return pairs


def _likeness(first: bytes, second: bytes) -> float:
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= _ALIKE else 0.0
