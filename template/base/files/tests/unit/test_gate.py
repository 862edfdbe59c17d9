from dataclasses import replace

import pytest

from project_package import problem
from project_package.parameters import Gate
from project_package.training.gate import Slice, gate, loses

RULES = Gate(
    gain_over_baseline=0.1,
    too_good=100.0 if problem.HIGHER_IS_BETTER else 0.0,
    tolerance_to_champion=0.01,
    slices=("origin",),
    slice_rows=1,
    slice_tolerance=0.05,
    slice_confidence=0.95,
    row_milliseconds=1.0,
)
BASELINE = 10.0


def better(value: float, by: float) -> float:
    """A value of the primary metric that is better than `value`."""
    return value + by if problem.HIGHER_IS_BETTER else value - by


CONSTANT = better(BASELINE, -1.0)
GOOD = better(BASELINE, 1.0)


def failed(
    candidate: float,
    champion: float | None = None,
    slices: tuple[Slice, ...] = (),
    milliseconds: float = 0.5,
) -> list[str]:
    metrics = {"candidate": candidate, "constant": CONSTANT, "baseline": BASELINE}
    if champion is not None:
        metrics["champion"] = champion
    return [check.name for check in gate(metrics, slices, milliseconds, RULES) if not check.passed]


def test_a_good_candidate_passes() -> None:
    assert failed(GOOD) == []


def test_no_better_than_the_baseline_fails() -> None:
    assert failed(better(BASELINE, 0.05)) == ["baseline"]


def test_no_better_than_one_constant_answer_fails() -> None:
    assert failed(better(CONSTANT, 0.05)) == ["constant", "baseline"]


def test_too_good_to_be_true_fails() -> None:
    assert failed(better(RULES.too_good, 1.0)) == ["plausible"]


def test_a_slow_graph_fails() -> None:
    assert failed(GOOD, milliseconds=2.0) == ["latency"]


def test_as_good_as_the_champion_passes() -> None:
    assert failed(GOOD, champion=GOOD) == []


def test_a_little_worse_than_the_champion_passes() -> None:
    assert failed(GOOD, champion=better(GOOD, 0.005)) == []


def test_worse_than_the_champion_fails() -> None:
    assert failed(GOOD, champion=better(GOOD, 0.02)) == ["champion"]


def test_worse_on_one_slice_only_fails_and_names_it() -> None:
    slices = (
        Slice("origin", "JFK", 100, GOOD, GOOD),
        Slice("origin", "LGA", 100, GOOD, better(GOOD, 0.1)),
    )

    assert failed(GOOD, champion=GOOD, slices=slices) == ["origin LGA"]


def test_a_loss_on_a_slice_that_chance_explains_passes() -> None:
    loss = Slice("origin", "JFK", 100, better(GOOD, -0.1), GOOD, error=0.04)

    assert loses(loss, RULES)
    assert failed(GOOD, GOOD, (loss,)) == []
    assert failed(GOOD, GOOD, (replace(loss, error=0.02),)) == ["origin JFK"]


@pytest.mark.parametrize("champion", [GOOD, None])
def test_a_slice_whose_metric_is_not_defined_does_not_decide(champion: float | None) -> None:
    assert failed(GOOD, GOOD, (Slice("origin", "JFK", 1, float("nan"), champion),)) == []
