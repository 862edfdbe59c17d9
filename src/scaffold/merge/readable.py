"""Data that both sides changed, each so that it can be read, and that git's merge of the lines made unreadable.

Two tables or keys of one name in two places are no conflict of lines. Such a file is looked at as a whole: where both
sides added the same, the project's stands; else the changes that do not go together are marked.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from scaffold.merge.outcome import Settlement
from scaffold.merge.places import as_places
from scaffold.merge.regions import Lines, Piece, Region, regions_of, side_of, split
from scaffold.merge.settle import Contest
from scaffold.merge.settle.commas import with_commas
from scaffold.merge.settle.contest import keeps_both
from scaffold.merge_keys import Conflict, merged, reader_of, same_elements
from scaffold.values import frozen, replace

CODE = "same-keys"

_LONGEST_YAML = 50_000
"""Of what is read though git had no conflict: it takes a second or two."""
_MOST_READ = 400_000
"""Of what is read to find which changes do not go together."""
_COMMENTS = (b"#", b";")
_Reads: TypeAlias = Callable[[Lines], bool]


@frozen
class _Hunk:
    """Lines that one side brought to a merged text, where they are there, and what the other side has instead."""

    start: int
    end: int
    lines: Lines
    other: Lines


def rejoined(contest: Contest) -> tuple[tuple[Piece, ...], tuple[Settlement, ...]]:
    """Return the pieces of a file that can be read, or with what keeps it from that settled or in regions.

    Where there are regions already, the project's lines are read in their places.
    """
    text = side_of(contest.pieces, "ours")
    if not _is_broken(contest, text):
        return contest.pieces, ()
    lines = split(text)
    mine, new = (_hunks(split(side), lines) for side in (contest.theirs, contest.ours))

    def reads(candidate: Lines) -> bool:
        return _can_read(contest, b"".join(candidate))

    blamed = _blamed(lines, mine, reads), _blamed(lines, new, reads)
    if not regions_of(contest.pieces):
        added = {line for hunk in mine for line in contest.says(hunk.lines)}
        again = [h for h in new if h in blamed[1] or _is_again(contest, h, added)]
        for candidate in _once(contest, lines, again, added):
            if _is_proven(contest, candidate):
                return (candidate,), (_told(blamed[0], again),)
    return _marked(contest, *blamed), ()


def _is_broken(contest: Contest, text: bytes) -> bool:
    """Return whether a text cannot be read, or has a key twice, though each of the three sides can."""
    is_slow = contest.name.endswith((".yml", ".yaml")) and len(text) > _LONGEST_YAML
    if is_slow or reader_of(contest.name) is None or _can_read(contest, text):
        return False
    return all(_can_read(contest, side) for side in (contest.base, contest.ours, contest.theirs))


def _can_read(contest: Contest, text: bytes) -> bool:
    read = reader_of(contest.name)
    if read is None:
        return False
    try:
        read(text)
    except (ValueError, RecursionError):
        return False
    return True


def _hunks(other: Lines, lines: Lines) -> tuple[_Hunk, ...]:
    matcher = difflib.SequenceMatcher(None, other, lines, autojunk=False)
    return tuple(
        _Hunk(start, end, lines[start:end], other[first:last])
        for tag, first, last, start, end in matcher.get_opcodes()
        if tag != "equal"
    )


def _without(lines: Lines, hunks: Sequence[_Hunk]) -> Lines:
    """Return the lines as the other side has them at some hunks."""
    result: list[bytes] = []
    done = 0
    for hunk in hunks:
        result += (*lines[done : hunk.start], *hunk.other)
        done = hunk.end
    return (*result, *lines[done:])


def _blamed(lines: Lines, hunks: Sequence[_Hunk], reads: _Reads) -> tuple[_Hunk, ...]:
    """Return the hunks without which the lines can be read, and with one more of which they cannot."""
    blamed = tuple(hunks)
    if len(hunks) * sum(map(len, lines)) > _MOST_READ:
        return blamed
    for hunk in hunks:
        fewer = tuple(each for each in blamed if each is not hunk)
        if reads(_without(lines, fewer)):
            blamed = fewer
    return blamed


def _once(
    contest: Contest, lines: Lines, new: Sequence[_Hunk], added: set[bytes]
) -> Iterator[Lines]:
    """Yield the lines without some of the template's hunks, or without what the project added of those."""
    if all(_is_insertion(contest, hunk) for hunk in new):
        yield _without(lines, new)
    rest = [replace(hunk, other=_unsaid(contest, hunk.lines, added)) for hunk in new]
    if any(line.lstrip().startswith(_COMMENTS) for hunk in rest for line in hunk.other):
        return  # it may be about what would no longer stand below it
    part = _without(lines, rest)
    yield part
    ours = split(contest.ours)
    if contest.is_json and with_commas(contest.bare(ours), b"") == ours:
        yield with_commas(contest.bare(part), b"")


