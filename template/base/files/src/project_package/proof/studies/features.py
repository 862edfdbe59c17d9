"""What each feature brings, and what it costs."""

import time
from typing import Any

import numpy as np
import pandas as pd

from project_package import problem, schema
from project_package.data.prepare import derive
from project_package.graph import graph_scores, open_graph
from project_package.packing import Inputs, pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof.studies.related import related
from project_package.proof.studies.rows import actual
from project_package.training.gate import better_by

REPEATS = 20


def features(paths: Paths, parameters: Parameters) -> dict[str, Any]:
    """Return for each feature its benefit on held-out rows, alone and together, and its costs.

    The benefit is what the primary metric loses when the feature's values are shuffled (Breiman,
    Random Forests, Machine Learning 45, 2001), or its rows together with those of the features that
    it goes with: a model does not miss one that another stands in for. Its error comes from other
    shuffles of other draws of the rows (Efron, Bootstrap Methods, Annals of Statistics 7, 1979).
    """
    rows, raw = pd.read_parquet(paths.test), pd.read_parquet(paths.raw)
    session, inputs = open_graph(paths.candidate / "model.onnx"), pack(rows)
    chance = np.random.default_rng(parameters.seed)
    happened, scores = actual(rows), graph_scores(session, inputs)

    def benefit(names: tuple[str, ...]) -> dict[str, float]:
        benefits = []
        for _ in range(REPEATS):
            shuffled = graph_scores(session, _shuffled(inputs, names, chance))
            drawn = chance.integers(len(rows), size=len(rows))
            whole = problem.primary(happened[drawn], scores[drawn])
            benefits.append(better_by(whole, problem.primary(happened[drawn], shuffled[drawn])))
        return {"benefit": float(np.mean(benefits)), "error": float(np.std(benefits, ddof=1))}

    others = related(rows)
    return {
        column.name: {
            **benefit((column.name,)),
            "together": {
                "with": list(others[column.name]),
                **benefit((column.name, *others[column.name])),
            },
            "missing_share": float(rows[column.name].isna().mean()),
            "microseconds_per_row": _microseconds(column.name, rows, raw),
        }
        for column in schema.FEATURES
    }


def _shuffled(inputs: Inputs, names: tuple[str, ...], chance: np.random.Generator) -> Inputs:
    """Return `inputs` with the columns `names` from other rows, each time all from the same one."""
    order = chance.permutation(len(inputs["numbers"]))
    changed = {key: values.copy() for key, values in inputs.items()}
    for key, columns in (("numbers", schema.NUMBERS), ("categories", schema.CATEGORIES)):
        index = [place for place, column in enumerate(columns) if column.name in names]
        changed[key][:, index] = changed[key][order][:, index]
    return changed


def _microseconds(name: str, rows: pd.DataFrame, raw: pd.DataFrame) -> float:
    """Return the time to derive the feature, where it is derived, and to make it an input."""
    start = time.perf_counter()
    if next(column for column in schema.FEATURES if column.name == name).derived:
        derive(raw)  # all derived ones at once: an upper bound for each
    derived = (time.perf_counter() - start) / len(raw)
    start = time.perf_counter()
    values = rows[name]
    np.asarray(values, dtype=np.float32 if _is_number(name) else object)
    return (derived + (time.perf_counter() - start) / len(rows)) * 1e6


def _is_number(name: str) -> bool:
    return any(column.name == name for column in schema.NUMBERS)
