"""What anybody who flies knows: the model has to know it too."""

import numpy as np
import pandas as pd

from project_package.graph import graph_scores, open_graph
from project_package.packing import pack
from project_package.paths import Paths


def mean_score(pipeline: Paths, rows: pd.DataFrame) -> float:
    return float(np.mean(graph_scores(open_graph(pipeline.champion / "model.onnx"), pack(rows))))


def test_evening_flights_are_late_more_often_than_morning_flights(
    pipeline: Paths, held_out: pd.DataFrame
) -> None:
    morning, evening = held_out.assign(hour=7), held_out.assign(hour=20)

    assert mean_score(pipeline, evening) > mean_score(pipeline, morning) + 0.05


def test_fog_makes_flights_late(pipeline: Paths, held_out: pd.DataFrame) -> None:
    clear, fog = held_out.assign(visibility=10.0), held_out.assign(visibility=0.25)

    assert mean_score(pipeline, fog) > mean_score(pipeline, clear)


def test_an_unknown_plane_does_not_make_a_flight_certain(
    pipeline: Paths, held_out: pd.DataFrame
) -> None:
    unknown = held_out.assign(plane_year=np.nan, seats=np.nan, engine=None)

    assert abs(mean_score(pipeline, unknown) - mean_score(pipeline, held_out)) < 0.1
