"""A new model answers what the champion was asked, before it serves; both answers are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from project_package import problem
from project_package.monitoring.labels import join
from project_package.monitoring.measures import MEASURES, Floats
from project_package.monitoring.window import Key, Line, Window
from project_package.retraining.evidence import Answers, Loss, measure_loss
from project_package.retraining.reasons import ShadowRules
from project_package.service.drift import stability_index
from project_package.service.model import Model, load
from project_package.service.rows import NAMES, pack

BINS = 10
# How the primary metric is computed from outcomes; None where it cannot be.
PRIMARY = MEASURES.get(problem.PRIMARY)


@dataclass(frozen=True, slots=True)
class Shadow:
    """Over `rows` logged requests: the mean difference of the answers, and their PSI.

    `champion` and `challenger` are the primary metric over the labelled ones among them, NaN where
    it cannot be told; `loss` says how sure their difference is.
    """

    rows: int
    difference: float
    psi: float
    champion: float
    challenger: float
    loss: Loss

    def objection(self, rules: ShadowRules) -> str:
        """Return why the challenger must not serve, or nothing."""
        if self.loss.verdict(rules) != "worse":
            return ""
        return (
            f"in the shadow of {self.loss.labelled} labelled requests {problem.PRIMARY} is "
            f"{self.challenger:.4g}, and {self.champion:.4g} of the champion"
        )

    def opinion(self, rules: ShadowRules) -> str:
        """Return what the shadow says of a challenger to which it does not object."""
        if self.loss.verdict(rules) == "no worse":
            return "the shadow agrees"
        return f"not enough of {self.loss.labelled} outcomes is known for the shadow to object"

    def facts(self) -> dict[str, str]:
        """Return the comparison as text, for tags and messages."""
        values = {
            "rows": self.rows,
            "difference": self.difference,
            "psi": self.psi,
            "labelled": self.loss.labelled,
            f"champion_{problem.PRIMARY}": self.champion,
            f"challenger_{problem.PRIMARY}": self.challenger,
        }
        return {f"shadow_{name}": f"{value:.4g}" for name, value in values.items()}


def replay(window: Window, labels: Mapping[Key, float], bundle: Path) -> Shadow | None:
    """Return how the model of `bundle` answers the requests of `window`, or None without any.

    Raises:
        ModelError: The service would refuse the bundle.
    """
    if not window.lines:
        return None
    model = load(bundle)
    answered, shadowed = np.array(window.scores()), _scores(model, window.lines)
    edges = np.unique(np.quantile(answered, np.arange(1, BINS) / BINS))
    counts = [
        np.bincount(np.searchsorted(edges, scores), minlength=len(edges) + 1).tolist()
        for scores in (answered, shadowed)
    ]
    pairs = join(window, dict(labels)).pairs
    actual = np.array([pair.actual for pair in pairs])
    lines = [pair.line for pair in pairs]
    champion = Answers(actual, np.array([line.score for line in lines]))
    challenger = Answers(actual, _scores(model, lines))
    return Shadow(
        rows=len(window.lines),
        difference=float(np.mean(np.abs(answered - shadowed))),
        psi=stability_index(*counts),
        champion=primary(champion),
        challenger=primary(challenger),
        loss=measure_loss(PRIMARY, champion, challenger, same_rows=True),
    )


def _scores(model: Model, lines: Sequence[Line]) -> Floats:
    if not lines:
        return np.array([])
    rows = [tuple(line.inputs.get(name) for name in NAMES) for line in lines]
    return np.array(model.predict(pack(rows))[model.score])


def primary(answers: Answers) -> float:
    """Return the primary metric, NaN where it cannot be told."""
    return PRIMARY.compute(*answers) if PRIMARY and len(answers.actual) else float("nan")
