from typing import Any

import pytest

from project_package import schema
from project_package.column import Column
from project_package.monitoring.drift import PREDICTION, Comparison

from .conftest import NAMES, Scene

NUMBER = next(
    column.name for column in schema.NUMBERS if not column.derived and column.maximum is not None
)
CATEGORY = schema.CATEGORIES[0].name


def findings(scene: Scene) -> dict[str, tuple[str, ...]]:
    return {column.name: column.findings for column in scene.report().columns if column.findings}


def compared(scene: Scene, name: str) -> Comparison:
    return next(column for column in scene.report().columns if column.name == name)


def test_rows_like_those_of_training_find_nothing(scene: Scene) -> None:
    scene.log(1500)

    assert findings(scene) == {}


def test_every_feature_and_the_prediction_is_compared(scene: Scene) -> None:
    scene.log(10)

    names = [column.name for column in scene.report().columns]

    assert names == [*(column.name for column in schema.FEATURES), PREDICTION]


def test_a_shifted_number_drifts_and_no_other(scene: Scene) -> None:
    def double(row: dict[str, Any]) -> None:
        row[NUMBER] = max(row[NUMBER], 0.6 * _maximum(NUMBER))

    scene.log(600, change=double)

    assert findings(scene) == {NUMBER: ("drift",)}
    assert compared(scene, NUMBER).psi > 0.25


def test_another_mix_of_categories_drifts(scene: Scene) -> None:
    scene.log(600, change=lambda row: row.update({CATEGORY: NAMES[0]}))

    assert findings(scene) == {CATEGORY: ("drift",)}


def test_unseen_categories_are_found(scene: Scene) -> None:
    def rename(row: dict[str, Any]) -> None:
        if row[CATEGORY] == NAMES[0]:
            row[CATEGORY] = "a new one"

    scene.log(600, change=rename)

    assert "unseen" in findings(scene)[CATEGORY]
    assert compared(scene, CATEGORY).unseen == pytest.approx(1 / 3, abs=0.1)


def test_missing_values_above_those_of_training_are_found(scene: Scene) -> None:
    draws = iter(range(600))

    def lose(row: dict[str, Any]) -> None:
        row[NUMBER] = row[NUMBER] if next(draws) % 10 else None

    scene.log(600, change=lose)

    assert "missing" in findings(scene)[NUMBER]
    assert compared(scene, NUMBER).missing == pytest.approx(0.1)


def test_values_beyond_the_schema_are_found(scene: Scene) -> None:
    draws = iter(range(600))

    def exceed(row: dict[str, Any]) -> None:
        row[NUMBER] = row[NUMBER] if next(draws) % 30 else _maximum(NUMBER) + 1

    scene.log(600, change=exceed)

    assert findings(scene) == {NUMBER: ("out_of_range",)}


def test_other_answers_drift(scene: Scene) -> None:
    scene.log(600, scores=[0.1] * 600)

    assert findings(scene) == {PREDICTION: ("drift",)}


def test_a_few_rows_are_shown_and_not_judged(scene: Scene) -> None:
    scene.log(50, change=lambda row: row.update({NUMBER: None}))

    assert findings(scene) == {}
    assert compared(scene, NUMBER).missing == 1


def test_an_empty_log_finds_nothing(scene: Scene) -> None:
    report = scene.report()

    assert report.rows == 0
    assert report.findings == ()


def test_what_is_ignored_is_shown_and_not_judged(scene: Scene) -> None:
    ignored = next(name for name in scene.limits.drift.ignored if name in _numbers())
    scene.log(600, change=lambda row: row.update({ignored: _maximum(ignored)}))

    assert findings(scene) == {}
    assert compared(scene, ignored).psi > 1


def test_only_the_present_version_is_judged(scene: Scene) -> None:
    scene.log(600, change=lambda row: row.update({NUMBER: None}), version="0")
    scene.log(600, version="1")

    assert findings(scene) == {}
    assert scene.report().versions == {"0": 600, "1": 600}


def _numbers() -> dict[str, Column]:
    return {column.name: column for column in schema.NUMBERS}


def _maximum(name: str) -> float:
    maximum = _numbers()[name].maximum
    assert maximum is not None
    return maximum
