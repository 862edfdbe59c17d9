"""How the service counts drift."""

import random
from collections import Counter as Tally
from collections.abc import Callable, Sequence

import pytest

from project_package import schema
from project_package.service.drift import (
    CategoryCounter,
    Drift,
    FeatureReference,
    NumberCounter,
    Reference,
    stability_index,
)
from project_package.service.rows import COLUMNS, Values

NUMBER = FeatureReference(counts=[10, 20, 30], edges=[1.0, 2.0], missing=5)
CATEGORY = FeatureReference(counts=[10, 20], categories=["a", "b"], missing=5)


@pytest.mark.parametrize(("value", "bin_"), [(0.5, 0), (1.0, 0), (1.1, 1), (9.0, 2), (None, 3)])
def test_a_number_falls_in_the_bin_that_it_does_not_exceed(value: float | None, bin_: int) -> None:
    counter = NumberCounter(NUMBER, 0, 10)

    counter.count(value)

    assert counter.window.counts.index(1) == bin_


@pytest.mark.parametrize(("value", "outside"), [(0, 0), (10, 0), (-0.1, 1), (10.1, 1)])
def test_the_limits_belong_to_the_range(value: float, outside: int) -> None:
    counter = NumberCounter(NUMBER, 0, 10)

    counter.count(value)

    assert counter.out_of_range == outside


@pytest.mark.parametrize(("value", "bin_"), [("a", 0), ("b", 1), ("c", 2), (None, 3)])
def test_an_unseen_and_a_missing_category_have_bins_of_their_own(
    value: str | None, bin_: int
) -> None:
    counter = CategoryCounter(CATEGORY)

    counter.count(value)

    assert counter.window.counts.index(1) == bin_
    assert (counter.unseen, counter.missing) == (int(bin_ == 2), int(bin_ == 3))


def test_equal_shares_have_no_drift() -> None:
    assert stability_index([100, 200, 300], [10, 20, 30]) == 0


def test_another_distribution_has_drift() -> None:
    assert stability_index([100, 200, 300], [300, 200, 100]) > 0.25


def even(bins: int) -> list[float]:
    return [1.0] * bins


def zipf(bins: int) -> list[float]:
    return [1 / rank for rank in range(1, bins + 1)]


def draw(weights: Sequence[float], rows: int, seed: int) -> list[int]:
    """Return how many of `rows` fall in each bin."""
    chosen = random.Random(seed).choices(range(len(weights)), weights, k=rows)  # noqa: S311
    counts = Tally(chosen)
    return [counts[bin_] for bin_ in range(len(weights))]


@pytest.mark.parametrize("shape", [even, zipf])
@pytest.mark.parametrize("bins", [10, 100, 500])
@pytest.mark.parametrize("rows", [500, 5000])
def test_chance_alone_is_no_drift(
    shape: Callable[[int], list[float]], bins: int, rows: int
) -> None:
    expected = draw(shape(bins), 9000, seed=0)

    indices = [stability_index(expected, draw(shape(bins), rows, seed)) for seed in range(1, 21)]

    assert max(indices) < 0.25


@pytest.mark.parametrize("bins", [10, 100, 500])
def test_a_shift_is_found_among_many_categories(bins: int) -> None:
    expected = draw(even(bins), 9000, seed=0)
    half_to_a_tenth = [1 + 10 * (bin_ % 10 == 0) for bin_ in range(bins)]

    indices = [stability_index(expected, draw(half_to_a_tenth, 500, seed)) for seed in range(1, 21)]

    assert min(indices) > 0.25


@pytest.fixture
def drift() -> Drift:
    features = {
        column.name: NUMBER if column.kind == "number" else CATEGORY for column in schema.FEATURES
    }
    return Drift(Reference(features, NUMBER), rows=20, minimum=5)


ROW: Values = tuple(1.5 if column.kind == "number" else "a" for column in COLUMNS)


def test_few_rows_tell_nothing(drift: Drift) -> None:
    drift.count([ROW] * 4, [0.5] * 4)

    assert drift.prediction.window.psi(drift.minimum) is None


def test_old_rows_are_forgotten(drift: Drift) -> None:
    drift.count([ROW] * 10, [9.0] * 10)
    before = drift.prediction.window.psi(drift.minimum)
    for _ in range(2):
        drift.count([ROW] * 10, [0.5] * 5 + [1.5] * 3 + [9.0] * 2)
    after = drift.prediction.window.psi(drift.minimum)

    assert before is not None
    assert after is not None
    assert after < before


def test_a_turn_of_the_window_loses_no_count(drift: Drift) -> None:
    drift.count([(None,) * len(COLUMNS)] * 25, [0.5] * 25)

    assert {counter.missing for counter in drift.features.values()} == {25}
