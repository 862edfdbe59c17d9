"""What FastAPI serves: health, readiness, metrics, the model's lineage and the documentation."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException

from project_package.service import errors, openapi
from project_package.service.champion import Champion
from project_package.service.errors import Problem
from project_package.service.openapi import refusal

_NOT_READY: dict[int | str, dict[str, Any]] = {503: refusal("No model is loaded, or it stops.")}


class Api(FastAPI):
    """Everything but `/predict`, and the document that describes both."""

    def __init__(self, champion: Champion, *, needs_token: bool, **options: Any) -> None:
        super().__init__(redoc_url=None, **options)
        self._champion = champion
        self._needs_token = needs_token
        self.add_exception_handler(Problem, _problem)
        self.add_exception_handler(HTTPException, _http_error)
        self.add_exception_handler(Exception, _failure)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document for the model that answers now."""
        self.openapi_schema = None
        serving = self._champion.serving
        model = serving.model if serving else None
        return openapi.describe(super().openapi(), model, needs_token=self._needs_token)


def router(champion: Champion, registry: CollectorRegistry) -> APIRouter:
    """Return the routes. They are `async`, so that they run in the thread that counts."""
    routes = APIRouter()

    @routes.get("/health", summary="Is the process alive?")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @routes.get("/ready", summary="Should predictions be sent here?", responses=_NOT_READY)
    async def ready() -> dict[str, str]:
        if not champion.ready:
            raise errors.not_ready("it stops" if champion.draining else "no model is loaded")
        return {"status": "ready"}

    @routes.get("/model", summary="Which model answers, and what made it", responses=_NOT_READY)
    async def model() -> dict[str, Any]:
        if champion.serving is None:
            raise errors.not_ready("no model is loaded")
        return dict(champion.serving.model.lineage)

    @routes.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes


async def _problem(request: Request, problem: Any) -> Response:
    response: Response = problem.response(request.scope["request_id"])
    return response


async def _http_error(request: Request, error: Any) -> Response:
    problem = errors.from_http(error.status_code, error.headers)
    return problem.response(request.scope["request_id"])


async def _failure(request: Request, _error: Exception) -> Response:
    return errors.internal().response(request.scope["request_id"])
