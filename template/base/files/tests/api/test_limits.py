"""Limits of size, number and access."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from project_package.service.settings import Settings

Row = dict[str, Any]


def test_a_body_that_says_it_is_too_large_is_refused(
    serve: Any, settings: Settings, row: Row
) -> None:
    with serve(replace(settings, max_body_bytes=100)) as client:
        answer = client.post("/predict", json=row)

    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


def test_chunks_are_counted_where_no_length_is_said(serve: Any, settings: Settings) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 10

    with serve(replace(settings, max_body_bytes=500)) as client:
        answer = client.post(
            "/predict", content=chunks(), headers={"content-type": "application/json"}
        )

    assert answer.status_code == 413


def test_a_batch_has_at_most_so_many_rows(serve: Any, settings: Settings, row: Row) -> None:
    with serve(replace(settings, max_rows=2)) as client:
        allowed = client.post("/predict", json={"rows": [row] * 2})
        refused = client.post("/predict", json={"rows": [row] * 3})

    assert (allowed.status_code, refused.status_code) == (200, 413)


@pytest.fixture
def guarded(serve: Any, settings: Settings) -> Iterator[TestClient]:
    with serve(replace(settings, token="open sesame")) as client:  # noqa: S106
        yield client


@pytest.mark.parametrize("given", [None, "Bearer wrong", "open sesame", "Basic open sesame"])
def test_without_the_token_nothing_is_predicted(
    guarded: TestClient, row: Row, given: str | None
) -> None:
    headers = {"authorization": given} if given else {}

    answer = guarded.post("/predict", json=row, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert guarded.get("/model", headers=headers).status_code == 401


def test_with_the_token_it_is(guarded: TestClient, row: Row) -> None:
    headers = {"authorization": "Bearer open sesame"}

    assert guarded.post("/predict", json=row, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
def test_probes_need_no_token(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_the_document_says_where_a_token_is_needed(guarded: TestClient) -> None:
    document = guarded.get("/openapi.json").json()

    assert document["paths"]["/predict"]["post"]["security"] == [{"token": []}]
    assert "security" not in document["paths"]["/health"]["get"]
