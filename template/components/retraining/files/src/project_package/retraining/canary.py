"""Champion and challenger answer different requests of the same time; each is judged on its own."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from project_package import problem
from project_package.monitoring.labels import join
from project_package.monitoring.window import Key, Window
from project_package.retraining.evidence import Answers, Loss, measure_loss
from project_package.retraining.reasons import ShadowRules
from project_package.retraining.shadow import PRIMARY, primary


@dataclass(frozen=True, slots=True)
class Side:
    """What one version answered: rows, those with a known outcome, the primary metric over them."""

    rows: int
    labelled: int
    metric: float


@dataclass(frozen=True, slots=True)
class Canary:
    """Both versions since the challenger's first answer, and how sure their difference is."""

    champion: Side
    challenger: Side
    loss: Loss

    def objection(self, rules: ShadowRules) -> str:
        """Return why the challenger must not become the champion, or nothing.

        At the last look it must not where not enough is known.
        """
        verdict = self.loss.verdict(rules)
        if verdict == "not enough":
            return f"even now not enough is known of it as a canary: {self.evidence(rules)}"
        if verdict == "no worse":
            return ""
        return (
            f"as a canary its {problem.PRIMARY} over {self.challenger.labelled} outcomes is "
            f"{self.challenger.metric:.4g}, and {self.champion.metric:.4g} of the champion"
        )

    def evidence(self, rules: ShadowRules) -> str:
        """Return in words how much is known."""
        low, high = self.loss.bounds(rules)
        return (
            f"{self.challenger.labelled} outcomes of its answers, {self.champion.labelled} of the "
            f"champion's; it loses between {low:.1%} and {high:.1%}"
        )

    def facts(self) -> dict[str, str]:
        """Return the comparison as text, for tags and messages."""
        return {
            "canary_rows": str(self.challenger.rows),
            "canary_labelled": str(self.challenger.labelled),
            f"canary_{problem.PRIMARY}": f"{self.challenger.metric:.4g}",
            f"canary_champion_{problem.PRIMARY}": f"{self.champion.metric:.4g}",
        }


def compare(
    window: Window, labels: Mapping[Key, float], champion: str, challenger: str
) -> Canary | None:
    """Return how both versions did in `window`, or None where the challenger answered nothing."""
    answered = window.of_version(challenger)
    if not answered.lines:
        return None
    beside = window.last(answered.lines[0].time).of_version(champion)
    ours, theirs = (_known(part, labels) for part in (beside, answered))
    return Canary(
        champion=Side(len(beside.lines), len(ours.actual), primary(ours)),
        challenger=Side(len(answered.lines), len(theirs.actual), primary(theirs)),
        loss=measure_loss(PRIMARY, ours, theirs, same_rows=False),
    )


def _known(window: Window, labels: Mapping[Key, float]) -> Answers:
    pairs = join(window, dict(labels)).pairs
    actual = np.array([pair.actual for pair in pairs])
    return Answers(actual, np.array([pair.line.score for pair in pairs]))
