"""What each feature brings, and what it costs."""

import time
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd

from project_package import problem, schema
from project_package.data.prepare import calendar
from project_package.graph import graph_scores, open_graph
from project_package.packing import Inputs, pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof.studies.rows import actual
from project_package.training.gate import better_by

REPEATS = 10


def features(paths: Paths, parameters: Parameters) -> dict[str, Any]:
    """Return for each feature its benefit on held-out rows, its error, and its costs.

    The benefit is what the primary metric loses when the feature's values are shuffled (Breiman,
    Random Forests, Machine Learning 45, 2001); its error comes from other shuffles of other draws
    of the rows (Efron, Bootstrap Methods, Annals of Statistics 7, 1979).
    """
    rows = pd.read_parquet(paths.test)
    raw = pd.read_parquet(paths.raw)
    session, inputs = open_graph(paths.candidate / "model.onnx"), pack(rows)
    chance = np.random.default_rng(parameters.seed)
    happened, scores = actual(rows), graph_scores(session, inputs)
    found = {}
    for column in schema.FEATURES:
        benefits = []
        for _ in range(REPEATS):
            shuffled = _shuffled(session, inputs, column.name, chance)
            drawn = chance.integers(len(rows), size=len(rows))
            whole = problem.primary(happened[drawn], scores[drawn])
            benefits.append(better_by(whole, problem.primary(happened[drawn], shuffled[drawn])))
        found[column.name] = {
            "benefit": float(np.mean(benefits)),
            "error": float(np.std(benefits, ddof=1)),
            "missing_share": float(rows[column.name].isna().mean()),
            "microseconds_per_row": _microseconds(column.name, rows, raw),
        }
    return found


def _shuffled(
    session: onnxruntime.InferenceSession,
    inputs: Inputs,
    name: str,
    chance: np.random.Generator,
) -> problem.Numbers:
    columns = schema.NUMBERS if _is_number(name) else schema.CATEGORIES
    key = "numbers" if _is_number(name) else "categories"
    index = [column.name for column in columns].index(name)
    changed = inputs[key].copy()
    changed[:, index] = chance.permutation(changed[:, index])
    return graph_scores(session, inputs | {key: changed})


def _microseconds(name: str, rows: pd.DataFrame, raw: pd.DataFrame) -> float:
    """Return the time to derive the feature, where it is derived, and to make it an input."""
    times = pd.to_datetime(raw[schema.TIME.name])
    start = time.perf_counter()
    if next(column for column in schema.FEATURES if column.name == name).derived:
        calendar(times)  # all derived ones at once: an upper bound for each
    derived = (time.perf_counter() - start) / len(raw)
    start = time.perf_counter()
    values = rows[name]
    np.asarray(values, dtype=np.float32 if _is_number(name) else object)
    return (derived + (time.perf_counter() - start) / len(rows)) * 1e6


def _is_number(name: str) -> bool:
    return any(column.name == name for column in schema.NUMBERS)
