"""One contract: whoever names columns says what `schema` says, or a test here fails."""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime
import pandas as pd
import pyarrow as pa
import pytest
from pandera.errors import SchemaError
from starlette.testclient import TestClient

from project_package import batch, bundle, schema
from project_package.column import LARGEST_NUMBER, LONGEST_NAME, Column, Kind
from project_package.data.validate import data_schema, pandera_column
from project_package.errors import PipelineError
from project_package.paths import Paths
from project_package.service.app import Service
from project_package.service.drift import Drift
from project_package.service.errors import Problem
from project_package.service.logs import standard_output
from project_package.service.model import load
from project_package.service.rows import COLUMNS, annotation, decode
from project_package.service.settings import Settings
from project_package.target import OUTCOME, TARGET
from project_package.training.registry import signature

NAMES = [column.name for column in schema.FEATURES]

# What one who uses the schema knows of each column, in the schema's order.
View = dict[str, dict[str, Any]]


def view(columns: Iterable[Column], *facts: str) -> View:
    """Return what `schema` itself says."""
    return {
        column.name: {
            fact: value
            for fact, value in (asdict(column) | {"nullable": column.nullable}).items()
            if fact in facts
        }
        for column in columns
    }


def test_validation_says_what_the_schema_says() -> None:
    kinds = {"float64": "number", "str": "category", "datetime64[ns]": "time"}
    found = {}
    for name, column in data_schema().columns.items():
        checks = {check.name: check.statistics for check in column.checks if check.statistics}
        found[name] = {
            "kind": kinds[str(column.dtype)],
            "unit": (column.metadata or {})["unit"],
            "minimum": checks.get("greater_than_or_equal_to", {}).get("min_value"),
            "maximum": checks.get("less_than_or_equal_to", {}).get("max_value"),
            "categories": tuple(checks.get("isin", {}).get("allowed_values", ())),
            "nullable": column.nullable,
        }

    facts = ("kind", "unit", "minimum", "maximum", "categories", "nullable")
    assert found == view(schema.raw_columns(), *facts)


@pytest.mark.parametrize("column", schema.raw_columns(), ids=lambda column: column.name)
def test_validation_knows_how_much_may_be_missing(column: Column) -> None:
    few = pd.Series([None] * 10 + ["x"] * 90, dtype=object)
    enough = [
        check
        for check in data_schema().columns[column.name].checks
        if "is missing in at most" in str(check.error)
    ]

    shares = [f"{column.missing_share:.0%}"] if column.nullable else []
    assert [str(check.error).split()[5] for check in enough] == shares
    for check in enough:
        assert bool(check(few).check_passed) == (column.missing_share >= 0.1)


def test_the_signature_of_mlflow_says_what_the_schema_says() -> None:
    kinds = {"double": "number", "string": "category"}
    found = {
        column.name: {"kind": kinds[column.type.name], "nullable": not column.required}
        for column in signature().inputs
    }

    assert found == view(schema.FEATURES, "kind", "nullable")
    assert list(found) == NAMES


def test_the_openapi_document_says_what_the_schema_says(tmp_path: Path) -> None:
    with (
        standard_output(capacity=1) as output,
        TestClient(Service(Settings(model_dir=tmp_path, log_dir=tmp_path), output).app) as client,
    ):
        row = client.get("/openapi.json").json()["components"]["schemas"]["Row"]
    kinds = {"number": "number", "string": "category"}
    found = {}
    for name, described in row["properties"].items():
        either = {each["type"]: each for each in described.get("anyOf", [described])}
        nullable = either.pop("null", None) is not None
        ((kind, facts),) = either.items()
        found[name] = {
            "kind": kinds[kind],
            "unit": facts.get("x-unit", ""),
            "minimum": facts.get("x-minimum"),
            "maximum": facts.get("x-maximum"),
            "categories": tuple(facts.get("x-categories", ())),
            "nullable": nullable,
        }
        assert next(c for c in COLUMNS if c.name == name).description in facts["description"]

    facts = ("kind", "unit", "minimum", "maximum", "categories", "nullable")
    assert found == view(schema.FEATURES, *facts)
    assert row["required"] == NAMES


def ordinary(column: Column) -> float | str:
    """A value that `column` may have."""
    if column.kind == "category":
        return column.categories[0] if column.categories else "ANY"
    return float(column.minimum or 0)


