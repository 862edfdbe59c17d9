from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from project_package import problem
from project_package.parameters import Parameters
from project_package.training.chance import error_of_gain
from project_package.training.evaluate import Scored, judge_slice
from project_package.training.gate import Slice

ROWS = 400
FIRST_HALF = np.arange(ROWS // 2)


@pytest.fixture
def strict(parameters: Parameters) -> Parameters:
    """Parameters by which any loss is one."""
    return replace(parameters, gate=replace(parameters.gate, slice_tolerance=0.0))


def scored(candidate: float, champion: float) -> Scored:
    """Return held-out rows with the scores of two models that are so far from what happened."""
    actual = (np.arange(ROWS) % 2).astype(float)
    noise = np.random.default_rng(1).normal(size=(2, ROWS)).astype(float)
    return Scored(
        rows=pd.DataFrame(index=range(ROWS)),
        actual=actual,
        candidate=actual + candidate * noise[0],
        constant=np.zeros(ROWS),
        baseline=np.zeros(ROWS),
        champion=actual + champion * noise[1],
    )


def judged(part: Scored, parameters: Parameters) -> Slice:
    return judge_slice(part, "origin", "JFK", FIRST_HALF, parameters)


def test_a_lost_slice_has_the_error_of_the_loss_on_its_own_rows(strict: Parameters) -> None:
    held_out = scored(candidate=2.0, champion=0.5)
    assert held_out.champion is not None
    actual, candidate = held_out.actual[FIRST_HALF], held_out.candidate[FIRST_HALF]
    champion = held_out.champion[FIRST_HALF]

    part = judged(held_out, strict)

    assert part.error == error_of_gain(actual, candidate, champion, strict.seed) > 0
    assert part.rows == len(FIRST_HALF)
    assert part.candidate == problem.primary(actual, candidate)
    assert part.champion == problem.primary(actual, champion)


def test_a_slice_that_is_not_lost_has_no_error(strict: Parameters) -> None:
    assert judged(scored(candidate=0.5, champion=2.0), strict).error == 0


def test_a_slice_without_a_champion_is_no_comparison(strict: Parameters) -> None:
    part = judged(replace(scored(candidate=2.0, champion=0.5), champion=None), strict)

    assert (part.champion, part.error) == (None, 0)
