"""How good the model is now, as late labels tell: in all, over time and per slice."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from project_package import schema
from project_package.monitoring.labels import Labelled, Outcomes
from project_package.monitoring.limits import PerformanceLimits
from project_package.monitoring.measures import MEASURES, Floats, Measure

BOOTSTRAP_SAMPLES = 300
MOST_PERIODS = 20
MOST_SLICES = 20


@dataclass(frozen=True)
class Period:
    """Consecutive labelled predictions and the value of the metric over them."""

    start: datetime
    rows: int
    value: float


@dataclass(frozen=True)
class Slice:
    """The labelled predictions whose `feature` is `category`, and the metric over them."""

    feature: str
    category: str
    rows: int
    value: float


@dataclass(frozen=True)
class Performance:
    """One metric: what was `expected` from held-out rows, and its `value` on the newest labels.

    `low` and `high` bound the middle 90 % of bootstrap samples. `lost` says that the loss is
    larger than tolerated and that chance does not explain it.
    """

    metric: str
    expected: float
    value: float
    low: float
    high: float
    lost: bool
    periods: tuple[Period, ...]
    slices: tuple[Slice, ...]


def measure(
    outcomes: Outcomes, expected: Mapping[str, float], limits: PerformanceLimits
) -> tuple[Performance, ...]:
    """Return one `Performance` for each metric of training that can be computed from labels.

    Fewer than `limits.minimum_labels` outcomes are no evidence: nothing is returned.
    """
    if len(outcomes.pairs) < limits.minimum_labels:
        return ()
    return tuple(
        _performance(name, MEASURES[name], value, outcomes.pairs, limits)
        for name, value in expected.items()
        if name in MEASURES
    )


def _performance(
    name: str,
    metric: Measure,
    expected: float,
    pairs: Sequence[Labelled],
    limits: PerformanceLimits,
) -> Performance:
    judged = pairs[-limits.judged_labels :]
    actual, score = _arrays(judged)
    samples = bootstrap(metric, actual, score)
    # The better end of a one-sided interval: if even that is worse than tolerated, it is a loss.
    best = quantile(metric.loss(expected, samples), 1 - limits.confidence)
    return Performance(
        metric=name,
        expected=expected,
        value=metric.compute(actual, score),
        low=quantile(samples, 0.05),
        high=quantile(samples, 0.95),
        lost=best > limits.tolerated_loss,
        periods=_periods(metric, pairs, limits.minimum_slice),
        slices=_slices(metric, judged, limits.minimum_slice),
    )


def bootstrap(metric: Measure, actual: Floats, score: Floats, seed: int = 0) -> Floats:
    """Return `metric` over samples of the rows, drawn with replacement.

    The seed is fixed: the same labels give the same verdict. Of as many rows, the same seed draws
    the same.
    """
    generator = np.random.default_rng(seed)
    draws = generator.integers(len(actual), size=(BOOTSTRAP_SAMPLES, len(actual)))
    return np.array([metric.compute(actual[draw], score[draw]) for draw in draws])


def quantile(samples: Floats, share: float) -> float:
    """Return the quantile of the samples that are defined, NaN where none is."""
    defined = samples[np.isfinite(samples)]
    return float(np.quantile(defined, share)) if defined.size else math.nan


def _periods(metric: Measure, pairs: Sequence[Labelled], least: int) -> tuple[Period, ...]:
    count = min(MOST_PERIODS, max(1, len(pairs) // least))
    parts = [pairs[start:stop] for start, stop in _bounds(len(pairs), count)]
    return tuple(
        Period(part[0].line.time, len(part), metric.compute(*_arrays(part))) for part in parts
    )


def _bounds(rows: int, parts: int) -> list[tuple[int, int]]:
    edges = [rows * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))


def _slices(metric: Measure, pairs: Sequence[Labelled], least: int) -> tuple[Slice, ...]:
    return tuple(
        Slice(column.name, category, len(part), metric.compute(*_arrays(part)))
        for column in schema.CATEGORIES
        for category, part in _groups(pairs, column.name)
        if len(part) >= least
    )


def _groups(pairs: Sequence[Labelled], feature: str) -> list[tuple[str, list[Labelled]]]:
    groups: dict[str, list[Labelled]] = {}
    for pair in pairs:
        groups.setdefault(str(pair.line.inputs.get(feature) or "missing"), []).append(pair)
    return sorted(groups.items(), key=lambda group: -len(group[1]))[:MOST_SLICES]


def _arrays(pairs: Sequence[Labelled]) -> tuple[Floats, Floats]:
    actual = np.array([pair.actual for pair in pairs])
    score = np.array([pair.line.score for pair in pairs])
    return actual, score
