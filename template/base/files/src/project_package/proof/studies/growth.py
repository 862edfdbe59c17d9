"""Whether the metric that models are chosen by follows what a model is worth in use."""

from typing import Any

import numpy as np
import pandas as pd

from project_package import problem
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof.studies.rows import actual, fitted, scored, winner
from project_package.schema import TIME
from project_package.training.gate import better_by

# Models of growing quality: the same pipeline with ever more days to learn from.
SHARES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)


def growth(paths: Paths, parameters: Parameters) -> dict[str, Any]:
    """Return the primary metric offline and the worth in use of models of growing quality.

    Offline is the last part of the training days, in use are the held-out days. The worth is what
    acting on a tenth of the rows, those with the highest scores, finds above the average row, in
    standard deviations of the target.
    """
    rows, held_out = pd.read_parquet(paths.train), pd.read_parquet(paths.test)
    rows = rows.sort_values(TIME.name).reset_index(drop=True)
    days = rows[TIME.name].dt.date
    order = np.random.default_rng(parameters.seed).permutation(days.unique())
    offline = rows[days.isin(order[int(len(order) * max(SHARES)) :])]
    points = []
    for share in SHARES:
        seen = rows[days.isin(order[: max(2, int(len(order) * share))])]
        model = fitted(winner(paths, parameters), seen)
        points.append(
            {
                "rows": len(seen),
                "offline": better_by(problem.primary(actual(offline), scored(model, offline)), 0),
                "in_use": worth(actual(held_out), scored(model, held_out)),
            }
        )
    pairs = np.array([[point["offline"], point["in_use"]] for point in points])
    return {"points": points, "correlation": float(np.corrcoef(pairs.T)[0, 1])}


def worth(happened: problem.Numbers, score: problem.Numbers) -> float:
    """Return the mean of what happened in the tenth with the highest scores, standardized."""
    top = np.argsort(score, kind="stable")[-max(1, len(score) // 10) :]
    return float((happened[top].mean() - happened.mean()) / happened.std())
