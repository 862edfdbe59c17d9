"""One side already has what the other changed, at the same places: that side stands."""

from __future__ import annotations

from collections import Counter

from scaffold.merge.regions import Lines, Region
from scaffold.merge.settle.alignment import Alignment, align
from scaffold.merge.settle.contest import Contest, Settled, has_change, said
from scaffold.merge.settle.keys import is_proven
from scaffold.merge_keys import reader_of

CODE = "already-there"


def already_there(region: Region, contest: Contest) -> Settled | None:
    """Settle a region in which one side has made each change of the other's, where the other made it.

    Data must say so too: a line is told from its neighbours here, and a key's table may stand further up.
    """
    base, ours, theirs = region.base, region.ours, region.theirs
    settled = None
    if _has(base, theirs, ours):
        settled = Settled(ours, CODE, "you already have the template's change")
    elif _has(base, ours, theirs, by_nothing=True):
        settled = Settled(theirs, CODE, "the template now has your change, and more")
    if settled is None or reader_of(contest.name) is None:
        return settled
    return settled if is_proven(region, settled.lines, contest) else None


def _has(base: Lines, changed: Lines, other: Lines, *, by_nothing: bool = False) -> bool:
    """Return whether one side's changes are the other's too.

    Args:
        base: The old lines.
        changed: The side whose changes are looked for.
        other: The side that shall have them, and may have more.
        by_nothing: Whether the other must have nothing in place of what is gone: what the project deleted does not
            come back new.
    """
    if not has_change(base, changed, other) or not _is_told_apart(base, changed):
        return False
    wanted, found = align(base, changed), align(base, other)
    return all(
        _has_line(base, wanted, found, place, by_nothing=by_nothing) for place in range(len(base))
    ) and all(map(_within, wanted.between, found.between))


def _is_told_apart(old: Lines, new: Lines) -> bool:
    """Return whether no line came or went of which there are more: which one it was could not be told."""
    before, after = Counter(said(old)), Counter(said(new))
    return not any(min(before[line], after[line]) for line in (before - after) + (after - before))


def _has_line(
    base: Lines, wanted: Alignment, found: Alignment, place: int, *, by_nothing: bool
) -> bool:
    """Return whether an old line became in `found` what it became in `wanted`, if anything became of it there."""
    became = wanted.became[place]
    if became == base[place : place + 1]:
        return True
    if became:
        return _within(became, found.became[place])
    return found.is_gone(place) and not (by_nothing and found.replaced[place])


def _within(lines: Lines, other: Lines) -> bool:
    """Return whether lines stand among others, in their order."""
    rest = iter(said(other))
    return all(line in rest for line in said(lines))
