"""What is tried before a conflict is given to a person, one rule a module, in this order.

A rule takes one region and returns what becomes of it, or nothing. It must be able to show each side's intent in its
result, and every line that a side added stands there as it was, unless the policy lets rules replace some. Two
insertions at one place are never simply both kept: of 42 such places in real upgrades, teams did that in 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from scaffold.merge.globs import matches
from scaffold.merge.outcome import Policy, Settlement
from scaffold.merge.places import as_places
from scaffold.merge.regions import Piece, Region, closed, opened
from scaffold.merge.settle.already_there import already_there
from scaffold.merge.settle.apart import lines_apart
from scaffold.merge.settle.blanks import blank_lines, indentation
from scaffold.merge.settle.contest import Contest, Settled, keeps_both, stands_in_file
from scaffold.merge.settle.imports import imports
from scaffold.merge.settle.keys import keys, reads
from scaffold.merge.settle.line_sets import line_sets
from scaffold.merge.settle.record import own_record
from scaffold.merge.settle.versions import newer_version
from scaffold.values import replace

__all__ = ["Contest", "settle"]

Rule: TypeAlias = Callable[[Region, Contest], Settled | None]

RULES: tuple[Rule, ...] = (
    blank_lines,
    indentation,
    already_there,
    newer_version,
    line_sets,
    own_record,
    imports,
    keys,
    lines_apart,
)


def settle(contest: Contest, policy: Policy) -> tuple[tuple[Piece, ...], tuple[Settlement, ...]]:
    """Return the pieces with what the rules settled, and what they did.

    Rules see lines that all end with a line feed, so that no two become one where a file's last line has none.
    """
    told: list[Settlement] = []
    for place, region in enumerate(contest.pieces):
        if not isinstance(region, Region):
            continue
        whole = closed(region)
        settled = _settled(whole, _with(contest, place, whole), policy)
        if settled is not None:
            if whole is not region and not _ends_with_line_feed(contest):
                settled = replace(settled, lines=opened(settled.lines))
            told.append(settled.told(region))
            contest = _with(contest, place, settled.lines)
    return as_places(tuple(piece for piece in contest.pieces if piece)), tuple(told)


def _with(contest: Contest, place: int, piece: Piece) -> Contest:
    """Return the contest with another piece at a place."""
    if piece is contest.pieces[place]:
        return contest
    return replace(contest, pieces=(*contest.pieces[:place], piece, *contest.pieces[place + 1 :]))


def _ends_with_line_feed(contest: Contest) -> bool:
    """Return whether the merged file ends with a line feed: as the side has it that changed the end."""
    base, ours, theirs = (
        not side or side.endswith(b"\n") for side in (contest.base, contest.ours, contest.theirs)
    )
    return theirs if ours == base else ours


def _settled(region: Region, contest: Contest, policy: Policy) -> Settled | None:
    for rule in RULES:
        settled = rule(region, contest)
        if settled is None or not reads(region, settled.lines, contest):
            continue
        if policy.may_replace or _stands(region, settled, contest):
            return settled
    if matches(contest.path, policy.owned):
        reason = "the project owns this text; the template's is left out"
        return Settled(region.ours, "owned", reason)
    return None


def _stands(region: Region, settled: Settled, contest: Contest) -> bool:
    """Return whether every line that either side added is still in the file."""
    lines = settled.lines
    return keeps_both(region, lines, contest) and stands_in_file(region, lines, contest)
