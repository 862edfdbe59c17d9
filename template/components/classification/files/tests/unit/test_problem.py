import numpy as np
import pandas as pd
import pytest

from project_package import problem
from project_package.errors import PipelineError
from project_package.target import LATE_MINUTES, from_outcome

ACTUAL = np.array([0.0, 0.0, 1.0, 1.0])


def test_late_starts_at_the_fifteenth_minute() -> None:
    minutes = pd.Series([LATE_MINUTES - 1.0, LATE_MINUTES])

    assert from_outcome(minutes).tolist() == [0.0, 1.0]


def test_the_threshold_separates_what_can_be_separated() -> None:
    score = np.array([0.1, 0.2, 0.7, 0.9])

    threshold = problem.choose_threshold(ACTUAL, score)

    assert (score >= threshold).tolist() == [False, False, True, True]


def test_a_rare_class_gets_a_low_threshold() -> None:
    score = np.array([0.01, 0.02, 0.1, 0.2])

    assert problem.choose_threshold(ACTUAL, score) < 0.5


def test_a_perfect_score_has_perfect_metrics() -> None:
    metrics = problem.measure(ACTUAL, ACTUAL, 0.5)

    assert metrics["roc_auc"] == metrics["f1"] == 1.0
    assert metrics["brier_score"] == 0.0


def test_the_primary_metric_is_among_the_metrics() -> None:
    score = np.array([0.4, 0.2, 0.3, 0.9])

    assert problem.measure(ACTUAL, score, 0.5)[problem.PRIMARY] == problem.primary(ACTUAL, score)


def test_the_primary_metric_of_one_class_is_not_defined() -> None:
    assert np.isnan(problem.primary(np.ones(3), np.array([0.1, 0.2, 0.3])))


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
