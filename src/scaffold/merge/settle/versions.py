"""Both sides bumped a version: the newer one stands, with its pinned commit, and the older one is named."""

from __future__ import annotations

import re

from scaffold.merge.regions import Lines, Region
from scaffold.merge.settle.contest import Contest, Settled

CODE = "newer-version"

_VERSION = re.compile(rb"(?<![\w.])v?\d+(?:\.\d+)+(?![\w*]|\.\d)")
_PIN = re.compile(rb"@[0-9a-f]{40}(?=\s+#.*?%s)" % _VERSION.pattern)
"""A commit, pinned beside a comment that says which version it is."""


def newer_version(region: Region, contest: Contest) -> Settled | None:
    """Settle a region whose lines differ in nothing but versions that both sides raised."""
    del contest
    if not len(region.base) == len(region.ours) == len(region.theirs):
        return None
    lines: list[bytes] = []
    for base, ours, theirs in zip(*_sides(region), strict=True):
        line = _newer_line(base, ours, theirs)
        if line is None:
            return None
        lines.append(line)
    if not any(_all_differ(*each) for each in zip(*_sides(region), strict=True)):
        return None
    return Settled(tuple(lines), CODE, _reason(region, tuple(lines)))


def _sides(region: Region) -> tuple[Lines, Lines, Lines]:
    return region.base, region.ours, region.theirs


def _all_differ(base: object, ours: object, theirs: object) -> bool:
    return base != ours != theirs != base


def _newer_line(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    if len(set(map(_unversioned, (base, ours, theirs)))) != 1:
        return None
    old, mine, new = (
        [_numbers(found) for found in _VERSION.findall(line)] for line in (base, ours, theirs)
    )
    # Of two commits at one version, nothing says which is the newer.
    is_told = _all_differ(old, mine, new) or not _PIN.search(base)
    if not is_told or any(a < o or b < o for o, a, b in zip(old, mine, new, strict=True)):
        return None
    if all(b >= a for a, b in zip(mine, new, strict=True)):
        return theirs
    return ours if all(a >= b for a, b in zip(mine, new, strict=True)) else None


def _unversioned(line: bytes) -> bytes:
    return _VERSION.sub(b"@", _PIN.sub(b"@", line)).strip()


def _numbers(version: bytes) -> tuple[int, ...]:
    return tuple(int(part) for part in version.lstrip(b"v").split(b"."))


def _reason(region: Region, lines: Lines) -> str:
    if lines == region.ours:
        return "both sides raised a version; yours is the newer one"
    if lines == region.theirs:
        return "both sides raised a version; the template's is the newer one"
    return "both sides raised versions; each is the newer one"