@pytest.mark.parametrize("column", schema.FEATURES, ids=lambda column: column.name)
def test_the_service_takes_what_the_schema_allows(column: Column) -> None:
    row = {each.name: ordinary(each) for each in schema.FEATURES}
    wrong = "text" if column.kind == "number" else 1

    assert decode(json.dumps(row).encode(), 1).rows == [tuple(row[name] for name in NAMES)]
    for value, fits in {None: column.nullable, wrong: False}.items():
        assert _is_taken(row | {column.name: value}) == fits
    assert not _is_taken({name: value for name, value in row.items() if name != column.name})


def _is_taken(row: dict[str, Any]) -> bool:
    try:
        decode(json.dumps(row).encode(), 1)
    except Problem:
        return False
    return True


LIMITS = [
    *(("number", value) for value in (LARGEST_NUMBER, -LARGEST_NUMBER, 1e39, -1e39)),
    *(("category", "x" * length) for length in (0, 1, LONGEST_NAME, LONGEST_NAME + 1)),
]


@pytest.mark.parametrize(("kind", "value"), LIMITS, ids=lambda value: str(value)[:12])
def test_validation_service_and_batch_know_the_same_limits_of_any_column(
    kind: Kind, value: Any
) -> None:
    column = Column("any", kind, "Any")
    fits = value in (LARGEST_NUMBER, -LARGEST_NUMBER, "x", "x" * LONGEST_NAME)

    def validated() -> None:
        pandera_column(column).set_name("any").validate(pd.DataFrame({"any": [value]}))

    def served() -> None:
        msgspec.convert(value, annotation(column))

    def scored() -> None:
        batch.check(column, pa.array([value]), 0)

    for takes in (validated, served, scored):
        if fits:
            takes()
        else:
            with pytest.raises((SchemaError, msgspec.ValidationError, PipelineError)):
                takes()


def test_the_graph_takes_two_inputs_of_the_schema_s_widths_and_order(pipeline: Paths) -> None:
    session = onnxruntime.InferenceSession(str(pipeline.champion / "model.onnx"))
    described = bundle.describe(pipeline.champion)

    shapes = {each.name: (each.type, each.shape[1]) for each in session.get_inputs()}

    assert shapes == {
        "numbers": ("tensor(float)", len(schema.NUMBERS)),
        "categories": ("tensor(string)", len(schema.CATEGORIES)),
    }
    assert described is not None
    assert described["inputs"] == {
        "numbers": [column.name for column in schema.NUMBERS],
        "categories": [column.name for column in schema.CATEGORIES],
    }
    assert described["contract"] == schema.digest()


def test_the_reference_for_drift_says_what_the_schema_says(pipeline: Paths) -> None:
    features = json.loads((pipeline.champion / "reference.json").read_text("utf-8"))["features"]
    kinds = {
        name: {"kind": "number" if "edges" in each else "category"}
        for name, each in features.items()
    }

    assert kinds == view(schema.FEATURES, "kind")
    assert list(kinds) == NAMES
    for column in schema.FEATURES:
        each = features[column.name]
        assert column.nullable or each["missing"] == 0
        if column.categories:
            assert set(each["categories"]) <= set(column.categories)
        for edge in each.get("edges", ()):
            assert (column.minimum or edge) <= edge <= (column.maximum or edge)


@pytest.mark.parametrize("column", schema.FEATURES, ids=lambda column: column.name)
def test_traffic_is_counted_by_the_range_of_the_schema(pipeline: Paths, column: Column) -> None:
    counter = Drift(load(pipeline.champion).reference, 10, 5).features[column.name]
    inside: list[float | str] = [ordinary(column), column.maximum or ordinary(column)]
    outside = [
        *([np.nextafter(column.minimum, -np.inf)] if column.minimum is not None else []),
        *([np.nextafter(column.maximum, np.inf)] if column.maximum is not None else []),
    ]

    for value in inside:
        counter.count(value)
    assert counter.out_of_range == 0
    for value in outside:
        counter.count(value)
    assert counter.out_of_range == len(outside)


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_neither_target_nor_outcome_is_a_feature() -> None:
    assert TARGET.name not in NAMES
    assert OUTCOME.name not in NAMES


def test_numbers_come_before_categories() -> None:
    assert (*schema.NUMBERS, *schema.CATEGORIES) == schema.FEATURES


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"unit": "km"},
        {"minimum": -1.0},
        {"maximum": 1.0},
        {"categories": ("A",)},
        {"missing_share": 0.01},
        {"kind": "category"},
    ],
    ids=str,
)
def test_any_change_of_a_feature_is_another_contract(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    before = schema.digest()
    first, *others = schema.FEATURES
    monkeypatch.setattr(schema, "FEATURES", (replace(first, **change), *others))

    assert schema.digest() != before
