"""One file that both sides changed in the same places."""

from __future__ import annotations

from dataclasses import dataclass

from scaffold.merge.regions import Piece


@dataclass(frozen=True, slots=True)
class Contest:
    """The three contents of one path, and git's merge of them in pieces."""

    path: str
    base: bytes
    ours: bytes
    theirs: bytes
    pieces: tuple[Piece, ...]
