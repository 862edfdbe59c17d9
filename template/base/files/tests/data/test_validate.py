from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from project_package import schema
from project_package.data.validate import find_violations, validate
from project_package.errors import PipelineError
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.target import OUTCOME

Fault = Callable[[pd.DataFrame], pd.DataFrame]


def with_value(name: str, value: object) -> Fault:
    """Put `value` into the eighth row."""

    def put(frame: pd.DataFrame) -> pd.DataFrame:
        changed = frame.copy()
        changed[name] = changed[name].astype(object)
        changed.loc[7, name] = value  # type: ignore[call-overload]
        return changed

    return put


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "below the range": (with_value("humidity", -1), "humidity", "is at least 0"),
    "above the range": (with_value("distance", 99_999), "distance", "is at most 5500"),
    "renamed category": (with_value("origin", "New York"), "origin", "is one of EWR, JFK, LGA"),
    "missing": (with_value("carrier", None), "carrier", "is never missing"),
    "no name": (with_value("carrier", ""), "carrier", "has 1 to 256 characters"),
    "a name too long": (
        with_value("destination", "x" * 300),
        "destination",
        "has 1 to 256 characters",
    ),
    "not a number": (with_value("seats", "many"), "seats", "coerce_dtype('float64')"),
    "not a time": (
        with_value("scheduled_departure", "soon"),
        "scheduled_departure",
        "coerce_dtype('datetime64[ns]')",
    ),
    "scaled": (
        lambda frame: frame.assign(distance=frame["distance"] * 1000),
        "distance",
        "is at most 5500",
    ),
    "burst of missing values": (
        lambda frame: frame.assign(temperature=None),
        "temperature",
        "is missing in at most 30% of the rows",
    ),
    "column dropped": (lambda frame: frame.drop(columns="engine"), "engine", "is there"),
    "row twice": (
        lambda frame: pd.concat([frame, frame.tail(1)], ignore_index=True),
        "scheduled_departure, carrier, flight",
        "is unique for each row",
    ),
}


@pytest.mark.parametrize(("fault", "column", "rule"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_by_column_and_rule(
    raw: pd.DataFrame, parameters: Parameters, fault: Fault, column: str, rule: str
) -> None:
    violations = find_violations(fault(raw), parameters.validate)

    assert (column, rule) in {(violation.column, violation.rule) for violation in violations}


def test_the_row_and_its_value_are_reported(raw: pd.DataFrame, parameters: Parameters) -> None:
    (violation,) = find_violations(with_value("humidity", -1)(raw), parameters.validate)

    assert violation.rows == 1
    assert violation.examples == ("row 7: -1.0",)


def test_a_burst_of_missing_values_counts_the_rows_that_lack_one(
    raw: pd.DataFrame, parameters: Parameters
) -> None:
    raw.loc[:199, "temperature"] = None

    (violation,) = find_violations(raw, parameters.validate)

    assert violation.rows == raw["temperature"].isna().sum()


def test_a_key_is_broken_by_all_its_columns_together(
    raw: pd.DataFrame, parameters: Parameters
) -> None:
    twice = pd.concat([raw, raw.tail(1)], ignore_index=True)

    (violation,) = find_violations(twice, parameters.validate)

    row = raw.iloc[-1]
    assert violation.column == "scheduled_departure, carrier, flight"
    assert violation.rows == 2
    assert all(str(row[name]) in violation.examples[0] for name in ("carrier", "flight"))


def test_columns_may_come_in_any_order(raw: pd.DataFrame, parameters: Parameters) -> None:
    rules = replace(parameters.validate, minimum_rows=1, newest_on_or_after=pd.Timestamp(0).date())

    found = find_violations(raw[raw.columns[::-1]], replace(rules, target_mean=(0.0, 1e9)))

    assert found == []


def test_the_table_as_a_whole_is_judged(raw: pd.DataFrame, parameters: Parameters) -> None:
    rules = [violation.rule for violation in find_violations(raw, parameters.validate)]

    assert any(rule.startswith("holds at least") for rule in rules)
    assert any(rule.startswith("reaches") for rule in rules)


def test_a_target_that_has_moved_is_found(raw: pd.DataFrame, parameters: Parameters) -> None:
    moved = raw.assign(**{OUTCOME.name: OUTCOME.maximum})

    rules = [violation.rule for violation in find_violations(moved, parameters.validate)]

    assert any(rule.startswith("has a mean target") for rule in rules)


def test_bad_data_stop_the_pipeline_with_a_report(
    raw: pd.DataFrame, parameters: Parameters, tmp_path: Path
) -> None:
    paths = Paths(tmp_path)
    paths.raw.parent.mkdir()
    with_value("humidity", -1)(raw).astype({"humidity": float}).to_parquet(paths.raw)

    with pytest.raises(PipelineError, match="humidity: is at least 0"):
        validate(paths, parameters)

    assert "| humidity | is at least 0 | 1 | row 7: -1.0 |" in (
        paths.reports / "validation.md"
    ).read_text("utf-8")


def test_the_sample_keeps_all_rules(pipeline: Paths) -> None:
    report = (pipeline.reports / "validation.json").read_text("utf-8")

    assert '"valid": true' in report
    assert schema.TIME.name not in report
