"""Which conflicts are one place to decide.

People decide neighbours alike: of the twelve pairs in real upgrades that at most six lines separate, and of which the
team took one side each, it took the same side in eleven.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from scaffold.merge.regions import Lines, Piece, Region

_HUNK = 6
"""How many lines may separate the changes of one hunk: two contexts of three lines, as in `git diff`."""
_Test: TypeAlias = Callable[[Region, Lines, Region], bool]
_WORD = re.compile(rb"\w")


def as_places(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return the pieces with neighbouring regions joined.

    Neighbours are what `git diff` would show in one hunk, not counting lines without a word; and what fewer lines
    separate than either has: of a passage that was rewritten, a few lines are equal by chance.
    """
    return tuple(_joined(pieces, _are_neighbours))


def as_one(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return the pieces with all regions joined: of a lock file a person takes one side and builds it again."""
    return tuple(_joined(pieces, lambda *_: True))


def _joined(pieces: tuple[Piece, ...], is_one_place: _Test) -> Iterator[Piece]:
    region: Region | None = None
    between: Lines = ()
    for piece in pieces:
        if not isinstance(piece, Region):
            between += piece
        elif region is not None and is_one_place(region, between, piece):
            region, between = _one(region, between, piece), ()
        else:
            yield from _present(region, between)
            region, between = piece, ()
    yield from _present(region, between)


def _are_neighbours(first: Region, between: Lines, last: Region) -> bool:
    said = sum(bool(_WORD.search(line)) for line in between)
    return said <= max(_HUNK, min(_size(first), _size(last)))


def _size(region: Region) -> int:
    return max(map(len, (region.ours, region.base, region.theirs)))


def _present(*pieces: Piece | None) -> Iterator[Piece]:
    for piece in pieces:
        if piece:
            yield piece


def _one(first: Region, between: Lines, last: Region) -> Region:
    """Return two regions and the lines between them as one."""
    return Region(
        first.ours + between + last.ours,
        first.base + between + last.base,
        first.theirs + between + last.theirs,
    )
