"""Stage 4: compare the candidates, fit the best, and export it."""

import json
import logging
from dataclasses import asdict
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from project_package import problem, stage
from project_package.graph import open_graph, run_graph
from project_package.lineage import read_lineage
from project_package.packing import pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.schema import FEATURES, TIME
from project_package.target import TARGET
from project_package.training.export import check_parity, export_graph, frame_of
from project_package.training.reference import reference

logger = logging.getLogger(__name__)

EXAMPLES = 5


def train(paths: Paths, parameters: Parameters) -> None:
    """Write the best candidate to `paths.candidate`: pipeline, graph, reference, facts, lineage.

    The same rows, parameters and code give the same bytes, but for the lineage: it says when.
    """
    lineage = read_lineage(paths)
    rows, held_out = pd.read_parquet(paths.train), pd.read_parquet(paths.test)
    # Idle OpenMP threads spin; on a busy machine one thread is the faster and the steadier choice.
    with threadpool_limits(limits=1):
        facts, pipeline = fit_best(rows, parameters)
        graph = export_graph(pipeline, facts["threshold"])
        facts["parity"] = check_parity(pipeline, graph, held_out, parameters.export.tolerance)
    score = problem.scores(pipeline, frame_of(pack(held_out)))
    paths.candidate.mkdir(parents=True, exist_ok=True)
    joblib.dump(pipeline, paths.candidate / "pipeline.joblib")
    (paths.candidate / "model.onnx").write_bytes(graph)
    examples = _examples(graph, held_out.head(EXAMPLES))
    facts |= {
        "outputs": list(examples[0]["outputs"]),
        "labelled_rows": len(rows) + len(held_out),
        "newest_row": max(rows[TIME.name].max(), held_out[TIME.name].max()).isoformat(),
    }
    described = {
        "facts": facts,
        "reference": reference(rows, score),
        "examples": examples,
        "lineage": asdict(lineage),
    }
    for name, content in described.items():
        text = json.dumps(content, indent=2, allow_nan=False)
        (paths.candidate / f"{name}.json").write_text(text + "\n", "utf-8")
    logger.info("%s is the best candidate; its graph repeats it", facts["algorithm"])


def fit_best(rows: pd.DataFrame, parameters: Parameters) -> tuple[dict[str, Any], Pipeline]:
    """Return the facts of the comparison, and the best candidate fitted on all of `rows`."""
    features, actual = frame_of(pack(rows)), rows[TARGET.name].to_numpy(dtype=float)
    models = problem.candidates(parameters.train.candidates, parameters.seed)
    predicted = {
        name: out_of_fold(model, features, actual, rows[TIME.name], parameters)
        for name, model in models.items()
    }
    results = {name: problem.primary(actual, score) for name, score in predicted.items()}
    for name, result in results.items():
        logger.info("%-12s %s %.4f", name, problem.PRIMARY, result)
    best = (max if problem.HIGHER_IS_BETTER else min)(results, key=lambda name: results[name])
    facts = {
        "algorithm": best,
        "cross_validated": results,
        "threshold": problem.choose_threshold(actual, predicted[best]),
        "rows": len(rows),
    }
    return facts, models[best].fit(features, actual)


def out_of_fold(
    model: Pipeline,
    features: pd.DataFrame,
    actual: problem.Numbers,
    times: pd.Series,
    parameters: Parameters,
) -> problem.Numbers:
    """Return what `model` says of each row when it has not seen any row of that day."""
    folds = GroupKFold(parameters.train.folds, shuffle=True, random_state=parameters.seed)
    score = np.empty(len(features))
    for seen, unseen in folds.split(features, groups=times.dt.date):
        fitted = clone(model).fit(features.iloc[seen], actual[seen])
        score[unseen] = problem.scores(fitted, features.iloc[unseen])
    return score


def _examples(graph: bytes, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a few rows with their outputs: a service that says otherwise holds a wrong model."""
    outputs = run_graph(open_graph(graph), pack(rows))
    names = [column.name for column in FEATURES]
    inputs = [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in rows[names].to_dict("records")
    ]
    return [
        {"inputs": row, "outputs": {name: value[index].item() for name, value in outputs.items()}}
        for index, row in enumerate(inputs)
    ]


if __name__ == "__main__":
    stage.run(train)
