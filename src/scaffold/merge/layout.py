"""The three sides of a file, laid out as the project lays out its own: layout alone is no conflict.

A layout is the project's if its file is as the layout would leave it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from scaffold.merge.formatter import as_formatted
from scaffold.merge.outcome import Settlement
from scaffold.tree import File

Sides: TypeAlias = "tuple[bytes, bytes, bytes]"
"""Base, ours and theirs."""

_TRAILING = re.compile(rb"[ \t]+(?=\r?$)", re.MULTILINE)


def layouts(
    path: str, sides: Sides, project: Callable[[str], File | None]
) -> Iterator[tuple[Sides, Settlement]]:
    """Yield the sides in each layout that is the project's, and what was done to them.

    Args:
        path: Of the file.
        sides: As they are.
        project: Path -> the project's file.
    """
    stripped = tuple(_TRAILING.sub(b"", side) for side in sides)
    if stripped[1] == sides[1] and stripped != sides:
        told = "the template's lines have no blanks at their ends, as yours have none"
        yield (stripped[0], stripped[1], stripped[2]), Settlement("trailing-blanks", told)
    formatted = as_formatted(path, sides, project)
    if formatted is not None and formatted != sides:
        told = "the template's lines are laid out as yours are"
        yield formatted, Settlement("formatter", told)
