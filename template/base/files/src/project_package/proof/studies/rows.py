"""The rows and the model that studies look at."""

import json
from typing import Any

import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from project_package import problem
from project_package.packing import pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.target import TARGET
from project_package.training.export import frame_of


def algorithm(paths: Paths) -> str:
    """Return the name of the candidate that won."""
    facts: dict[str, Any] = json.loads((paths.candidate / "facts.json").read_text("utf-8"))
    return str(facts["algorithm"])


def winner(paths: Paths, parameters: Parameters) -> Pipeline:
    """Return the pipeline that won, not fitted."""
    return problem.candidates(parameters.train.candidates, parameters.seed)[algorithm(paths)]


def actual(rows: pd.DataFrame) -> problem.Numbers:
    """Return what happened."""
    return rows[TARGET.name].to_numpy(dtype=float)


def fitted(pipeline: Pipeline, rows: pd.DataFrame) -> Pipeline:
    """Return a copy of `pipeline` that has learnt from `rows`."""
    return clone(pipeline).fit(frame_of(pack(rows)), actual(rows))


def scored(pipeline: Pipeline, rows: pd.DataFrame) -> problem.Numbers:
    """Return what `pipeline` says of `rows`."""
    return problem.scores(pipeline, frame_of(pack(rows)))
