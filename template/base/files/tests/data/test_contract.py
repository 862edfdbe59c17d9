"""One contract: whatever names the columns takes them from `schema`."""

import json
from dataclasses import replace

import onnxruntime
import pytest
from starlette.testclient import TestClient

from project_package import bundle, schema
from project_package.data.validate import data_schema
from project_package.paths import Paths
from project_package.target import OUTCOME, TARGET
from project_package.training.registry import signature

NAMES = [column.name for column in schema.FEATURES]


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_neither_target_nor_outcome_is_a_feature() -> None:
    assert TARGET.name not in NAMES
    assert OUTCOME.name not in NAMES


def test_numbers_come_before_categories() -> None:
    assert (*schema.NUMBERS, *schema.CATEGORIES) == schema.FEATURES


def test_validation_has_every_raw_column() -> None:
    assert set(data_schema().columns) == {column.name for column in schema.raw_columns()}
    for column in schema.raw_columns():
        assert data_schema().columns[column.name].nullable == column.nullable


def test_the_signature_of_mlflow_has_the_features() -> None:
    inputs = signature().inputs

    assert inputs.input_names() == NAMES
    assert inputs.required_input_names() == [
        column.name for column in schema.FEATURES if not column.nullable
    ]


def test_the_graph_takes_two_packed_inputs(pipeline: Paths) -> None:
    session = onnxruntime.InferenceSession(str(pipeline.champion / "model.onnx"))

    shapes = {each.name: (each.type, each.shape[1]) for each in session.get_inputs()}

    assert shapes == {
        "numbers": ("tensor(float)", len(schema.NUMBERS)),
        "categories": ("tensor(string)", len(schema.CATEGORIES)),
    }


def test_the_reference_for_drift_has_the_features(pipeline: Paths) -> None:
    reference = json.loads((pipeline.champion / "reference.json").read_text("utf-8"))

    assert list(reference["features"]) == NAMES


def test_the_champion_was_made_for_this_contract(pipeline: Paths) -> None:
    described = bundle.describe(pipeline.champion)

    assert described is not None
    assert described["contract"] == schema.digest()


def test_the_service_documents_the_features(service: TestClient) -> None:
    document = service.get("/openapi.json").text

    for column in schema.FEATURES:
        assert f'"{column.name}"' in document
        assert column.description in document


@pytest.mark.parametrize("change", [{"maximum": 1.0}, {"unit": "km"}, {"name": "other"}])
def test_any_change_of_a_feature_is_another_contract(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, float | str]
) -> None:
    before = schema.digest()
    first, *others = schema.FEATURES
    monkeypatch.setattr(schema, "FEATURES", (replace(first, **change), *others))  # type: ignore[arg-type]

    assert schema.digest() != before
