"""How the target is learnt and judged: candidates, baseline, metrics, threshold."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import SplineTransformer

from project_package import encoding
from project_package.parameters import require_keys

Numbers = NDArray[np.float64]
Options = Mapping[str, float]
Threshold = float

# The metric that candidates are chosen and gated by.
PRIMARY = "roc_auc"
HIGHER_IS_BETTER = True

# The one feature that a candidate has to beat.
BASELINE_FEATURE = "hour"


def candidates(options: Mapping[str, Options], seed: int) -> dict[str, Pipeline]:
    """Return the pipelines that `options` names, not fitted.

    Each takes the features in the schema's order, numbers first. None weighs the rare class up:
    that would spoil the probabilities. The threshold does what imbalance asks for.

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
    return make_pipeline(SplineTransformer(), LogisticRegression())


def scores(model: BaseEstimator, rows: Any) -> Numbers:
    """Return the probability of the positive class for each of `rows`."""
    probabilities: Numbers = model.predict_proba(rows)[:, 1]
    return probabilities


def choose_threshold(actual: Numbers, score: Numbers) -> Threshold:
    """Return the probability from which on a row is called positive: where F1 is largest."""
    precision, recall, thresholds = precision_recall_curve(actual, score)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(np.float32(thresholds[np.argmax(f1[:-1])]))


def measure(actual: Numbers, score: Numbers, threshold: Threshold) -> dict[str, float]:
    """Return all metrics of `score`, by name."""
    label = score >= threshold
    return {
        "roc_auc": float(roc_auc_score(actual, score)),
        "average_precision": float(average_precision_score(actual, score)),
        "brier_score": float(brier_score_loss(actual, score)),
        "log_loss": float(log_loss(actual, score)),
        "f1": float(f1_score(actual, label)),
        "precision": float(precision_score(actual, label, zero_division=0)),
        "recall": float(recall_score(actual, label)),
        "balanced_accuracy": float(balanced_accuracy_score(actual, label)),
    }


def primary(actual: Numbers, score: Numbers) -> float:
    """Return the primary metric of `score`, NaN for rows of one class only."""
    return float(roc_auc_score(actual, score)) if len(np.unique(actual)) > 1 else float("nan")


def _logistic(*, l1_share: float, strength: float, seed: int) -> Pipeline:
    # `l1_share` 1 is the Lasso's penalty, 0 is Ridge's.
    model = LogisticRegression(
        C=1 / strength,
        l1_ratio=l1_share,
        solver="liblinear",
        random_state=seed,
    )
    return make_pipeline(encoding.for_linear(), model)


def _forest(*, trees: float, leaf_rows: float, seed: int) -> Pipeline:
    model = RandomForestClassifier(
        n_estimators=int(trees),
        min_samples_leaf=int(leaf_rows),
        random_state=seed,
    )
    return make_pipeline(encoding.for_forest(), model)


def _boosting(*, rounds: float, learning_rate: float, leaves: float, seed: int) -> Pipeline:
    model = HistGradientBoostingClassifier(
        max_iter=int(rounds),
        learning_rate=learning_rate,
        max_leaf_nodes=int(leaves),
        random_state=seed,
    )
    return make_pipeline(encoding.for_boosting(), model)


BUILDERS: Mapping[str, Callable[..., Pipeline]] = {
    "logistic": _logistic,
    "forest": _forest,
    "boosting": _boosting,
}
