"""How far chance may move a comparison of two models on the same rows."""

import numpy as np

from project_package import problem
from project_package.training.gate import better_by

SAMPLES = 50


def gain(actual: problem.Numbers, one: problem.Numbers, other: problem.Numbers) -> float:
    """Return by how much the scores `one` are better than `other`, in the primary metric."""
    return better_by(problem.primary(actual, one), problem.primary(actual, other))


def error_of_gain(
    actual: problem.Numbers, one: problem.Numbers, other: problem.Numbers, seed: int
) -> float:
    """Return the standard error, by bootstrap, of the `gain`.

    Each sample draws as many rows as there are, with replacement, and the same for both, so that
    what is hard for both is no difference. 50 samples are often enough for a standard error (Efron
    and Tibshirani, *An Introduction to the Bootstrap*, 1993, section 6.4).
    """
    draws = np.random.default_rng(seed).integers(len(actual), size=(SAMPLES, len(actual)))
    gains = [gain(actual[rows], one[rows], other[rows]) for rows in draws]
    return float(np.nanstd(gains, ddof=1))
