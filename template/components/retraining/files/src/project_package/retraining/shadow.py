"""A new model answers what the champion was asked, before it serves; both answers are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from project_package import problem
from project_package.monitoring.labels import join
from project_package.monitoring.measures import MEASURES, Floats
from project_package.monitoring.window import Key, Line, Window
from project_package.retraining.reasons import ShadowRules
from project_package.service.drift import stability_index
from project_package.service.model import Model, load
from project_package.service.rows import NAMES, pack

BINS = 10


@dataclass(frozen=True, slots=True)
class Shadow:
    """Over `rows` logged requests: the mean difference of the answers, and their PSI.

    `champion` and `challenger` are the primary metric over the `labelled` ones among them,
    NaN where it cannot be told.
    """

    rows: int
    difference: float
    psi: float
    labelled: int
    champion: float
    challenger: float

    def objection(self, rules: ShadowRules) -> str:
        """Return why the challenger must not serve, or nothing."""
        if self.labelled < rules.minimum_labels:
            return ""
        if not is_worse(self.champion, self.challenger, rules.tolerated_loss):
            return ""
        return (
            f"in the shadow of {self.labelled} labelled requests {problem.PRIMARY} is "
            f"{self.challenger:.4g}, and {self.champion:.4g} of the champion"
        )

    def facts(self) -> dict[str, str]:
        """Return the comparison as text, for tags and messages."""
        values = {
            "rows": self.rows,
            "difference": self.difference,
            "psi": self.psi,
            "labelled": self.labelled,
            f"champion_{problem.PRIMARY}": self.champion,
            f"challenger_{problem.PRIMARY}": self.challenger,
        }
        return {f"shadow_{name}": f"{value:.4g}" for name, value in values.items()}


def is_worse(champion: float, challenger: float, tolerated: float) -> bool:
    """Whether the challenger's primary metric is worse than the champion's by more than that share.

    What cannot be told is not worse.
    """
    measure = MEASURES.get(problem.PRIMARY)
    return bool(measure and measure.loss(champion, np.array([challenger]))[0] > tolerated)


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
    return Shadow(
        rows=len(window.lines),
        difference=float(np.mean(np.abs(answered - shadowed))),
        psi=stability_index(*counts),
        labelled=len(lines),
        champion=primary(actual, np.array([line.score for line in lines])),
        challenger=primary(actual, _scores(model, lines)),
    )


def _scores(model: Model, lines: Sequence[Line]) -> Floats:
    if not lines:
        return np.array([])
    rows = [tuple(line.inputs.get(name) for name in NAMES) for line in lines]
    return np.array(model.predict(pack(rows))[model.score])


def primary(actual: Floats, score: Floats) -> float:
    """Return the primary metric, NaN where it cannot be told."""
    measure = MEASURES.get(problem.PRIMARY)
    return measure.compute(actual, score) if measure and len(actual) else float("nan")
