"""Limits of size, number and access."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from time import monotonic, sleep
from typing import Any

import httpx2
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
    assert answer.json()["title"] == "Content Too Large"
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


def test_more_clients_than_the_limit_are_told_to_come_back(start_process: Any, row: Row) -> None:
    process = start_process(limit_concurrency=2)
    address = ("127.0.0.1", httpx2.URL(process.url).port)

    with ExitStack() as idle:
        for _ in range(2):
            idle.enter_context(socket.create_connection(address))
        health = httpx2.get(f"{process.url}/health")
        answer = httpx2.post(f"{process.url}/predict", json=row)

    assert health.status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert answer.headers["retry-after"] == "1"


def test_a_client_that_hangs_up_during_its_upload_is_no_failure_of_ours(start_process: Any) -> None:
    process = start_process(drain_seconds=0)

    with socket.create_connection(("127.0.0.1", httpx2.URL(process.url).port)) as client:
        client.sendall(b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{")
    counted = counted_predictions(process.url)
    logs = [json.loads(line) for line in process.stop().splitlines()]

    assert counted == ['service_requests_total{route="/predict",status="499"} 1.0']
    assert "POST /predict 499" in [log["message"] for log in logs]
    assert [log for log in logs if "exception" in log] == []


def counted_predictions(url: str) -> list[str]:
    """Return the series of requests to `/predict` as soon as there is one."""
    until = monotonic() + 10
    while monotonic() < until:
        lines = httpx2.get(f"{url}/metrics").text.splitlines()
        series = 'service_requests_total{route="/predict"'
        if counted := [line for line in lines if line.startswith(series)]:
            return counted
        sleep(0.05)
    return []


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
