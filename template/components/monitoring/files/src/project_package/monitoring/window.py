"""A stretch of the prediction log, read into columns."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

# A row takes about 2 kB of memory: a log of any size is read into a gigabyte.
MOST_LINES = 500_000

Value = float | str | None


class Line(msgspec.Struct, frozen=True):
    """One predicted row, as the service logged it."""

    time: datetime
    request_id: str
    row: int
    model_version: str
    inputs: dict[str, Value]
    outputs: dict[str, float]

    @property
    def score(self) -> float:
        """The probability of a classifier, the value of a regression."""
        return next(value for name, value in self.outputs.items() if name != "label")


class Key(NamedTuple):
    """What a late label names its prediction by."""

    request_id: str
    row: int


@dataclass(frozen=True)
class Window:
    """Predictions from `since` (inclusive) to `until` (exclusive), oldest first.

    `share` is 1 where all of them are here, else that of an even sample. `unreadable` counts lines
    that are torn or not of this log; they are left out.
    """

    since: datetime
    until: datetime
    lines: tuple[Line, ...] = field(repr=False)
    unreadable: int = 0
    share: float = 1

    def values(self, feature: str) -> list[Any]:
        """Return the values of `feature`, one for each line."""
        return [line.inputs.get(feature) for line in self.lines]

    def scores(self) -> list[float]:
        """Return the scores, one for each line."""
        return [line.score for line in self.lines]

    def versions(self) -> dict[str, int]:
        """Return how many rows each model version predicted, in the order of their first."""
        return dict(Counter(line.model_version for line in self.lines))

    def of_version(self, version: str) -> "Window":
        """Return the part of the window that model `version` predicted."""
        lines = tuple(line for line in self.lines if line.model_version == version)
        return replace(self, lines=lines)

    def last(self, since: datetime) -> "Window":
        """Return the part of the window that begins at `since`."""
        lines = tuple(line for line in self.lines if line.time >= since)
        return replace(self, since=max(since, self.since), lines=lines)


def read_window(folder: Path, since: datetime, until: datetime) -> Window:
    """Return what the logs in `folder` hold between `since` and `until`.

    Of more than `MOST_LINES` an even sample is drawn, and the same one of the same log. A folder
    without a log is a window without lines: nobody has asked yet.
    """
    lines: list[Line] = []
    unreadable = 0
    share = 1.0
    chance = Random(0)  # noqa: S311
    for raw in _raw_lines(folder):
        line = _decode(raw)
        if line is None:
            unreadable += 1
        elif since <= line.time < until and chance.random() < share:
            lines.append(line)
        if len(lines) > MOST_LINES:
            share /= 2
            lines = [line for line in lines if chance.random() < 1 / 2]
    lines.sort(key=lambda line: line.time)
    return Window(since, until, tuple(lines), unreadable, share)


def _raw_lines(folder: Path) -> Iterator[bytes]:
    # Rotated files are named predictions.jsonl.1, .2 and so on; each replica has its own folder.
    for path in sorted(folder.rglob("predictions.jsonl*")):
        # One process may rotate a file away while another reads it.
        try:
            stream = path.open("rb")
        except FileNotFoundError:
            continue
        with stream:
            yield from stream


_decoder = msgspec.json.Decoder(Line)


def _decode(raw: bytes) -> Line | None:
    try:
        line = _decoder.decode(raw)
    except msgspec.DecodeError:
        return None
    if line.time.tzinfo is None:
        return msgspec.structs.replace(line, time=line.time.replace(tzinfo=UTC))
    return line
