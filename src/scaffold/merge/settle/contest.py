"""One file that both sides changed in the same places, and what a rule makes of one such place."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator

from scaffold.merge.outcome import Settlement
from scaffold.merge.regions import Lines, Piece, Region, side_of, split
from scaffold.merge.settle.commas import without_comma
from scaffold.values import frozen


@frozen
class Contest:
    """The three contents of one path, and git's merge of them in pieces."""

    path: str
    base: bytes
    ours: bytes
    theirs: bytes
    pieces: tuple[Piece, ...]

    @property
    def name(self) -> str:
        """Return the file's name."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def is_json(self) -> bool:
        """Return whether a comma at a line's end is punctuation."""
        return self.name.endswith(".json")

    def says(self, lines: Iterable[bytes]) -> tuple[bytes, ...]:
        """Return what `said` does, without punctuation."""
        return said(self.bare(lines))

    def bare(self, lines: Iterable[bytes]) -> Lines:
        """Return lines without the commas that JSON wants between elements."""
        return tuple(map(without_comma, lines) if self.is_json else lines)


@frozen
class Settled:
    """What a rule makes of a region."""

    lines: Lines
    code: str
    reason: str

    def told(self, region: Region) -> Settlement:
        """Return the settlement as it is reported."""
        return Settlement(
            self.code,
            self.reason,
            ours=_text(region.ours),
            theirs=_text(region.theirs),
            result=_text(self.lines),
        )


def said(lines: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the lines that say something, without their ends."""
    return tuple(line.rstrip(b"\r\n") for line in lines if line.strip())


def has_change(old: Lines, new: Lines, result: Lines) -> bool:
    """Return whether a result has every line that a side added and none that it took away."""
    before, after, now = Counter(said(old)), Counter(said(new)), Counter(said(result))
    added, removed = after - before, before - after
    return not added - now and all(now[line] <= before[line] - removed[line] for line in removed)


def keeps_both(region: Region, lines: Lines, contest: Contest) -> bool:
    """Return whether no line that either side added is lost, and none that both took away is back."""
    says = contest.says
    base, now = Counter(says(region.base)), Counter(says(lines))
    for side in (region.ours, region.theirs):
        if Counter(says(side)) - base - now:
            return False
    most = Counter(says(region.ours)) + Counter(says(region.theirs))
    return not set(now) - set(most)


def stands_in_file(region: Region, lines: Lines, contest: Contest) -> bool:
    """Return whether the whole file keeps each copy of the region's lines of which a side added some.

    Lines that repeat are aligned in more than one way: what git takes for a deletion by one side may be a line that the
    other side added. Copies that git merged away where it found no conflict are none of the region's.
    """
    says = contest.says
    concerned = {*says(region.ours), *says(region.theirs)}
    now = Counter(says(_lines_after(region, lines, contest)))
    for name, side in (("ours", contest.ours), ("theirs", contest.theirs)):
        added = _added(contest.bare(split(contest.base)), contest.bare(split(side)))
        copies = Counter(says(split(side))) & Counter(says(split(side_of(contest.pieces, name))))
        if any(added[line] and copies[line] > now[line] for line in concerned):
            return False
    return True


def _added(old: Lines, new: Lines) -> Counter[bytes]:
    old, new = (tuple(line.rstrip(b"\r\n") for line in side) for side in (old, new))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return Counter(
        line
        for tag, _, _, first, last in matcher.get_opcodes()
        if tag != "equal"
        for line in said(new[first:last])
    )


def _lines_after(region: Region, lines: Lines, contest: Contest) -> Iterator[bytes]:
    """Yield the file's lines; of an open region, what both sides share once: it may end up outside the marks."""
    for piece in contest.pieces:
        if piece is region:
            yield from lines
        elif isinstance(piece, Region):
            yield from (Counter(piece.ours) | Counter(piece.theirs)).elements()
        else:
            yield from piece


def _text(lines: Lines) -> str:
    return b"".join(lines).decode("utf-8", "replace")
