"""Is the challenger worse than the champion, or may it be chance? An interval decides."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from project_package.monitoring.measures import Floats, Measure
from project_package.monitoring.performance import bootstrap, quantile
from project_package.retraining.reasons import ShadowRules

Verdict = Literal["worse", "no worse", "not enough"]


class Answers(NamedTuple):
    """What happened, and what a model had answered, [N] each."""

    actual: Floats
    score: Floats


@dataclass(frozen=True, slots=True)
class Loss:
    """By which share of the champion's metric the challenger is worse, in each bootstrap sample.

    `labelled` counts the outcomes known of the side that has fewer.
    """

    labelled: int
    samples: Floats

    def verdict(self, rules: ShadowRules) -> Verdict:
        """Return what is known with `rules.confidence` of a loss beyond what is tolerated.

        Too few outcomes, and an interval that holds the tolerated loss, are not enough to tell.
        """
        low, high = self.bounds(rules)
        if self.labelled < rules.minimum_labels:
            return "not enough"
        if low > rules.tolerated_loss:
            return "worse"
        return "no worse" if high <= rules.tolerated_loss else "not enough"

    def bounds(self, rules: ShadowRules) -> tuple[float, float]:
        """Return the least and the largest loss, each with `rules.confidence`; NaN if undefined."""
        return (
            quantile(self.samples, 1 - rules.confidence),
            quantile(self.samples, rules.confidence),
        )


def measure_loss(
    measure: Measure | None, champion: Answers, challenger: Answers, *, same_rows: bool
) -> Loss:
    """Return the loss of `challenger` against `champion`.

    Answers to the same rows are drawn together, so that what is hard for both is no difference.
    Without a measure or an outcome the loss is undefined.
    """
    labelled = min(len(champion.actual), len(challenger.actual))
    if measure is None or not labelled:
        return Loss(labelled, np.array([]))
    value = measure.compute(*champion)
    before = bootstrap(measure, *champion)
    after = bootstrap(measure, *challenger, seed=0 if same_rows else 1)
    return Loss(labelled, measure.loss(value, value - (before - after)))
