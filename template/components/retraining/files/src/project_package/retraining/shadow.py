"""A new model answers what the present one was asked, and both answers are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from project_package.monitoring.window import Line
from project_package.service.drift import stability_index
from project_package.service.model import load
from project_package.service.rows import NAMES, pack

BINS = 10


@dataclass(frozen=True, slots=True)
class Shadow:
    """Over `rows` logged requests: the mean difference of the scores, and their PSI."""

    rows: int
    difference: float
    psi: float


def replay(lines: Sequence[Line], bundle: Path) -> Shadow | None:
    """Return how the model of `bundle` would have answered `lines`, or None without any.

    Raises:
        ModelError: The service would refuse the bundle.
    """
    if not lines:
        return None
    model = load(bundle)
    rows = [tuple(line.inputs.get(name) for name in NAMES) for line in lines]
    answered = np.array([line.score for line in lines])
    shadowed = np.array(model.predict(pack(rows))[model.score])
    edges = np.unique(np.quantile(answered, np.arange(1, BINS) / BINS))
    counts = [
        np.bincount(np.searchsorted(edges, scores), minlength=len(edges) + 1).tolist()
        for scores in (answered, shadowed)
    ]
    difference = float(np.mean(np.abs(answered - shadowed)))
    return Shadow(len(lines), difference, stability_index(*counts))


def to_facts(shadow: Shadow) -> dict[str, str]:
    """Return the comparison as text, for tags and messages."""
    return {f"shadow_{name}": f"{value:.4g}" for name, value in msgspec.to_builtins(shadow).items()}
