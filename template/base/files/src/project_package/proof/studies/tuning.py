"""Whether another value of any hyperparameter would have been better."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from project_package import problem
from project_package.packing import pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof.studies.rows import actual, algorithm
from project_package.schema import TIME
from project_package.training.chance import error_of_gain, gain
from project_package.training.export import frame_of
from project_package.training.train import out_of_fold

FACTORS = (0.5, 2.0)
FOLDS = 2


def tuning(paths: Paths, parameters: Parameters) -> dict[str, Any]:
    """Return what half and twice of each hyperparameter of the best candidate would gain."""
    rows, name = pd.read_parquet(paths.train), algorithm(paths)
    present = parameters.train.candidates[name]
    chosen = _score(rows, name, present, parameters)
    happened, tried = actual(rows), []
    for option, value in _neighbours(present):
        other = _score(rows, name, {**present, option: value}, parameters)
        sides = happened, other, chosen
        error = error_of_gain(*sides, parameters.seed)
        tried.append({"name": option, "value": value, "gain": gain(*sides), "error": error})
    return {"algorithm": name, "options": dict(present), "tried": tried}


def _neighbours(options: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for option, value in options.items():
        for factor in FACTORS:
            other = max(2, round(value * factor)) if isinstance(value, int) else value * factor
            # A share stays a share.
            yield option, min(other, 1.0) if "share" in option else other


def _score(
    rows: pd.DataFrame, name: str, options: Mapping[str, float], parameters: Parameters
) -> problem.Numbers:
    model = problem.candidates({name: options}, parameters.seed)[name]
    fewer = replace(parameters, train=replace(parameters.train, folds=FOLDS))
    return out_of_fold(model, frame_of(pack(rows)), actual(rows), rows[TIME.name], fewer)
