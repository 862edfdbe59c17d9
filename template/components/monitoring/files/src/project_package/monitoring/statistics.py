"""Two histograms over the same bins: how far apart, and could chance explain it?

All functions take counts per bin, as `reference.json` has them for training, so that no
training row has to be kept. A distance of binned values is never larger than that of the
values themselves: binning can hide a shift inside a bin, and cannot invent one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

Counts = Sequence[int]


class Test(NamedTuple):
    """The size of a difference between 0 and 1, and the chance of one so large without drift."""

    effect: float
    p_value: float


NO_DIFFERENCE = Test(0.0, 1.0)


def kolmogorov_smirnov(expected: Counts, observed: Counts) -> Test:
    """Compare ordered bins by the largest gap between their cumulative shares.

    The p-value is the asymptotic one (Kolmogorov 1933); with binned values it errs on the
    quiet side.
    """
    rows, others = sum(expected), sum(observed)
    if not rows or not others:
        return NO_DIFFERENCE
    gap = np.abs(np.cumsum(expected) / rows - np.cumsum(observed) / others).max()
    scale = np.sqrt(rows * others / (rows + others))
    return Test(float(gap), float(stats.kstwobign.sf(gap * scale)))


def chi_squared(expected: Counts, observed: Counts) -> Test:
    """Compare unordered bins by Pearson's test of homogeneity; the effect is Le Cam's distance."""
    table = np.array([expected, observed])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():  # noqa: PLR2004
        return NO_DIFFERENCE
    result = stats.chi2_contingency(table, correction=False)
    return Test(le_cam_distance(expected, observed), float(result.pvalue))


def le_cam_distance(expected: Counts, observed: Counts) -> float:
    """Return how far apart the shares of unordered bins are: 0 where equal, 1 where none is shared.

    It is the root of half the triangular discrimination (F. Topsøe, IEEE Transactions on
    Information Theory 46(4), 2000), and what Cramér's V is where both sides have as many rows. V
    itself would shrink with the window, since training has many more.
    """
    one, other = (np.array(side) / sum(side) for side in (expected, observed))
    together = one + other
    filled = together > 0
    return float(np.sqrt(((one - other)[filled] ** 2 / together[filled]).sum() / 2))


def stability_noise(bins: int, rows: int, others: int, significance: float) -> float:
    """Return what the PSI stays below by chance, with probability 1 - `significance`.

    Without drift, PSI is distributed as (1/n + 1/m) times chi-squared with bins - 1 degrees of
    freedom (Yurdakul and Naranjo, Journal of Risk Model Validation 14(4), 2020), whose mean
    `service.drift.stability_index` has taken off already. Its smoothing only makes chance smaller.
    """
    freedom = bins - 1
    if not freedom or not rows or not others:
        return 0.0
    return float(stats.chi2.isf(significance, freedom) - freedom) * (1 / rows + 1 / others)
