"""Texts with conflict marks: read git's, and write those that a person sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from scaffold.merge.outcome import Labels
from scaffold.merge.store import MARKER_SIZE
from scaffold.values import frozen

Lines: TypeAlias = tuple[bytes, ...]
"""Lines with their ends."""

_MARKS = {b"<": "ours", b"|": "base", b"=": "theirs", b">": "clean"}
_SHOWN_SIZE = 7


@frozen
class Region:
    """Lines that both sides changed."""

    ours: Lines
    base: Lines
    theirs: Lines


Piece: TypeAlias = "Lines | Region"


def split(content: bytes) -> Lines:
    """Return the lines of a text; only a line feed ends one."""
    lines = content.split(b"\n")
    return tuple(line + b"\n" for line in lines[:-1]) + ((lines[-1],) if lines[-1] else ())


def parse(
    marked: bytes, *, base: bytes, ours: bytes, theirs: bytes, size: int = MARKER_SIZE
) -> tuple[Piece, ...]:
    """Return the pieces of a text that git marked with diff3 marks.

    Args:
        marked: git's text.
        base: The old render; with `ours` and `theirs` it tells which of them end without a line feed, which git adds
            before a mark.
        ours: The project's file.
        theirs: The new render.
        size: Of the marks.
    """
    pieces: list[Piece] = []
    sides: dict[str, list[bytes]] = {"ours": [], "base": [], "theirs": []}
    clean: list[bytes] = []
    where = "clean"
    for line in split(marked):
        if not _is_mark(line, size):
            (clean if where == "clean" else sides[where]).append(line)
            continue
        where = _MARKS[line[:1]]
        if where == "ours":
            pieces.append(tuple(clean))
            clean = []
        elif where == "clean":
            pieces.append(Region(*(tuple(sides[side]) for side in ("ours", "base", "theirs"))))
            sides = {side: [] for side in sides}
    if clean:
        pieces.append(tuple(clean))
    elif pieces and isinstance(pieces[-1], Region):
        pieces[-1] = _with_true_end(pieces[-1], ours, base, theirs)
    return tuple(piece for piece in pieces if piece)


def content_of(pieces: Iterable[Piece], labels: Labels) -> bytes:
    """Return the text with the marks that git would have written with zdiff3."""
    parts: list[bytes] = []
    for piece in pieces:
        parts += _marked(piece, labels) if isinstance(piece, Region) else piece
    return b"".join(parts)


def regions_of(pieces: Iterable[Piece]) -> int:
    """Return how many conflict regions are left."""
    return sum(isinstance(piece, Region) for piece in pieces)


def left_in(pieces: Iterable[Piece]) -> tuple[int, int]:
    """Return how many regions a person must decide, and of how many lines of both sides."""
    regions = [piece for piece in pieces if isinstance(piece, Region)]
    return len(regions), sum(len(region.ours) + len(region.theirs) for region in regions)


def side_of(pieces: Iterable[Piece], side: str) -> bytes:
    """Return the text with every region taken from one side: `ours`, `base` or `theirs`."""
    return b"".join(
        b"".join(getattr(piece, side) if isinstance(piece, Region) else piece) for piece in pieces
    )


def side_with(pieces: Iterable[Piece], region: Region, lines: Lines) -> bytes:
    """Return the text with `lines` in one region's place, and every other region taken from the project."""
    parts = [
        lines if piece is region else piece.ours if isinstance(piece, Region) else piece
        for piece in pieces
    ]
    return b"".join(b"".join(part) for part in parts)


def following(pieces: Sequence[Piece], region: Region) -> bytes:
    """Return the text after one region, with every other region taken from the project."""
    place = next(place for place, piece in enumerate(pieces) if piece is region)
    return side_of(pieces[place + 1 :], "ours")


def shared_ends(first: Sequence[bytes], second: Sequence[bytes]) -> tuple[int, int]:
    """Return how many lines two sequences share at the start, and, of the rest, at the end."""
    most = min(len(first), len(second))
    start = next((i for i in range(most) if first[i] != second[i]), most)
    rest = most - start
    end = next((i for i in range(rest) if first[-1 - i] != second[-1 - i]), rest)
    return start, end


def closed(region: Region) -> Region:
    """Return a region whose lines all end with a line feed; the region itself, where they do."""
    sides = (region.ours, region.base, region.theirs)
    newline = _newline(line for side in sides for line in side)
    whole = Region(*(_closed(side, newline) for side in sides))
    return region if whole == region else whole


def opened(lines: Lines) -> Lines:
    """Return lines of which the last has no line feed."""
    if not lines:
        return lines
    return (*lines[:-1], lines[-1].removesuffix(b"\n").removesuffix(b"\r"))


def _is_mark(line: bytes, size: int) -> bool:
    sign = line[:1]
    rest = line[size:].strip(b"\r\n")
    return (
        sign in _MARKS
        and line.startswith(sign * size)
        and (not rest or (rest.startswith(b" ") and sign != b"="))
    )


def _with_true_end(region: Region, ours: bytes, base: bytes, theirs: bytes) -> Region:
    return Region(
        _true_end(region.ours, ours), _true_end(region.base, base), _true_end(region.theirs, theirs)
    )


def _true_end(lines: Lines, whole: bytes) -> Lines:
    return lines if whole.endswith(b"\n") else opened(lines)


def _marked(region: Region, labels: Labels) -> list[bytes]:
    """Return a region as lines, what both sides share at its ends moved out of it."""
    start, end = shared_ends(region.ours, region.theirs)
    ours, theirs = region.ours[start:], region.theirs[start:]
    after = ours[len(ours) - end :]
    ours, theirs = ours[: len(ours) - end], theirs[: len(theirs) - end]
    newline = _newline((*ours, *theirs))
    return [
        *region.ours[:start],
        _mark(b"<", labels.ours, newline),
        *_closed(ours, newline),
        _mark(b"|", labels.base, newline),
        *_closed(region.base, newline),
        _mark(b"=", "", newline),
        *_closed(theirs, newline),
        _mark(b">", labels.theirs, newline),
        *after,
    ]


def _newline(lines: Iterable[bytes]) -> bytes:
    return b"\r\n" if any(line.endswith(b"\r\n") for line in lines) else b"\n"


def _mark(sign: bytes, label: str, newline: bytes) -> bytes:
    return sign * _SHOWN_SIZE + (b" " + label.encode() if label else b"") + newline


def _closed(lines: Lines, newline: bytes) -> Lines:
    if lines and not lines[-1].endswith(b"\n"):
        return (*lines[:-1], lines[-1] + newline)
    return lines
