"""The ASGI application, put together: `/predict` in front, FastAPI for all that is not hot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

import project_package
from project_package.service import middleware
from project_package.service.api import Api, router
from project_package.service.champion import Champion
from project_package.service.drift import Drift
from project_package.service.logs import Output
from project_package.service.metrics import Metrics
from project_package.service.model import Model
from project_package.service.predict import Predict
from project_package.service.prediction_log import prediction_log
from project_package.service.settings import Settings


class Service:
    """The application, with the parts that live as long as it does."""

    def __init__(self, settings: Settings, output: Output) -> None:
        self.settings = settings
        self.connections: set[Any] = set()  # the server keeps it
        self.champion = Champion(settings.model_dir, self._drift)
        self._metrics = Metrics(self.champion)
        self._predictions = prediction_log(
            settings.log_dir, settings.log_file_bytes, settings.log_files, settings.log_buffer
        )
        self._output = output if settings.log_requests else None
        self._metrics.dropped = lambda: self._predictions.dropped
        self.app = self._observed(_Front(self._predict(), self._api()))

    def _drift(self, model: Model) -> Drift:
        return Drift(model.reference, self.settings.drift_window, self.settings.drift_minimum)

    def _predict(self) -> Predict:
        return Predict(self.settings, self.champion, self._metrics, self._predictions)

    def _api(self) -> Api:
        api = Api(
            self.champion,
            needs_token=bool(self.settings.token),
            title=project_package.__name__,
            lifespan=self._lifespan,
        )
        api.include_router(router(self.champion, self._metrics.registry()))
        return api

    def _observed(self, app: ASGIApp) -> ASGIApp:
        if self.settings.token:
            app = middleware.RequireToken(app, self.settings.token)
        app = middleware.LimitConnections(app, self.settings.limit_concurrency, self.connections)
        return middleware.Observe(app, self.champion, self._metrics, self._output)

    @asynccontextmanager
    async def _lifespan(self, _api: FastAPI) -> AsyncIterator[None]:
        with self._predictions:
            await self.champion.load()
            watching = asyncio.create_task(self.champion.watch(self.settings.reload_seconds))
            yield
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


class _Front:
    """Sends `/predict` past FastAPI, whose routing would cost more than the prediction."""

    def __init__(self, predict: ASGIApp, api: ASGIApp) -> None:
        self._predict = predict
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hot = scope["type"] == "http" and scope["path"] == "/predict"
        await (self._predict if hot else self._api)(scope, receive, send)
