"""Compare the features and the scores of a window with those of training."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, starmap
from typing import Any

from project_package import schema
from project_package.column import Column
from project_package.monitoring import statistics
from project_package.monitoring.limits import Limits
from project_package.monitoring.window import Window
from project_package.service.drift import (
    FeatureReference,
    Reference,
    stability_index,
)

PREDICTION = "prediction"


@dataclass(frozen=True)
class Comparison:
    """One column of the window beside the same column of training.

    `expected` and `observed` are counts over `bins`, whose names are for people. `effect` is
    the KS distance of a number and the Le Cam distance of a category. `findings` names what is
    beyond its limit: drift, missing, unseen, out_of_range.
    """

    name: str
    bins: tuple[str, ...]
    expected: tuple[int, ...]
    observed: tuple[int, ...]
    psi: float
    psi_limit: float
    effect: float
    p_value: float
    missing: float
    missing_expected: float
    unseen: float
    out_of_range: float
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Bins:
    """Values of a column, counted as the reference counts them."""

    names: tuple[str, ...]
    expected: tuple[int, ...]
    observed: tuple[int, ...]
    ordered: bool
    unseen: int = 0


def compare(window: Window, reference: Reference, limits: Limits) -> tuple[Comparison, ...]:
    """Return a comparison for each feature of the schema, and one for the prediction, last.

    A window with too few rows is shown and never judged.
    """
    columns = [
        (column, reference.features[column.name], window.values(column.name))
        for column in schema.FEATURES
    ]
    prediction = Column(PREDICTION, "number", "What the model answered")
    columns.append((prediction, reference.prediction, window.scores()))
    judge = _Judge(limits, len(columns), len(window.lines))
    return tuple(starmap(judge.compare, columns))


@dataclass(frozen=True)
class _Judge:
    limits: Limits
    columns: int
    rows: int

    def compare(
        self, column: Column, reference: FeatureReference, values: Sequence[Any]
    ) -> Comparison:
        present = [value for value in values if value is not None]
        bins = _count(reference, present)
        expected = (*bins.expected, reference.missing)
        observed = (*bins.observed, len(values) - len(present))
        test = _test(bins)
        significance = self.limits.drift.significance / self.columns
        noise = statistics.stability_noise(
            len(expected), sum(expected), sum(observed), significance
        )
        measured = Comparison(
            name=column.name,
            bins=(*bins.names, "missing"),
            expected=expected,
            observed=observed,
            psi=stability_index(expected, observed) if values else 0.0,
            psi_limit=max(self.limits.drift.psi, noise),
            effect=test.effect,
            p_value=test.p_value,
            missing=_share(len(values) - len(present), len(values)),
            missing_expected=_share(reference.missing, sum(expected)),
            unseen=_share(bins.unseen, len(values)),
            out_of_range=_share(_out_of_range(column, present), len(values)),
            findings=(),
        )
        return self._judged(measured, significance)

    def _judged(self, measured: Comparison, significance: float) -> Comparison:
        if self.rows < self.limits.window.minimum_rows:
            return measured
        integrity = self.limits.integrity
        moved = measured.psi > measured.psi_limit or (
            measured.effect > self.limits.drift.effect and measured.p_value < significance
        )
        missing = measured.missing - measured.missing_expected
        beyond = {
            "drift": moved and measured.name not in self.limits.drift.ignored,
            "missing": missing > integrity.missing_above_training,
            "unseen": measured.unseen > integrity.unseen,
            "out_of_range": measured.out_of_range > integrity.out_of_range,
        }
        findings = tuple(name for name, is_beyond in beyond.items() if is_beyond)
        return replace(measured, findings=findings)


def _count(reference: FeatureReference, values: Sequence[Any]) -> Bins:
    if reference.categories:
        return _count_categories(reference, values)
    counts = [0] * len(reference.counts)
    for value in values:
        counts[bisect_left(reference.edges, value)] += 1
    return Bins(_ranges(reference.edges), tuple(reference.counts), tuple(counts), ordered=True)


def _count_categories(reference: FeatureReference, values: Sequence[Any]) -> Bins:
    bins = {category: index for index, category in enumerate(reference.categories)}
    counts = [0] * (len(bins) + 1)
    for value in values:
        counts[bins.get(value, -1)] += 1
    return Bins(
        (*reference.categories, "unseen"),
        (*reference.counts, 0),
        tuple(counts),
        ordered=False,
        unseen=counts[-1],
    )


def _ranges(edges: Sequence[float]) -> tuple[str, ...]:
    if not edges:
        return ("all",)
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    return (f"up to {edges[0]:g}", *inner, f"above {edges[-1]:g}")


def _test(bins: Bins) -> statistics.Test:
    test = statistics.kolmogorov_smirnov if bins.ordered else statistics.chi_squared
    return test(bins.expected, bins.observed)


def _out_of_range(column: Column, values: Sequence[Any]) -> int:
    low, high = column.minimum, column.maximum
    return sum(
        (low is not None and value < low) or (high is not None and value > high) for value in values
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
