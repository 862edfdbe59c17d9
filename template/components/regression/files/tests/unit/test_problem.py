import numpy as np
import pandas as pd
import pytest

from project_package import problem
from project_package.errors import PipelineError
from project_package.target import from_outcome

ACTUAL = np.array([100.0, 200.0, 300.0])


def test_the_target_is_the_outcome() -> None:
    assert from_outcome(pd.Series([100.0, 200.0])).tolist() == [100.0, 200.0]


def test_an_amount_has_no_threshold() -> None:
    assert problem.choose_threshold(ACTUAL, ACTUAL) is None
    assert problem.measure(ACTUAL, ACTUAL, None)["r2"] == 1.0


def test_errors_are_in_the_target_s_unit() -> None:
    metrics = problem.measure(ACTUAL, ACTUAL + 10, None)

    assert metrics["mean_absolute_error"] == metrics["root_mean_squared_error"] == 10.0


def test_the_primary_metric_is_among_the_metrics() -> None:
    score = ACTUAL + np.array([1.0, -5.0, 2.0])

    assert problem.measure(ACTUAL, score, None)[problem.PRIMARY] == problem.primary(ACTUAL, score)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"oracle": {}}, "candidates has an unknown oracle"),
        ({"forest": {"treees": 5, "leaf_rows": 8}}, "candidates: forest has an unknown treees"),
        ({"forest": {"trees": 5}}, "candidates: forest has no leaf_rows"),
    ],
)
def test_an_unknown_candidate_or_option_is_refused(
    options: dict[str, dict[str, float]], message: str
) -> None:
    with pytest.raises(PipelineError, match=message):
        problem.candidates(options, seed=1)
