"""Structured logs: one JSON object a line on standard output, with the request's id."""

import logging
import sys
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias

import msgspec

from project_package.service.background import BackgroundWriter
from project_package.service.prediction_log import utc

request_id: ContextVar[str] = ContextVar("request_id", default="")

# What every log record has; anything else on it was given as `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "color_message", "taskName"}


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return `record` as one line."""
        fields: dict[str, Any] = {
            "time": utc(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identifier := request_id.get():
            fields["request_id"] = identifier
        fields |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(fields, enc_hook=str).decode()


class Requested(NamedTuple):
    """One request that was answered."""

    time: float
    request_id: str
    method: str
    path: str
    status: int
    seconds: float


Output: TypeAlias = BackgroundWriter[Requested | str]


def standard_output(capacity: int) -> Output:
    """Return the only writer to standard output, so that a full pipe blocks no answer."""
    return BackgroundWriter("standard output", _write, capacity)


def configure(level: str, output: Output) -> None:
    """Send all logs of this process to `output` as JSON lines."""
    logging.basicConfig(level=level.upper(), handlers=[_Handler(output)], force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


class _Handler(logging.Handler):
    """Hands formatted records to the background writer."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Hand over `record`."""
        self._output.put(self.format(record))


def _write(batch: list[Requested | str]) -> None:
    lines = (entry if isinstance(entry, str) else _line(entry) for entry in batch)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _line(requested: Requested) -> str:
    fields = {
        "time": utc(requested.time),
        "level": "info",
        "logger": "request",
        "message": f"{requested.method} {requested.path} {requested.status}",
        "request_id": requested.request_id,
        "status": requested.status,
        "milliseconds": round(requested.seconds * 1000, 3),
    }
    return msgspec.json.encode(fields).decode()
