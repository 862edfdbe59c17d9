"""Whether the model is right on average for every group, those with missing values included."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from project_package import schema
from project_package.graph import graph_scores, open_graph
from project_package.packing import pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof.studies.rows import actual


def groups(paths: Paths, parameters: Parameters) -> dict[str, Any]:
    """Return for each group of held-out rows how far the mean score is from what happened.

    The bias is in standard deviations of the target; `error` is its standard error.
    """
    rows = pd.read_parquet(paths.test)
    happened = actual(rows)
    score = graph_scores(open_graph(paths.candidate / "model.onnx"), pack(rows))
    found = {}
    for name, index in _groups(rows, parameters):
        if len(index) >= parameters.gate.slice_rows:
            wrong = (score[index] - happened[index]) / happened.std()
            error = float(wrong.std() / np.sqrt(len(index)))
            found[name] = {"rows": len(index), "bias": float(wrong.mean()), "error": error}
    return found


def _groups(rows: pd.DataFrame, parameters: Parameters) -> Iterator[tuple[str, Any]]:
    for column in parameters.gate.slices:
        for value, index in sorted(rows.groupby(column).indices.items()):
            yield f"{column} {value}", index
    for feature in schema.FEATURES:
        if feature.nullable:
            yield f"{feature.name} missing", np.flatnonzero(rows[feature.name].isna())
