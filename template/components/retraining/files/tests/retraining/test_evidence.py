from dataclasses import replace

import numpy as np
import pytest

from project_package.monitoring.measures import MEASURES, Floats
from project_package.retraining.evidence import (
    LOOKS,
    Answers,
    Loss,
    Verdict,
    for_each_look,
    is_due,
    measure_loss,
)
from project_package.retraining.reasons import ShadowRules

RULES = ShadowRules(rows=2000, psi=0.25, minimum_labels=200, tolerated_loss=0.05)
MEASURE = MEASURES["roc_auc"]
TRIALS = 20


def answers(generator: np.random.Generator, rows: int, gap: float) -> Answers:
    """Return the answers of a model whose positives score higher by `gap` standard deviations."""
    actual = (generator.uniform(size=rows) < 0.4).astype(float)
    return Answers(actual, generator.normal(gap * actual))


def verdicts(rows: int, gap: float, trials: int = TRIALS) -> list[Verdict]:
    """Return what is said of many challengers beside champions whose ROC AUC is 0.75."""
    generator = np.random.default_rng(1)
    return [
        measure_loss(
            MEASURE,
            answers(generator, rows, gap=0.954),
            answers(generator, rows, gap),
            same_rows=False,
        ).verdict(RULES)
        for _ in range(trials)
    ]


def test_few_outcomes_do_not_refuse_an_equal_challenger() -> None:
    assert verdicts(200, gap=0.954).count("worse") <= 0.05 * TRIALS


def test_few_outcomes_do_not_promote_one_that_is_worse() -> None:
    worse_by_005 = 0.742  # a ROC AUC of 0.70

    assert verdicts(200, worse_by_005).count("no worse") <= 0.1 * TRIALS


def test_many_outcomes_tell_both() -> None:
    assert verdicts(3000, gap=0.954, trials=5).count("no worse") >= 4
    assert verdicts(3000, gap=0.5, trials=5).count("worse") >= 4


def test_on_the_same_rows_fewer_outcomes_are_enough() -> None:
    generator = np.random.default_rng(2)
    champion = answers(generator, 300, gap=0.954)
    alike = Answers(champion.actual, champion.score + generator.normal(0, 0.05, 300))

    assert measure_loss(MEASURE, champion, alike, same_rows=True).verdict(RULES) == "no worse"


@pytest.mark.parametrize("samples", [np.array([]), np.full(300, np.nan)])
def test_what_cannot_be_computed_is_not_enough(samples: Floats) -> None:
    assert Loss(1000, samples).verdict(RULES) == "not enough"


def test_fewer_outcomes_than_asked_are_not_enough() -> None:
    sure = Loss(199, np.full(300, 0.5))

    assert sure.verdict(RULES) == "not enough"
    assert sure.verdict(replace(RULES, minimum_labels=100)) == "worse"


def first_verdict(generator: np.random.Generator, rules: ShadowRules, most: int) -> Verdict:
    """Return what is said first of a challenger that loses as much as is tolerated, exactly.

    It is asked after each hundred outcomes, of which a bootstrap is drawn as of a mean.
    """
    outcomes = generator.normal(rules.tolerated_loss, 1, 100 * 2**LOOKS)
    looks: list[int] = []
    for labelled in range(100, len(outcomes) + 1, 100):
        if len(looks) == most or not is_due(labelled, looks if most == LOOKS else (), rules):
            continue
        looks.append(labelled)
        samples = generator.normal(outcomes[:labelled].mean(), labelled**-0.5, 300)
        verdict = Loss(labelled, samples).verdict(rules)
        if verdict != "not enough":
            return verdict
    return "not enough"


def test_a_canary_that_is_asked_about_often_is_judged_wrongly_as_rarely_as_promised() -> None:
    generator = np.random.default_rng(3)
    promised = 1 - RULES.confidence

    said = [first_verdict(generator, for_each_look(RULES), LOOKS) for _ in range(1500)]
    naive = [first_verdict(generator, RULES, 13) for _ in range(200)]

    for wrong in ("worse", "no worse"):
        assert said.count(wrong) / len(said) <= promised
        assert naive.count(wrong) / len(naive) > 2 * promised


def test_a_look_is_due_when_outcomes_have_doubled() -> None:
    assert [is_due(labelled, [], RULES) for labelled in (199, 200)] == [False, True]
    assert [is_due(labelled, [200, 430], RULES) for labelled in (859, 860)] == [False, True]
