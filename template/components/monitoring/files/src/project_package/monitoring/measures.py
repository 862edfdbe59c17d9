"""How good predictions were, by the names that training uses for its held-out metrics.

A measure that is undefined for the rows at hand (one class only, for example) is NaN.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """A function of (actual [N], score [N]), and which way is better."""

    compute: Callable[[Floats, Floats], float]
    greater_is_better: bool

    def loss(self, expected: float, values: Floats) -> Floats:
        """Return by which share of `expected` each value is worse; below zero it is better."""
        worse = expected - values if self.greater_is_better else values - expected
        return worse / max(abs(expected), 1e-12)


def roc_auc(actual: Floats, score: Floats) -> float:
    """Return the chance that a random positive scores above a random negative (Mann-Whitney)."""
    positives = actual > 0.5  # noqa: PLR2004
    hits, misses = int(positives.sum()), int((~positives).sum())
    if not hits or not misses:
        return float("nan")
    ranks = stats.rankdata(score)
    return float((ranks[positives].sum() - hits * (hits + 1) / 2) / (hits * misses))


def average_precision(actual: Floats, score: Floats) -> float:
    """Return the mean precision at each step of recall."""
    order = np.argsort(-score, kind="stable")
    hits = actual[order] > 0.5  # noqa: PLR2004
    if not hits.any():
        return float("nan")
    # Rows of one score are one step: the precision that counts is that of the last of them.
    last = np.append(np.diff(score[order]) != 0, True)
    found = np.cumsum(hits)[last]
    precision = found / (np.flatnonzero(last) + 1)
    return float((np.diff(found, prepend=0) * precision).sum() / hits.sum())


def brier(actual: Floats, score: Floats) -> float:
    """Return the mean squared error of probabilities."""
    return float(np.mean((actual - score) ** 2))


def log_loss(actual: Floats, score: Floats) -> float:
    """Return the mean surprise of probabilities, in nats; 0 and 1 are taken as almost that."""
    least = np.finfo(float).eps
    likelihood = np.where(actual > 0.5, score, 1 - score)  # noqa: PLR2004
    return float(-np.mean(np.log(np.clip(likelihood, least, 1))))


def mean_absolute_error(actual: Floats, score: Floats) -> float:
    """Return the mean distance, in the unit of the target."""
    return float(np.mean(np.abs(actual - score)))


def median_absolute_error(actual: Floats, score: Floats) -> float:
    """Return the median distance, in the unit of the target."""
    return float(np.median(np.abs(actual - score)))


def root_mean_squared_error(actual: Floats, score: Floats) -> float:
    """Return the root of the mean squared distance, in the unit of the target."""
    return float(np.sqrt(np.mean((actual - score) ** 2)))


def r2(actual: Floats, score: Floats) -> float:
    """Return the share of the target's variance that is explained."""
    variance = float(np.var(actual))
    return 1 - brier(actual, score) / variance if variance else float("nan")


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "roc_auc": Measure(roc_auc, greater_is_better=True),
        "average_precision": Measure(average_precision, greater_is_better=True),
        "brier_score": Measure(brier, greater_is_better=False),
        "log_loss": Measure(log_loss, greater_is_better=False),
        "mean_absolute_error": Measure(mean_absolute_error, greater_is_better=False),
        "median_absolute_error": Measure(median_absolute_error, greater_is_better=False),
        "root_mean_squared_error": Measure(root_mean_squared_error, greater_is_better=False),
        "r2": Measure(r2, greater_is_better=True),
    }
)
