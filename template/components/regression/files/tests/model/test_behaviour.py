"""What anybody who flies knows: the model has to know it too."""

import numpy as np
import pandas as pd

from project_package.graph import graph_scores, open_graph
from project_package.packing import pack
from project_package.paths import Paths


def mean_score(pipeline: Paths, rows: pd.DataFrame) -> float:
    return float(np.mean(graph_scores(open_graph(pipeline.champion / "model.onnx"), pack(rows))))


def test_a_longer_way_takes_longer(pipeline: Paths, held_out: pd.DataFrame) -> None:
    means = [
        mean_score(pipeline, held_out.assign(distance=float(miles)))
        for miles in (300, 800, 1500, 2400)
    ]

    assert means == sorted(means)
    assert means[-1] > means[0] + 100


def test_winter_winds_slow_flights_down(pipeline: Paths, held_out: pd.DataFrame) -> None:
    # Most flights of the sample go west, against the jet stream, which is strongest in winter.
    assert mean_score(pipeline, held_out.assign(month=1)) > mean_score(
        pipeline, held_out.assign(month=7)
    )


def test_an_unknown_plane_changes_little(pipeline: Paths, held_out: pd.DataFrame) -> None:
    unknown = held_out.assign(plane_year=np.nan, seats=np.nan, engine=None)

    assert abs(mean_score(pipeline, unknown) - mean_score(pipeline, held_out)) < 10
