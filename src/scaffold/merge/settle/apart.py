"""Both sides changed lines that only touch: each line has one side's change, and both are in."""

from __future__ import annotations

import ast

from scaffold.merge.regions import Lines, Region
from scaffold.merge.settle.alignment import merge_lines
from scaffold.merge.settle.contest import Contest, Settled, keeps_both
from scaffold.merge_keys import is_ini_by_name, reader_of

CODE = "lines-apart"


def lines_apart(region: Region, contest: Contest) -> Settled | None:
    """Settle a region in which no line was changed by both sides, and nothing inserted by both at one place."""
    if not region.base or _is_data(contest):
        return None  # data is merged key by key, with a proof
    lines = merge_lines(region, _not_both, anchored=True)
    if lines is None or not keeps_both(region, lines, contest):
        return None
    if contest.name.endswith(".py") and not _still_python(region, lines):
        return None
    return Settled(lines, CODE, "the two sides changed neighbouring lines, none of them both")


def _is_data(contest: Contest) -> bool:
    read = reader_of(contest.name)
    if read is None or not is_ini_by_name(contest.name):
        return read is not None
    try:
        read(contest.ours)
    except ValueError:
        return False
    return True


def _not_both(first: Lines, second: Lines) -> Lines | None:
    """Two insertions at one place have no order that could be proven: a person must decide."""
    del first, second
    return None


def _still_python(region: Region, lines: Lines) -> bool:
    """Return whether the lines are Python, unless the sides alone are not, being pieces of a statement."""
    return _parses(lines) or not (_parses(region.ours) and _parses(region.theirs))


def _parses(lines: Lines) -> bool:
    text = b"if 1:\n" + b"".join(lines) if lines and lines[0][:1] in b" \t" else b"".join(lines)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
