"""What `/predict` answers, and what it refuses."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from project_package import schema

Row = dict[str, Any]

NUMBER = schema.NUMBERS[0].name
CATEGORY = schema.CATEGORIES[0].name
NULLABLE = [column.name for column in schema.FEATURES if column.nullable]
REQUIRED = next(column.name for column in schema.FEATURES if not column.nullable)


def post(client: TestClient, body: bytes | str, **headers: str) -> Any:
    return client.post(
        "/predict", content=body, headers={"content-type": "application/json"} | headers
    )


def test_one_row_has_one_answer_with_the_model_version(client: TestClient, row: Row) -> None:
    answer = client.post("/predict", json=row)

    assert answer.status_code == 200
    assert answer.json().keys() == {"label", "probability", "model_version"}
    assert answer.json()["model_version"] == "1"


def test_a_batch_is_answered_row_by_row_as_each_row_alone(client: TestClient, row: Row) -> None:
    rows = [row, row | {NUMBER: row[NUMBER] + 1}, row | {CATEGORY: "never seen"}]

    together = client.post("/predict", json={"rows": rows}).json()

    alone = [client.post("/predict", json=one).json() for one in rows]
    assert [one["probability"] for one in together["predictions"]] == pytest.approx(
        [one["probability"] for one in alone]
    )


def test_null_is_a_missing_value_where_the_schema_allows_it(client: TestClient, row: Row) -> None:
    assert client.post("/predict", json=row | dict.fromkeys(NULLABLE)).status_code == 200


def test_null_is_refused_elsewhere(client: TestClient, row: Row) -> None:
    answer = client.post("/predict", json=row | {REQUIRED: None})

    assert answer.status_code == 422
    assert answer.json()["title"] == "Unprocessable Content"
    assert f"$.{REQUIRED}" in answer.json()["detail"]


def test_a_forgotten_feature_is_named(client: TestClient, row: Row) -> None:
    del row[NULLABLE[0]]

    answer = client.post("/predict", json=row)

    assert answer.status_code == 422
    assert NULLABLE[0] in answer.json()["detail"]


@pytest.mark.parametrize("value", ["5", True, [], {}, 1e39])
def test_a_number_is_a_finite_float32(client: TestClient, row: Row, value: object) -> None:
    assert client.post("/predict", json=row | {NUMBER: value}).status_code == 422


@pytest.mark.parametrize("value", ["", 5, False, "x" * 257])
def test_a_category_is_a_short_text(client: TestClient, row: Row, value: object) -> None:
    assert client.post("/predict", json=row | {CATEGORY: value}).status_code == 422


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        (NUMBER, b"NaN", 400),
        (NUMBER, b"Infinity", 400),
        (NUMBER, b"-Infinity", 400),
        (NUMBER, b"1e400", 422),
        (NUMBER, b"01", 400),
        (NUMBER, b"[" * 50_000, 422),
        (CATEGORY, b'"\\ud800"', 400),
        (CATEGORY, b'"\\ud800\\u0041"', 400),
        (CATEGORY, b'"\xff\xfe"', 400),
    ],
)
def test_what_json_does_not_allow_is_refused_without_an_echo(
    client: TestClient, row: Row, name: str, value: bytes, status: int
) -> None:
    body = json.dumps(row | {name: "here"}).encode().replace(b'"here"', value)

    # A random id could hold the value by chance.
    answer = post(client, body, **{"x-request-id": "given"})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert value not in answer.content


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"text"', b"\xef\xbb\xbf{}", b"\x00", b"[" * 100_000]
)
def test_what_is_no_row_is_refused(client: TestClient, body: bytes) -> None:
    assert post(client, body).status_code in {400, 422}


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("key", [NUMBER, CATEGORY])
def test_a_repeated_key_is_refused(
    client: TestClient,
    row: Row,
    key: str,
    batch: bool,
) -> None:
    text = json.dumps(row)
    text = text[:-1] + f', "{key}": {json.dumps(row[key])}' + "}"

    answer = post(client, f'{{"rows": [{text}]}}' if batch else text)

    assert answer.status_code == 400
    assert answer.json()["code"] == "repeated_key"


def test_escaped_quotes_are_no_repeated_key(client: TestClient, row: Row) -> None:
    assert client.post("/predict", json=row | {CATEGORY: 'a "b" c'}).status_code == 200


def test_an_unknown_field_is_refused_without_its_name(client: TestClient, row: Row) -> None:
    answer = client.post("/predict", json=row | {"secret-4711": 1})

    assert answer.status_code == 422
    assert b"4711" not in answer.content


def test_an_empty_batch_is_refused(client: TestClient) -> None:
    assert client.post("/predict", json={"rows": []}).status_code == 422


def test_only_json_is_taken(client: TestClient, row: Row) -> None:
    answer = post(client, json.dumps(row), **{"content-type": "text/plain"})

    assert answer.status_code == 415


def test_only_post_predicts(client: TestClient) -> None:
    answer = client.get("/predict")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


def test_a_request_id_is_taken_and_given_back(client: TestClient, row: Row) -> None:
    answer = client.post("/predict", json=row, headers={"x-request-id": "order-66"})

    assert answer.headers["x-request-id"] == "order-66"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "é".encode().decode("latin-1")])
def test_an_odd_request_id_is_replaced(client: TestClient, row: Row, given: str) -> None:
    headers = {"x-request-id": given.encode("latin-1")}

    answer = client.post("/predict", json=row, headers=headers)  # type: ignore[arg-type]

    assert answer.headers["x-request-id"] not in {"", given}


def test_a_problem_names_its_request(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"x-request-id": "lost"})

    assert answer.status_code == 404
    assert answer.json()["request_id"] == "lost"
