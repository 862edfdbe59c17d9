import json

import numpy as np
import pandas as pd

from project_package import problem
from project_package.graph import graph_scores, open_graph
from project_package.packing import pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.target import TARGET
from project_package.training.gate import better_by
from project_package.training.train import fit_best


def test_the_model_beats_the_baseline_by_what_the_gate_asks_for(
    pipeline: Paths, parameters: Parameters
) -> None:
    metrics = json.loads((pipeline.reports / "metrics.json").read_text("utf-8"))

    gain = better_by(metrics["candidate"][problem.PRIMARY], metrics["baseline"][problem.PRIMARY])

    assert gain >= parameters.gate.gain_over_baseline


def test_what_is_not_a_feature_changes_nothing(pipeline: Paths, held_out: pd.DataFrame) -> None:
    session = open_graph(pipeline.champion / "model.onnx")
    other = held_out.assign(flight="1", scheduled_departure=pd.Timestamp("2020-02-02"))

    assert (graph_scores(session, pack(other)) == graph_scores(session, pack(held_out))).all()


def test_a_row_is_scored_alike_alone_and_in_company(
    pipeline: Paths, held_out: pd.DataFrame
) -> None:
    session = open_graph(pipeline.champion / "model.onnx")
    together = graph_scores(session, pack(held_out.head(20)))

    alone = [graph_scores(session, pack(held_out.iloc[[row]]))[0] for row in range(20)]

    np.testing.assert_allclose(alone, together, rtol=1e-6)


def test_shuffled_targets_teach_nothing(pipeline: Paths, parameters: Parameters) -> None:
    rows = pd.read_parquet(pipeline.train).head(3000)
    target = rows[TARGET.name].to_numpy(dtype=float)
    shuffled = np.random.default_rng(0).permutation(target)
    nothing = problem.primary(shuffled, np.full(len(rows), target.mean()))

    facts, _ = fit_best(rows.assign(**{TARGET.name: shuffled}), parameters)

    best = facts["cross_validated"][facts["algorithm"]]
    assert better_by(best, nothing) < parameters.gate.gain_over_baseline
