"""The OpenAPI description of `/predict`, which FastAPI does not serve and so cannot describe.

Its rows come from the schema, its examples are held-out rows of the loaded model, and the
fields of its answer are the outputs of the model's graph.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from project_package.service.errors import ProblemDetails
from project_package.service.model import Example, Model
from project_package.service.rows import Batch, Row

Json = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_TYPES = {"tensor(float)": {"type": "number"}, "tensor(int64)": {"type": "integer"}}
_REFUSALS = {
    400: "The body is not JSON, or repeats a key.",
    408: "The body came too slowly.",
    413: "The body is too large, or has too many rows.",
    415: "The body is not application/json.",
    422: "The body is JSON, but not such rows.",
    500: "The service failed.",
    503: "No model is loaded, or too many clients are connected.",
}


def describe(document: Json, model: Model | None, *, needs_token: bool) -> Json:
    """Return FastAPI's `document` with `/predict`, and with the token where one is needed."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= msgspec.json.schema_components(
        [Row, Batch, ProblemDetails], ref_template=_REFERENCE
    )[1]
    schemas |= _answers(model)
    document["paths"] = {"/predict": {"post": _operation(model)}} | document["paths"]
    if needs_token:
        _require_token(document)
    return document


def _operation(model: Model | None) -> Json:
    answer = {"anyOf": [_reference("Prediction"), _reference("Predictions")]}
    return {
        "operationId": "predict",
        "tags": ["Prediction"],
        "summary": "Predict one row or several",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"anyOf": [_reference("Row"), _reference("Batch")]},
                    "examples": _examples(model.examples if model else ()),
                }
            },
        },
        "responses": {
            "200": {
                "description": "One prediction for each row, and which model made them.",
                "content": {"application/json": {"schema": answer}},
            }
        }
        | {str(status): refusal(text) for status, text in _REFUSALS.items()},
    }


def refusal(description: str) -> Json:
    """Return the description of a problem as an answer."""
    content = {"application/problem+json": {"schema": _reference("ProblemDetails")}}
    return {"description": description, "content": content}


def _examples(examples: Sequence[Example]) -> Json:
    rows = [example.inputs for example in examples]
    named = {f"row_{number}": {"value": row} for number, row in enumerate(rows, 1)}
    return named | ({"batch": {"value": {"rows": rows}}} if rows else {})


def _answers(model: Model | None) -> Json:
    outputs = model.outputs if model else {}
    properties = {name: _TYPES.get(kind, {}) for name, kind in outputs.items()}
    version = {"model_version": {"type": "string"}}
    several = {"predictions": {"type": "array", "items": _object(properties)}}
    return {"Prediction": _object(properties | version), "Predictions": _object(several | version)}


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _reference(name: str) -> Json:
    return {"$ref": _REFERENCE.format(name=name)}


def _require_token(document: Json) -> None:
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, method in (("/predict", "post"), ("/model", "get")):
        operation = document["paths"][path][method]
        operation["security"] = [{"token": []}]
        operation["responses"]["401"] = refusal("The bearer token is missing or wrong.")
