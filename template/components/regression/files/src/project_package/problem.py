"""How the target is learnt and judged: candidates, baseline, metrics."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import ElasticNet, LinearRegression
from sklearn.metrics import (
    mean_absolute_error,
    median_absolute_error,
    r2_score,
    root_mean_squared_error,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from project_package import encoding
from project_package.parameters import require_keys

Numbers = NDArray[np.float64]
Options = Mapping[str, float]
Threshold = float | None

# The metric that candidates are chosen and gated by.
PRIMARY = "mean_absolute_error"
HIGHER_IS_BETTER = False

# The one feature that a candidate has to beat.
BASELINE_FEATURE = "distance"


def candidates(options: Mapping[str, Options], seed: int) -> dict[str, Pipeline]:
    """Return the pipelines that `options` names, not fitted.

    Each takes the features in the schema's order, numbers first.

    Raises:
        PipelineError: One is not among `BUILDERS`, or has other options than its builder takes.
    """
    where = "params.yaml: train: candidates"
    require_keys(options, (), BUILDERS, where)
    for name, values in options.items():
        takes = signature(BUILDERS[name]).parameters.keys() - {"seed"}
        require_keys(values, takes, takes, f"{where}: {name}")
    return {name: BUILDERS[name](seed=seed, **values) for name, values in options.items()}


def baseline() -> Pipeline:
    """Return a model of `BASELINE_FEATURE` alone, not fitted."""
    return make_pipeline(StandardScaler(), LinearRegression())


def scores(model: BaseEstimator, rows: Any) -> Numbers:
    """Return the predicted value for each of `rows`."""
    values: Numbers = model.predict(rows)
    return values


def choose_threshold(actual: Numbers, score: Numbers) -> Threshold:  # noqa: ARG001
    """Return nothing: an amount is not cut into classes."""
    return None


def measure(actual: Numbers, score: Numbers, threshold: Threshold) -> dict[str, float]:  # noqa: ARG001
    """Return all metrics of `score`, by name."""
    return {
        "mean_absolute_error": float(mean_absolute_error(actual, score)),
        "root_mean_squared_error": float(root_mean_squared_error(actual, score)),
        "median_absolute_error": float(median_absolute_error(actual, score)),
        "r2": float(r2_score(actual, score)),
    }


def primary(actual: Numbers, score: Numbers) -> float:
    """Return the primary metric of `score`."""
    return float(mean_absolute_error(actual, score))


def _linear(*, l1_share: float, strength: float, seed: int) -> Pipeline:
    # `l1_share` 1 is the Lasso, 0 is Ridge, and between them both penalties hold.
    model = ElasticNet(alpha=strength, l1_ratio=l1_share, max_iter=5000, random_state=seed)
    return make_pipeline(encoding.for_linear(), model)


def _forest(*, trees: float, leaf_rows: float, seed: int) -> Pipeline:
    model = RandomForestRegressor(
        n_estimators=int(trees),
        min_samples_leaf=int(leaf_rows),
        max_features=0.33,
        random_state=seed,
    )
    return make_pipeline(encoding.for_forest(), model)


def _boosting(*, rounds: float, learning_rate: float, leaves: float, seed: int) -> Pipeline:
    model = HistGradientBoostingRegressor(
        max_iter=int(rounds),
        learning_rate=learning_rate,
        max_leaf_nodes=int(leaves),
        random_state=seed,
    )
    return make_pipeline(encoding.for_boosting(), model)


BUILDERS: Mapping[str, Callable[..., Pipeline]] = {
    "linear": _linear,
    "forest": _forest,
    "boosting": _boosting,
}
