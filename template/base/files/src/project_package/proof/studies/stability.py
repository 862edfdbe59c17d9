"""Whether odd inputs give odd numbers: the service would have to answer with them."""

from typing import Any

import numpy as np
import pandas as pd

from project_package.graph import graph_scores, open_graph
from project_package.packing import Inputs, pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.schema import NUMBERS
from project_package.training.export import UNSEEN_CATEGORY, odd_rows

LARGE = float(np.finfo(np.float32).max)
ODD_NUMBERS = (0.0, -0.0, LARGE, -LARGE, float(np.finfo(np.float32).tiny), np.nan)


def stability(paths: Paths, _: Parameters) -> dict[str, Any]:
    """Return how many of the scores of held-out and of odd rows are not finite."""
    session = open_graph(paths.candidate / "model.onnx")
    inputs = odd_rows(pack(pd.read_parquet(paths.test)))
    scores = np.concatenate(
        [graph_scores(session, inputs), graph_scores(session, extremes(inputs))]
    )
    return {
        "rows": len(scores),
        "nan": int(np.isnan(scores).sum()),
        "infinite": int(np.isinf(scores).sum()),
    }


def extremes(inputs: Inputs) -> Inputs:
    """Return the first row with each odd number in each column, in all, and unseen categories."""
    row, names = inputs["numbers"][0], inputs["categories"][0]
    numbers = []
    for value in ODD_NUMBERS:
        numbers.append(np.full_like(row, value))
        places = np.eye(len(NUMBERS), dtype=bool)
        numbers += list(np.where(places, np.float32(value), row))
    categories = np.tile(names, (2 * len(numbers), 1))
    categories[len(numbers) :] = UNSEEN_CATEGORY
    return {"numbers": np.array(numbers * 2, dtype=np.float32), "categories": categories}
