"""How far chance may move a comparison of two models on the same rows."""

import numpy as np
from numpy.typing import NDArray

from project_package import problem
from project_package.training.gate import better_by

SAMPLES = 50


def error_of_gain(
    actual: problem.Numbers, one: problem.Numbers, other: problem.Numbers, seed: int
) -> float:
    """Return the standard error, by bootstrap, of by how much the scores `one` are better.

    Each sample draws as many rows as there are, with replacement, and the same for both, so that
    what is hard for both is no difference. 50 samples are often enough for a standard error (Efron
    and Tibshirani, *An Introduction to the Bootstrap*, 1993, section 6.4).
    """
    generator = np.random.default_rng(seed)

    def gain(rows: NDArray[np.intp]) -> float:
        return better_by(*(problem.primary(actual[rows], score[rows]) for score in (one, other)))

    draws = generator.integers(len(actual), size=(SAMPLES, len(actual)))
    return float(np.nanstd([gain(rows) for rows in draws], ddof=1))
