"""JSON's commas: one stands between two elements and belongs to neither, so that it is looked at last."""

from __future__ import annotations

import re

from scaffold.merge.regions import Lines, Region

_COMMA = re.compile(rb",(?=\s*\Z)")
_END = re.compile(rb"\s*\Z")
_OPEN = (b"{", b"[", b":", b",")
_CLOSE = (b"}", b"]")


def without_comma(line: bytes) -> bytes:
    """Return a line without the comma at its end."""
    return _COMMA.sub(b"", line)


def without_commas(region: Region) -> Region:
    """Return a region's sides without the commas at their lines' ends."""
    base, ours, theirs = (
        tuple(map(without_comma, side)) for side in (region.base, region.ours, region.theirs)
    )
    return Region(ours, base, theirs)


def with_commas(lines: Lines, after: bytes) -> Lines:
    """Return lines that have none with a comma after each element that another follows, in them or in `after`."""
    result: list[bytes] = []
    follows = after
    for line in reversed(lines):
        if line.strip():
            result.append(_closed(line, follows))
            follows = line
        else:
            result.append(line)
    return tuple(reversed(result))


def _closed(line: bytes, follows: bytes) -> bytes:
    is_last = not follows.strip() or follows.lstrip().startswith(_CLOSE)
    if is_last or line.rstrip().endswith(_OPEN):
        return line
    return _END.sub(lambda end: b"," + end[0], line, count=1)
