"""One side already has what the other changed: that side stands."""

from __future__ import annotations

from scaffold.merge.regions import Lines, Region
from scaffold.merge.settle.alignment import align
from scaffold.merge.settle.contest import Contest, Settled, has_change

CODE = "already-there"


def already_there(region: Region, contest: Contest) -> Settled | None:
    """Settle a region in which one side has every line that the other added, and none that it removed."""
    del contest
    base, ours, theirs = region.base, region.ours, region.theirs
    if has_change(base, theirs, ours) and _went(base, theirs, ours):
        return Settled(ours, CODE, "you already have the template's change")
    if has_change(base, ours, theirs) and _went(base, ours, theirs, by_nothing=True):
        return Settled(theirs, CODE, "the template now has your change, and more")
    return None


def _went(base: Lines, changed: Lines, other: Lines, *, by_nothing: bool = False) -> bool:
    """Return whether the lines that one side removed are gone on the other too: a line that became another is not.

    Args:
        base: The old lines.
        changed: The side that removed some.
        other: The side that shall have removed them too.
        by_nothing: Whether they must not even have been replaced: what the project deleted does not come back new.
    """
    removed, now = align(base, changed), align(base, other)
    return all(
        now.is_gone(place) and not (by_nothing and now.replaced[place])
        for place in range(len(base))
        if not removed.became[place]
    )
