"""One side changed only blank lines or indentation: the other side's change stands, indented likewise."""

from __future__ import annotations

from scaffold.merge.regions import Lines, Region
from scaffold.merge.settle.contest import Contest, Settled, said

CODE = "blanks"


def blank_lines(region: Region, contest: Contest) -> Settled | None:
    """Settle a region in which one side changed nothing but blank lines, or both the same but for those."""
    del contest
    ours, base, theirs = said(region.ours), said(region.base), said(region.theirs)
    if ours == theirs:
        return Settled(region.ours, CODE, "both sides made the same change, but for blank lines")
    if ours == base:
        return Settled(region.theirs, CODE, "you had changed only blank lines here")
    if theirs == base:
        return Settled(region.ours, CODE, "the template changed only blank lines here")
    return None


def indentation(region: Region, contest: Contest) -> Settled | None:
    """Settle a region that one side shifted as a whole, by shifting the other side's change as far."""
    del contest
    reason = "one side changed only the indentation; the other side's change is indented likewise"
    for shifted, changed in ((region.ours, region.theirs), (region.theirs, region.ours)):
        by = _shift(region.base, shifted)
        if by is None:
            continue
        lines = _shifted(changed, *by)
        if lines is not None:
            return Settled(lines, "indentation", reason)
    return None


def _shift(old: Lines, new: Lines) -> tuple[bytes, bytes] | None:
    """Return which indentation became which, where all lines of a side were shifted by the same."""
    before, after = said(old), said(new)
    if not before or len(before) != len(after) or before == after:
        return None
    if any(first.strip() != second.strip() for first, second in zip(before, after, strict=True)):
        return None
    shifts = {_difference(*pair) for pair in zip(before, after, strict=True)}
    return shifts.pop() if len(shifts) == 1 else None


def _difference(before: bytes, after: bytes) -> tuple[bytes, bytes]:
    first, second = _indentation(before), _indentation(after)
    if second.endswith(first):
        return b"", second[: len(second) - len(first)]
    if first.endswith(second):
        return first[: len(first) - len(second)], b""
    return first, second


def _shifted(lines: Lines, removed: bytes, added: bytes) -> Lines | None:
    if any(line.strip() and not line.startswith(removed) for line in lines):
        return None
    return tuple(added + line[len(removed) :] if line.strip() else line for line in lines)


def _indentation(line: bytes) -> bytes:
    return line[: len(line) - len(line.lstrip(b" \t"))]
