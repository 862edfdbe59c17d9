"""What an operator sees: metrics, logs, drift and the model's lineage."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from project_package import schema
from project_package.service.settings import Settings

Row = dict[str, Any]

NUMBER = next(column for column in schema.NUMBERS if column.maximum is not None)
NULLABLE = next(column.name for column in schema.FEATURES if column.nullable)
CATEGORY = schema.CATEGORIES[0].name


def sample(client: TestClient, series: str) -> float | None:
    """Return the value of one series of `/metrics`, None where it is not there."""
    for line in client.get("/metrics").text.splitlines():
        name, _, value = line.rpartition(" ")
        if name == series:
            return float(value)
    return None


def logged(settings: Settings) -> list[dict[str, Any]]:
    lines = (settings.log_dir / "predictions.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_requests_and_predictions_are_counted(client: TestClient, row: Row) -> None:
    client.post("/predict", json={"rows": [row] * 3})
    client.post("/predict", content=b"{")

    assert sample(client, 'service_requests_total{route="/predict",status="200"}') == 1
    assert sample(client, 'service_requests_total{route="/predict",status="400"}') == 1
    assert sample(client, 'service_predictions_total{model_version="1",outcome="1"}') == 3
    assert sample(client, "service_prediction_score_count") == 3
    assert sample(client, 'service_request_seconds_count{route="/predict"}') == 2


def test_unknown_paths_share_one_series(client: TestClient) -> None:
    for path in ("/a", "/b", "/.env"):
        client.get(path)

    assert sample(client, 'service_requests_total{route="other",status="404"}') == 3


def test_missing_unseen_and_out_of_range_values_are_counted(client: TestClient, row: Row) -> None:
    assert NUMBER.maximum is not None
    odd = {NULLABLE: None, CATEGORY: "never seen", NUMBER.name: NUMBER.maximum + 1}

    client.post("/predict", json=row | odd)

    for what, name in (("missing", NULLABLE), ("unseen", CATEGORY), ("out_of_range", NUMBER.name)):
        assert sample(client, f'service_feature_{what}_total{{feature="{name}"}}') == 1


def test_drift_is_told_once_enough_rows_came(client: TestClient, row: Row) -> None:
    series = f'service_feature_psi{{feature="{NUMBER.name}"}}'
    client.post("/predict", json={"rows": [row] * 9})
    before = sample(client, series)
    client.post("/predict", json={"rows": [row] * 91})
    after = sample(client, series)

    assert before is None
    assert after is not None
    assert after > 1
    assert sample(client, "service_prediction_psi") is not None


def test_the_model_is_described(client: TestClient) -> None:
    assert client.get("/model").json()["git_commit"] == "0" * 40
    labels = f'data_hash="{"1" * 32}",git_commit="{"0" * 40}",name="tiny",version="1"'
    assert sample(client, f"service_model_info{{{labels}}}") == 1
    assert sample(client, "service_model_ready") == 1
    assert sample(client, "service_model_trained_timestamp_seconds") == 1767323045


def test_every_row_is_logged_with_inputs_outputs_and_version(
    serve: Any, settings: Settings, row: Row
) -> None:
    with serve(settings) as client:
        answer = client.post(
            "/predict", json={"rows": [row, row]}, headers={"x-request-id": "twice"}
        )

    first, second = logged(settings)
    assert (first["row"], second["row"]) == (0, 1)
    assert first["request_id"] == second["request_id"] == "twice"
    assert first["model_version"] == "1"
    assert first["inputs"] == row
    assert first["outputs"] == answer.json()["predictions"][0]


def test_what_was_refused_is_not_logged_as_a_prediction(serve: Any, settings: Settings) -> None:
    with serve(settings) as client:
        client.post("/predict", content=b"{")

    assert not (settings.log_dir / "predictions.jsonl").exists()


def test_a_log_that_cannot_be_written_costs_no_answer(
    serve: Any, settings: Settings, row: Row, tmp_path: Path
) -> None:
    (tmp_path / "a file").touch()
    with serve(replace(settings, log_dir=tmp_path / "a file")) as client:
        assert client.post("/predict", json=row).status_code == 200


def test_requests_are_logged_as_json_lines(
    serve: Any, settings: Settings, row: Row, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(settings) as client:
        client.post("/predict", json=row, headers={"x-request-id": "mine"})
        client.get("/health")

    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert line["message"] == "POST /predict 200"
    assert line["request_id"] == "mine"


def test_the_document_has_examples_that_the_service_answers(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]

    for example in examples.values():
        assert client.post("/predict", json=example["value"]).status_code == 200


def test_without_a_model_it_is_healthy_and_not_ready(
    serve: Any, settings: Settings, row: Row
) -> None:
    shutil.rmtree(settings.model_dir)
    with serve(settings) as client:
        statuses = {
            path: client.get(path).status_code
            for path in ("/health", "/ready", "/model", "/metrics", "/openapi.json")
        }
        answer = client.post("/predict", json=row)

    assert statuses == {
        "/health": 200,
        "/ready": 503,
        "/model": 503,
        "/metrics": 200,
        "/openapi.json": 200,
    }
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
