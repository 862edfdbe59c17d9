"""Structured logs: one JSON object a line on standard output, with the request's id."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from typing import Any, NamedTuple

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


def configure(level: str) -> None:
    """Send all logs of this process to standard output as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


class Requested(NamedTuple):
    """One request that was answered."""

    time: float
    request_id: str
    method: str
    path: str
    status: int
    seconds: float


def request_log(capacity: int) -> BackgroundWriter[Requested]:
    """Return the log of requests; it shares standard output with all other logs."""
    return BackgroundWriter("request log", _write, capacity)


def _write(batch: list[Requested]) -> None:
    lines = [
        msgspec.json.encode(
            {
                "time": utc(requested.time),
                "level": "info",
                "logger": "request",
                "message": f"{requested.method} {requested.path} {requested.status}",
                "request_id": requested.request_id,
                "status": requested.status,
                "milliseconds": round(requested.seconds * 1000, 3),
            }
        )
        for requested in batch
    ]
    sys.stdout.write(b"\n".join([*lines, b""]).decode())
    sys.stdout.flush()
