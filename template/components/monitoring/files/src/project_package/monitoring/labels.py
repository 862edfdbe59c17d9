"""Labels that come late: what really happened, joined to what was predicted."""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from project_package.monitoring.window import Key, Line, Window

COLUMNS = ("request_id", "row", "actual")


class LabelsError(ValueError):
    """A file of labels does not hold what the monitor needs."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A prediction whose outcome is known."""

    line: Line
    actual: float


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The labelled part of a window, oldest first; `unmatched` labels name no prediction in it."""

    pairs: tuple[Labelled, ...]
    unmatched: int

    @property
    def newest(self) -> datetime | None:
        """The time of the newest prediction whose outcome is known."""
        return self.pairs[-1].line.time if self.pairs else None


def read_labels(path: Path) -> dict[Key, float]:
    """Return the outcome of each prediction in the CSV file or the folder of them at `path`.

    A label that comes again replaces the earlier one; files are read in the order of their
    names. A path that does not exist is an empty one: no label has come yet.

    Raises:
        LabelsError: A column is missing or a value is no number, naming file and line.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    labels: dict[Key, float] = {}
    for file in files:
        if file.exists():
            labels.update(_read_file(file))
    return labels


def join(window: Window, labels: dict[Key, float]) -> Outcomes:
    """Return the predictions of `window` that have a label."""
    pairs = tuple(
        Labelled(line, labels[key])
        for line in window.lines
        if (key := Key(line.request_id, line.row)) in labels
    )
    return Outcomes(pairs, len(labels) - len(pairs))


def _read_file(path: Path) -> dict[Key, float]:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = set(COLUMNS).difference(reader.fieldnames or ())
        if missing:
            raise LabelsError(f"{path}: no column {', '.join(sorted(missing))}")
        return dict(_read_row(path, reader.line_num, row) for row in reader)


def _read_row(path: Path, number: int, row: dict[str, str]) -> tuple[Key, float]:
    try:
        return Key(row["request_id"], int(row["row"])), float(row["actual"])
    except (TypeError, ValueError):
        raise LabelsError(f"{path}:{number}: row and actual must be numbers") from None
