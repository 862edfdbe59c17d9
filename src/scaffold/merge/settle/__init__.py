"""What is tried before a conflict is given to a person, one rule a module, in this order.

A rule takes one region and returns what becomes of it, or nothing. It must be able to show each side's intent in its
result. Two insertions at one place are never simply both kept: of 42 such places in real upgrades, teams did that in 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from scaffold.merge.globs import matches
from scaffold.merge.outcome import Policy, Settlement
from scaffold.merge.regions import Lines, Piece, Region
from scaffold.merge.settle.already_there import already_there
from scaffold.merge.settle.apart import lines_apart
from scaffold.merge.settle.blanks import blank_lines, indentation
from scaffold.merge.settle.contest import Contest, Settled, keeps_both, stands_in_file
from scaffold.merge.settle.keys import keys, reads
from scaffold.merge.settle.line_sets import line_sets
from scaffold.merge.settle.versions import newer_version

__all__ = ["Contest", "as_one", "settle"]

Rule: TypeAlias = Callable[[Region, Contest], Settled | None]

RULES: tuple[Rule, ...] = (
    blank_lines,
    indentation,
    already_there,
    newer_version,
    line_sets,
    keys,
    lines_apart,
)
_CLOSE = 3


def settle(contest: Contest, policy: Policy) -> tuple[tuple[Piece, ...], tuple[Settlement, ...]]:
    """Return the pieces with what the rules settled, and what they did."""
    told: list[Settlement] = []
    for place, region in enumerate(contest.pieces):
        if not isinstance(region, Region):
            continue
        settled = _settled(region, contest, policy)
        if settled is not None:
            told.append(settled.told(region))
            pieces = (*contest.pieces[:place], settled.lines, *contest.pieces[place + 1 :])
            contest = replace(contest, pieces=pieces)
    pieces = tuple(piece for piece in contest.pieces if piece)
    return tuple(_joined(pieces)), tuple(told)


def as_one(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return the pieces with all regions joined: of a lock file a person takes one side and builds it again."""
    return tuple(
        _joined(pieces, close=sum(len(piece) for piece in pieces if isinstance(piece, tuple)))
    )


def _settled(region: Region, contest: Contest, policy: Policy) -> Settled | None:
    for rule in RULES:
        settled = rule(region, contest)
        if settled is None or not reads(region, settled.lines, contest):
            continue
        if not policy.is_literal or _is_literal(region, settled, contest):
            return settled
    if matches(contest.path, policy.owned):
        reason = "the project owns this text; the template's is left out"
        return Settled(region.ours, "owned", reason)
    return None


def _is_literal(region: Region, settled: Settled, contest: Contest) -> bool:
    lines = settled.lines
    return keeps_both(region, lines) and stands_in_file(region, lines, contest)


def _joined(pieces: tuple[Piece, ...], close: int = _CLOSE) -> Iterator[Piece]:
    """Yield the pieces with regions joined that at most three lines separate, as git does: one place to decide."""
    region: Region | None = None
    between: Lines = ()
    for piece in pieces:
        if not isinstance(piece, Region):
            between += piece
        elif region is not None and len(between) <= close:
            region, between = _one(region, between, piece), ()
        else:
            yield from _present(region, between)
            region, between = piece, ()
    yield from _present(region, between)


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
