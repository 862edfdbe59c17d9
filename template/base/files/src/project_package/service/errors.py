"""What the service answers when it cannot predict: problem details (RFC 9457).

An answer says what is wrong and where. It never repeats what was sent: that may
be private, and may not even be text.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

Headers = dict[str, str]

# Of RFC 9110; Pythons before 3.13 have older ones.
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


class ProblemDetails(msgspec.Struct, frozen=True):
    """Why a request was refused (RFC 9457)."""

    title: str
    status: int
    code: str
    detail: str
    request_id: str


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A refusal with its HTTP status and a code that programs can rely on."""

    def __init__(self, status: int, code: str, detail: str, headers: Headers | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}

    def response(self, request_id: str) -> Response:
        """Return this problem as an HTTP response."""
        details = ProblemDetails(
            title=_phrase(self.status),
            status=self.status,
            code=self.code,
            detail=self.detail,
            request_id=request_id,
        )
        return Response(
            msgspec.json.encode(details),
            self.status,
            self.headers,
            media_type="application/problem+json",
        )


def internal() -> Problem:
    """Return the problem for a failure of ours; what failed is in the log only."""
    return Problem(500, "internal", "the service failed; its log has this request id")


def not_ready(reason: str) -> Problem:
    """Return the problem for a service that cannot predict now."""
    return Problem(503, "not_ready", reason, {"Retry-After": "5"})


def overloaded() -> Problem:
    """Return the problem for a service with too many clients; they are to come back."""
    headers = {"Retry-After": "1", "Connection": "close"}
    return Problem(503, "overloaded", "too many clients are connected", headers)


def from_http(status: int, headers: Any) -> Problem:
    """Return the problem for an error of routing: an unknown path or a wrong method."""
    phrase = _phrase(status)
    return Problem(status, phrase.lower().replace(" ", "_"), phrase, dict(headers or {}))


def _phrase(status: int) -> str:
    return PHRASES.get(status, HTTPStatus(status).phrase)
