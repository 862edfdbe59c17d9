import math

import numpy as np
import pytest

from project_package import problem
from project_package.monitoring.measures import (
    MEASURES,
    average_precision,
    brier,
    mean_absolute_error,
    r2,
    roc_auc,
    root_mean_squared_error,
)

from .conftest import Scene

ACTUAL = np.array([0.0, 1.0, 0.0, 1.0])
SCORE = np.array([0.1, 0.4, 0.4, 0.9])


def informative(rows: int) -> tuple[list[float], list[float]]:
    """Return scores and the outcomes that they foretell: a ROC AUC of 0.83, a Brier of 0.167."""
    generator = np.random.default_rng(3)
    scores = generator.uniform(size=rows)
    return scores.tolist(), (generator.uniform(size=rows) < scores).astype(float).tolist()


def test_measures_give_the_values_of_their_definitions() -> None:
    assert roc_auc(ACTUAL, SCORE) == 0.875
    assert average_precision(ACTUAL, SCORE) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert brier(ACTUAL, SCORE) == pytest.approx((0.01 + 0.36 + 0.16 + 0.01) / 4)
    assert mean_absolute_error(ACTUAL, SCORE) == pytest.approx(0.3)
    assert root_mean_squared_error(ACTUAL, SCORE) == pytest.approx(math.sqrt(0.135))
    assert r2(ACTUAL, SCORE) == pytest.approx(1 - 0.135 / 0.25)


def test_measures_are_named_as_in_training_and_mean_the_same() -> None:
    generator = np.random.default_rng(5)
    score = generator.uniform(size=500).round(2)
    actual = (generator.uniform(size=500) < score).astype(float)

    trained = problem.measure(actual, score, problem.choose_threshold(actual, score))

    common = set(MEASURES) & set(trained)
    assert problem.PRIMARY in common
    for name in common:
        assert MEASURES[name].compute(actual, score) == pytest.approx(trained[name])


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "r2"])
def test_what_one_class_cannot_tell_is_nan(name: str) -> None:
    assert math.isnan(MEASURES[name].compute(np.zeros(4), SCORE))


def test_a_loss_is_positive_whichever_way_is_better() -> None:
    assert MEASURES["roc_auc"].loss(0.8, np.array([0.6])) == pytest.approx(0.25)
    assert MEASURES["brier_score"].loss(0.2, np.array([0.3])) == pytest.approx(0.5)


def test_a_model_that_keeps_its_promise_has_lost_nothing(scene: Scene) -> None:
    scores, actual = informative(800)
    scene.log(800, scores=scores)
    scene.label(actual)

    performance = {metric.metric: metric for metric in scene.report().performance}

    assert set(performance) == {"roc_auc", "brier_score"}
    assert not any(metric.lost for metric in performance.values())
    assert performance["roc_auc"].low < performance["roc_auc"].value < performance["roc_auc"].high


def test_a_model_that_guesses_has_lost(scene: Scene) -> None:
    scores, actual = informative(800)
    scene.log(800, scores=scores)
    scene.label(actual[::-1])

    report = scene.report()

    assert ("performance", "roc_auc") in report.findings
    assert ("performance", "brier_score") in report.findings


def test_good_old_predictions_do_not_hide_a_fall(scene: Scene) -> None:
    scores, actual = informative(5000)
    scene.log(5000, scores=scores)
    scene.label([*actual[:4000], *actual[:1000]])

    assert ("performance", "roc_auc") in scene.report().findings


def test_few_labels_are_no_evidence(scene: Scene) -> None:
    scores, actual = informative(800)
    scene.log(800, scores=scores)
    scene.label(actual[::-1][:100])

    report = scene.report()

    assert report.performance == ()
    assert report.labelled == 100


def test_performance_is_told_over_time_and_per_slice(scene: Scene) -> None:
    scores, actual = informative(800)
    scene.log(800, scores=scores)
    scene.label([*actual[:400], *actual[:400]])

    metric = scene.report().performance[0]

    half = len(metric.periods) // 2
    then = np.mean([period.value for period in metric.periods[:half]])
    now = np.mean([period.value for period in metric.periods[half:]])
    assert then > now + 0.1
    assert sum(period.rows for period in metric.periods) == 800
    assert all(part.rows >= scene.limits.performance.minimum_slice for part in metric.slices)


def test_labels_of_another_version_are_not_held_against_this_one(scene: Scene) -> None:
    scores, actual = informative(800)
    scene.log(800, scores=scores, version="0")
    scene.label(actual[::-1], version="0")

    assert scene.report().performance == ()


def test_labels_of_one_class_are_no_loss(scene: Scene) -> None:
    scene.log(300, scores=[0.4] * 300)
    scene.label([0.0] * 300)

    lost = {metric.metric: metric.lost for metric in scene.report().performance}

    assert lost == {"roc_auc": False, "brier_score": False}
