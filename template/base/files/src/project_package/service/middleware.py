"""What happens around every request: plain ASGI, a fourteenth of the cost of `@app.middleware`."""

import hmac
import logging
import os
import re
from collections.abc import Sized
from http import HTTPStatus
from itertools import count
from time import perf_counter, time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from project_package.service import logs
from project_package.service.champion import Champion
from project_package.service.errors import Problem, internal, overloaded
from project_package.service.logs import Output, Requested
from project_package.service.metrics import Metrics

logger = logging.getLogger(__name__)

# Any other path is counted as "other", so that a scanner cannot make endless series.
ROUTES = frozenset(
    {"/predict", "/health", "/ready", "/metrics", "/model", "/docs", "/openapi.json"}
)
PROBES = frozenset({"/health", "/ready", "/metrics"})
NEED_TOKEN = frozenset({"/predict", "/model"})
# nginx's status, as HTTP has none, for a client that hung up before it could be answered.
HUNG_UP = 499

# Unique over processes and restarts, at a tenth of the cost of a random number each.
_PROCESS = os.urandom(8).hex()
_number = count(1)

_is_request_id = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch


class Observe:
    """Gives each request an id, counts, times and logs it, and answers with its problem."""

    def __init__(
        self,
        app: ASGIApp,
        champion: Champion,
        metrics: Metrics,
        output: Output | None,
    ) -> None:
        self._app = app
        self._champion = champion
        self._metrics = metrics
        self._output = output

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        status = 0
        identifier = request_id(scope)
        scope["request_id"] = identifier
        logs.request_id.set(identifier)

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", identifier.encode())]
                if self._champion.draining:
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            await send(message)

        self._metrics.in_flight += 1
        try:
            await self._app(scope, receive, send_observed)
        except Problem as problem:
            await problem.response(identifier)(scope, receive, send_observed)
        except ClientDisconnect:
            status = HUNG_UP
        except Exception:
            logger.exception("request failed")
            if not status:
                await internal().response(identifier)(scope, receive, send_observed)
        finally:
            self._metrics.in_flight -= 1
            self._record(scope, status, perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"]
        self._metrics.count_request(path if path in ROUTES else "other", status, seconds)
        if self._output is not None and (path not in PROBES or status >= HTTPStatus.BAD_REQUEST):
            self._output.put(
                Requested(time(), scope["request_id"], scope["method"], path[:200], status, seconds)
            )


class LimitConnections:
    """Refuses all but probes while more clients are connected than the service is to have."""

    def __init__(self, app: ASGIApp, limit: int, connections: Sized) -> None:
        self._app = app
        self._limit = limit
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or raise a problem."""
        is_full = len(self._connections) > self._limit
        if is_full and scope["type"] == "http" and scope["path"] not in PROBES:
            raise overloaded()
        await self._app(scope, receive, send)


class RequireToken:
    """Lets nobody predict or read the model's lineage without the bearer token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or raise a problem."""
        if scope["type"] == "http" and scope["path"] in NEED_TOKEN:
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                raise Problem(
                    401, "unauthorized", "a bearer token is needed", {"WWW-Authenticate": "Bearer"}
                )
        await self._app(scope, receive, send)


def request_id(scope: Scope) -> str:
    """Return the client's `X-Request-ID` where it is a plain one, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _is_request_id(value):
            return str(value, "ascii")
    return f"{_PROCESS}-{next(_number):x}"
