import numpy as np
import pytest

from project_package import problem
from project_package.training.chance import error_of_gain, gain

ROWS = 400


def models(seed: int) -> tuple[problem.Numbers, problem.Numbers, problem.Numbers]:
    """Return what happened, and the scores of two models that are as good as each other."""
    noise = np.random.default_rng(seed).normal(size=(2, ROWS)).astype(float)
    actual = (np.arange(ROWS) % 2).astype(float)
    return actual, actual + noise[0], actual + noise[1]


def test_the_error_is_how_far_equal_models_differ() -> None:
    gains = [gain(*models(seed)) for seed in range(40)]

    assert error_of_gain(*models(seed=0), seed=1) == pytest.approx(np.std(gains), rel=0.5)


def test_what_is_hard_for_both_is_no_difference() -> None:
    actual, one, _ = models(seed=0)

    assert error_of_gain(actual, one, one, seed=1) == 0


def test_the_same_seed_gives_the_same_error() -> None:
    assert error_of_gain(*models(seed=0), seed=1) == error_of_gain(*models(seed=0), seed=1)
