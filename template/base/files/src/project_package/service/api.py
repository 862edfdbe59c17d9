"""What FastAPI serves: health, readiness, metrics, the model's lineage and the documentation."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

import project_package
from project_package.service import errors, openapi
from project_package.service.champion import Champion
from project_package.service.errors import Problem
from project_package.service.openapi import refusal

_NOT_READY: dict[int | str, dict[str, Any]] = {503: refusal("No model is loaded, or it stops.")}


class Api(FastAPI):
    """Everything but `/predict`, and the document that describes both."""

    def __init__(self, champion: Champion, *, needs_token: bool, **options: Any) -> None:
        super().__init__(docs_url=None, redoc_url=None, **options)
        self._champion = champion
        self._needs_token = needs_token
        self.mount("/docs/assets", StaticFiles(packages=[("fastapi_offline", "static")]))
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
    routes = APIRouter(tags=["Operation"])

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

    @routes.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        # Everything comes from here, since a closed network reaches no CDN; relative, so that a
        # proxy may put a prefix before it.
        return get_swagger_ui_html(
            title=project_package.__name__,
            openapi_url="openapi.json",
            swagger_js_url="docs/assets/swagger-ui-bundle.js",
            swagger_css_url="docs/assets/swagger-ui.css",
            swagger_favicon_url="docs/assets/favicon.png",
        )

    return routes


async def _problem(request: Request, problem: Any) -> Response:
    response: Response = problem.response(request.scope["request_id"])
    return response


async def _http_error(request: Request, error: Any) -> Response:
    problem = errors.from_http(error.status_code, error.headers)
    return problem.response(request.scope["request_id"])


async def _failure(request: Request, _error: Exception) -> Response:
    return errors.internal().response(request.scope["request_id"])
