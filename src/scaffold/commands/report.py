"""What a command hands back: data for programs, lines for people, an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any

from scaffold.values import field, frozen


def count(number: int, noun: str) -> str:
    """Return `number` and what it counts, in the plural where it is not one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    NEGATIVE = 1  # an answer that was asked for: conflicts, behind, drift
    REFUSED = 2
    BUG = 3
    INTERRUPTED = 130


class Style(StrEnum):
    """How a line looks in a terminal."""

    PLAIN = ""
    STRONG = "strong"
    FAINT = "faint"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@frozen
class Line:
    """One line for a person; `text` may hold a template's words, so it is escaped when printed."""

    text: str = ""
    style: Style = Style.PLAIN


class Later(Mapping[str, Any]):
    """Data that are made when somebody first looks into them: a person's report is printed without."""

    def __init__(self, make: Callable[[], Mapping[str, Any]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, Any]:
        return self._make()

    def __getitem__(self, name: str) -> Any:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


@frozen
class Report:
    """The result of a command.

    Args:
        data: The result as `--json` prints it.
        lines: The result as a person reads it.
        exit_code: One of `Exit`.
        patch: A patch to print as it is; then the lines are told beside it. Nothing where none was asked for.
    """

    data: Mapping[str, Any]
    lines: tuple[Line, ...] = ()
    exit_code: Exit = Exit.DONE
    patch: bytes | None = field(default=None, repr=False)
