"""`POST /predict`: from the bytes of a request to the bytes of its answer."""

import asyncio
import math
from time import time
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from project_package.service.background import BackgroundWriter
from project_package.service.champion import Champion
from project_package.service.errors import Problem, not_ready
from project_package.service.metrics import Metrics
from project_package.service.model import Outputs
from project_package.service.prediction_log import Answered
from project_package.service.rows import decode, pack
from project_package.service.settings import Settings

_encode = msgspec.json.Encoder().encode


class Predict:
    """The endpoint, as a plain ASGI application."""

    def __init__(
        self,
        settings: Settings,
        champion: Champion,
        metrics: Metrics,
        log: BackgroundWriter[Answered],
    ) -> None:
        self._settings = settings
        self._champion = champion
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            Problem: The request is refused.
            ClientDisconnect: The client hung up before all of its request had come.
        """
        if scope["method"] != "POST":
            raise Problem(405, "method_not_allowed", "only POST predicts", {"Allow": "POST"})
        body = await self._body(scope, receive)
        serving = self._champion.serving
        if serving is None:
            raise not_ready("no model is loaded")
        request = decode(body, self._settings.max_rows)
        outputs = serving.model.predict(pack(request.rows))
        scores = outputs[serving.model.score]
        _check_finite(scores)
        version = serving.model.facts.version
        serving.drift.count(request.rows, scores)
        self._metrics.count_predictions(serving, outputs)
        self._log.put(Answered(time(), scope["request_id"], version, request.rows, outputs))
        await _send(send, _answer(outputs, version, is_batch=request.is_batch))

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        headers = dict(scope["headers"])
        kind = headers.get(b"content-type", b"application/json")
        if kind.partition(b";")[0].strip().lower() != b"application/json":
            raise Problem(415, "unsupported_media_type", "send application/json")
        limit = self._settings.max_body_bytes
        if int(headers.get(b"content-length", 0)) > limit:
            raise _too_large(limit)
        message = await receive()
        if not message.get("more_body"):
            return _chunk(message, limit)
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                return await _rest(message, receive, limit)
        except TimeoutError:
            raise Problem(408, "timeout", "the body came too slowly", _CLOSE) from None


_CLOSE = {"Connection": "close"}


async def _rest(message: Any, receive: Receive, limit: int) -> bytes:
    body = bytearray(_chunk(message, limit))
    while message.get("more_body"):
        message = await receive()
        body += _chunk(message, limit - len(body))
    return bytes(body)


def _chunk(message: Any, room: int) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    chunk: bytes = message.get("body", b"")
    if len(chunk) > room:
        raise _too_large(room)
    return chunk


def _too_large(limit: int) -> Problem:
    return Problem(413, "body_too_large", f"at most {limit} bytes in one request", _CLOSE)


def _check_finite(scores: list[float]) -> None:
    if not all(map(math.isfinite, scores)):
        raise Problem(
            422, "no_finite_prediction", "a number is so large that the prediction is not finite"
        )


def _answer(outputs: Outputs, version: str, *, is_batch: bool) -> bytes:
    if not is_batch:
        first = {name: values[0] for name, values in outputs.items()}
        return _encode(first | {"model_version": version})
    rows = zip(*outputs.values(), strict=True)
    predictions = [dict(zip(outputs, row, strict=True)) for row in rows]
    return _encode({"predictions": predictions, "model_version": version})


async def _send(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