def _is_again(contest: Contest, hunk: _Hunk, added: set[bytes]) -> bool:
    return _is_insertion(contest, hunk) and added.issuperset(contest.says(hunk.lines))


def _is_insertion(contest: Contest, hunk: _Hunk) -> bool:
    """Return whether a hunk took no line away, so that none comes back without it."""
    before, after = contest.says(hunk.other), contest.says(hunk.lines)
    return bool(after) and not Counter(before) - Counter(after)


def _unsaid(contest: Contest, lines: Lines, added: set[bytes]) -> Lines:
    """Return the lines that are not among those that the project added."""
    return tuple(line for line in lines if not added.intersection(contest.says([line])))


def _is_proven(contest: Contest, lines: Lines) -> bool:
    """Return whether the lines have all that either side added, and say what the three files' data merge to."""
    read = reader_of(contest.name)
    base, ours, theirs = contest.base, contest.ours, contest.theirs
    whole = Region(split(ours), split(base), split(theirs))
    if read is None or not keeps_both(whole, lines, contest):
        return False
    try:
        wanted = merged(read(base), read(ours), read(theirs))
        return same_elements(wanted, read(b"".join(lines)))
    except (Conflict, ValueError, RecursionError):
        return False


def _told(mine: Sequence[_Hunk], new: Sequence[_Hunk]) -> Settlement:
    ours, theirs = (
        b"".join(line for hunk in hunks for line in hunk.lines).decode("utf-8", "replace")
        for hunks in (mine, new)
    )
    reason = "both sides added the same keys in different places; they stand where you have them"
    return Settlement(CODE, reason, ours=ours, theirs=theirs, result=ours)


def _marked(contest: Contest, mine: Sequence[_Hunk], new: Sequence[_Hunk]) -> tuple[Piece, ...]:
    """Return the pieces with a region for each hunk; the whole file is one where such regions meet."""
    regions = [
        *((hunk, Region(hunk.lines, hunk.other, hunk.other)) for hunk in mine),
        *((hunk, Region(hunk.other, hunk.other, hunk.lines)) for hunk in new),
    ]
    regions.sort(key=lambda each: (each[0].start, each[0].end))
    meet = any(first.end > second.start for (first, _), (second, _) in pairwise(regions))
    pieces: list[Piece] = []
    start = 0
    for piece in contest.pieces:
        end = start + len(piece.ours if isinstance(piece, Region) else piece)
        inside = [each for each in regions if start <= each[0].start and each[0].end <= end]
        regions = [each for each in regions if each not in inside]
        pieces += [piece] if isinstance(piece, Region) else _cut(piece, start, inside)
        start = end
    if regions or meet:
        return (Region(split(contest.ours), split(contest.base), split(contest.theirs)),)
    return as_places(tuple(piece for piece in pieces if piece))


def _cut(lines: Lines, start: int, regions: Iterable[tuple[_Hunk, Region]]) -> Iterator[Piece]:
    """Yield the lines from `start` of a text with regions in the places of hunks."""
    done = start
    for hunk, region in regions:
        yield lines[done - start : hunk.start - start]
        yield region
        done = hunk.end
    yield lines[done - start :]
