"""The log of predictions: inputs, outputs and model version, one JSON line a row."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from project_package.service.background import BackgroundWriter
from project_package.service.model import Outputs
from project_package.service.rows import NAMES, Values

FILE = "predictions.jsonl"

_encoder = msgspec.json.Encoder()


class Answered(NamedTuple):
    """One answered request, as little prepared as possible: the writer's thread does the rest."""

    time: float
    request_id: str
    model_version: str
    rows: Sequence[Values]
    outputs: Outputs


class RotatingLines:
    """`predictions.jsonl`, moved to `.1`, `.2` and so on once it is full."""

    def __init__(self, folder: Path, file_bytes: int, files: int) -> None:
        self._path = folder / FILE
        self._file_bytes = file_bytes
        self._files = files

    def write(self, batch: list[Answered]) -> None:
        """Append the rows of `batch`.

        Raises:
            OSError: The folder cannot be written.

        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size >= self._file_bytes:
            self._rotate()
        lines = [line for answered in batch for line in _lines(answered)]
        with self._path.open("ab") as file:
            file.write(b"".join(lines))

    def _rotate(self) -> None:
        for number in range(self._files - 1, 0, -1):
            older = self._path.with_name(f"{FILE}.{number}")
            newer = self._path.with_name(f"{FILE}.{number - 1}") if number > 1 else self._path
            if newer.exists():
                newer.replace(older)
        self._path.unlink(missing_ok=True)


def prediction_log(
    folder: Path, file_bytes: int, files: int, capacity: int
) -> BackgroundWriter[Answered]:
    """Return the log that writes under `folder`, at most `files` files of `file_bytes` or so."""
    file = RotatingLines(folder, file_bytes, files)
    return BackgroundWriter(
        "prediction log", file.write, capacity, lines=lambda answered: len(answered.rows)
    )


def _lines(answered: Answered) -> list[bytes]:
    time = utc(answered.time)
    columns = answered.outputs.items()
    return [
        _line(
            {
                "time": time,
                "request_id": answered.request_id,
                "row": number,
                "model_version": answered.model_version,
                "inputs": dict(zip(NAMES, row, strict=True)),
                "outputs": {name: values[number] for name, values in columns},
            }
        )
        for number, row in enumerate(answered.rows)
    ]


def _line(record: dict[str, Any]) -> bytes:
    return _encoder.encode(record) + b"\n"


def utc(timestamp: float) -> str:
    """Return a Unix `timestamp` as ISO 8601 in UTC."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="microseconds")
