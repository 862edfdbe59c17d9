"""Count what comes in against what training saw, while serving.

Plain Python on purpose: for one row it costs a seventh of what numpy would.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec

from project_package.column import Column
from project_package.service.rows import COLUMNS, Values

# Added to each count of a PSI: a bin that is empty in a few hundred rows is not known to be rare.
# Source: the prior of H. Jeffreys (Proceedings of the Royal Society A 186, 1946) for shares.
PRIOR = 0.5


class FeatureReference(msgspec.Struct, frozen=True):
    """How a feature was distributed in training.

    A number has `edges` and one more count than edges: bin i holds the values in
    `(edges[i-1], edges[i]]`. A category has `categories` and a count for each.
    """

    counts: list[int]
    edges: list[float] = []
    categories: list[str] = []
    missing: int = 0

    @property
    def missing_share(self) -> float:
        """The share of rows in which the feature was missing."""
        return self.missing / max(1, self.missing + sum(self.counts))


class Reference(msgspec.Struct, frozen=True):
    """The distributions of the features and of the prediction in training."""

    features: dict[str, FeatureReference]
    prediction: FeatureReference


class Window:
    """Counts per bin over the last rows: the half that fills, and the full one before it."""

    def __init__(self, expected: Sequence[int]) -> None:
        self.expected = expected
        self.counts = [0] * len(expected)
        self._before = self.counts.copy()

    def turn(self) -> None:
        """Start a new half; the present one becomes the one before."""
        self._before = self.counts.copy()
        self.counts[:] = [0] * len(self.counts)

    def psi(self, minimum: int) -> float | None:
        """Return the population stability index, or None where fewer than `minimum` rows came."""
        observed = [now + before for now, before in zip(self.counts, self._before, strict=True)]
        return stability_index(self.expected, observed) if sum(observed) >= minimum else None


class Counter(Protocol):
    """What is counted of one column."""

    window: Window
    missing: int
    unseen: int
    out_of_range: int

    def count(self, value: Any) -> None:
        """Count one value."""


class NumberCounter:
    """Bins of a number, the last for a missing one; how often it left the schema's range."""

    unseen = 0

    def __init__(self, reference: FeatureReference, low: float, high: float) -> None:
        self.window = Window([*reference.counts, reference.missing])
        self.missing = self.out_of_range = 0
        self._counts = self.window.counts
        self._edges = reference.edges
        self._low, self._high = low, high

    def count(self, value: Any) -> None:
        """Count one value."""
        if value is None:
            self.missing += 1
            self._counts[-1] += 1
            return
        self._counts[bisect_left(self._edges, value)] += 1
        if not self._low <= value <= self._high:
            self.out_of_range += 1


class CategoryCounter:
    """A bin for each category, and two more: unseen in training, and missing."""

    out_of_range = 0

    def __init__(self, reference: FeatureReference) -> None:
        self.window = Window([*reference.counts, 0, reference.missing])
        self.missing = self.unseen = 0
        self._counts = self.window.counts
        self._bins = {category: bin_ for bin_, category in enumerate(reference.categories)}

    def count(self, value: Any) -> None:
        """Count one value."""
        bin_ = self._bins.get(value)
        if bin_ is not None:
            self._counts[bin_] += 1
        elif value is None:
            self.missing += 1
            self._counts[-1] += 1
        else:
            self.unseen += 1
            self._counts[-2] += 1


class Drift:
    """The counters of all features and of the prediction, for one model."""

    def __init__(self, reference: Reference, rows: int, minimum: int) -> None:
        self.features: dict[str, Counter] = {
            column.name: _counter(column, reference.features[column.name]) for column in COLUMNS
        }
        self.prediction = NumberCounter(reference.prediction, -math.inf, math.inf)
        self.minimum = minimum
        self._counts = [feature.count for feature in self.features.values()]
        self._half = max(1, rows // 2)
        self._room = self._half

    def count(self, rows: Sequence[Values], scores: Iterable[float]) -> None:
        """Count `rows` and their `scores`."""
        for row in rows:
            for count, value in zip(self._counts, row, strict=False):
                count(value)
        for score in scores:
            self.prediction.count(score)
        self._room -= len(rows)
        if self._room <= 0:
            self._turn()

    def _turn(self) -> None:
        for counter in (*self.features.values(), self.prediction):
            counter.window.turn()
        self._room = self._half


def stability_index(expected: Sequence[int], observed: Sequence[int]) -> float:
    """Return the PSI of two histograms, less what chance alone makes of it.

    It is the sum of (o - e) ln(o / e) over the shares of bins. Below 0.1 is read as stable, above
    0.25 as a shift (Siddiqi, Credit Risk Scorecards, 2006). Without a shift its mean is not 0 but
    (bins - 1)(1/n + 1/m) (Yurdakul and Naranjo, 2020): 0.2 for 100 bins and 500 rows. Of shares
    smoothed by `PRIOR`, which vary less, it is (bins - 1)(n/(n + bins/2)² + m/(m + bins/2)²).
    """
    index = sum(
        (share - wanted) * math.log(share / wanted)
        for wanted, share in zip(_shares(expected), _shares(observed), strict=True)
    )
    chance = (len(expected) - 1) * (_noise(expected) + _noise(observed))
    return max(0.0, index - chance)


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + PRIOR * len(counts)
    return [(count + PRIOR) / total for count in counts]


def _noise(counts: Sequence[int]) -> float:
    rows = sum(counts)
    return rows / (rows + PRIOR * len(counts)) ** 2


def _counter(column: Column, reference: FeatureReference) -> Counter:
    if column.kind == "category":
        return CategoryCounter(reference)
    low = -math.inf if column.minimum is None else column.minimum
    high = math.inf if column.maximum is None else column.maximum
    return NumberCounter(reference, low, high)
