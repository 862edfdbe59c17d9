"""Is the challenger worse than the champion, or may it be chance? An interval decides."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from project_package.monitoring.measures import Floats, Measure
from project_package.monitoring.performance import bootstrap
from project_package.retraining.reasons import ShadowRules

Verdict = Literal["worse", "no worse", "not enough"]

# So often is a canary looked at, each time with twice the outcomes of the time before.
LOOKS = 6


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
        defined = self.samples[np.isfinite(self.samples)]
        if not defined.size:
            return math.nan, math.nan
        # The k-th of n samples bounds k / (n + 1) of what could come: in the tails, where few lie,
        # numpy's own rule would promise more than that (Hyndman and Fan, Sample quantiles in
        # statistical packages, The American Statistician 50, 1996, definition 6).
        shares = (1 - rules.confidence, rules.confidence)
        low, high = np.quantile(defined, shares, method="weibull")
        return float(low), float(high)


def is_due(labelled: int, looks: Sequence[int], rules: ShadowRules) -> bool:
    """Return whether `labelled` outcomes are worth a look, after `looks` at so many each."""
    return labelled >= (2 * looks[-1] if looks else rules.minimum_labels)


def for_each_look(rules: ShadowRules) -> ShadowRules:
    """Return `rules` with the confidence that each of `LOOKS` looks needs to keep theirs in all.

    Who looks again and again at data that grow finds in the end what is not there (Armitage,
    McPherson and Rowe, Repeated significance tests on accumulating data, Journal of the Royal
    Statistical Society A 132, 1969). So the error that `rules` allow is divided among the looks;
    by Bonferroni's inequality all of them together err no more often, however they depend.
    """
    return replace(rules, confidence=1 - (1 - rules.confidence) / LOOKS)


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
