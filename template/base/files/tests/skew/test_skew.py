"""Training and serving say the same: Python pipeline, graph and HTTP, row by row."""

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxruntime import InferenceSession
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from starlette.testclient import TestClient

from project_package import problem
from project_package.column import Column
from project_package.errors import PipelineError
from project_package.graph import graph_scores, open_graph, run_graph
from project_package.packing import pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.schema import FEATURES
from project_package.target import TARGET
from project_package.training.export import (
    check_parity,
    export_graph,
    frame_of,
    odd_rows,
)

Row = dict[str, float | str | None]

NAMES = [column.name for column in FEATURES]


def value_of(column: Column) -> st.SearchStrategy[float | str | None]:
    """Any value that the schema allows, and names that it has never heard of."""
    values: st.SearchStrategy[float | str | None]
    if column.kind == "number":
        values = st.floats(column.minimum, column.maximum, width=32)
    else:
        values = st.sampled_from([*column.categories, "never seen"])
    return values | st.none() if column.nullable else values


ROWS = st.fixed_dictionaries({column.name: value_of(column) for column in FEATURES})


@pytest.fixture(scope="module")
def python_pipeline(pipeline: Paths) -> Pipeline:
    return joblib.load(pipeline.candidate / "pipeline.joblib")


@pytest.fixture(scope="module")
def session(pipeline: Paths) -> InferenceSession:
    return open_graph(pipeline.champion / "model.onnx")


def as_rows(frame: pd.DataFrame) -> list[Row]:
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame[NAMES].to_dict("records")
    ]


def test_the_graph_repeats_the_python_pipeline(
    pipeline: Paths, parameters: Parameters, python_pipeline: Pipeline, held_out: pd.DataFrame
) -> None:
    graph = (pipeline.champion / "model.onnx").read_bytes()

    difference = check_parity(python_pipeline, graph, held_out, parameters.export.tolerance)

    assert difference <= parameters.export.tolerance


def test_the_service_repeats_the_graph_to_the_last_bit(
    pipeline: Paths, service: TestClient, held_out: pd.DataFrame
) -> None:
    rows = held_out.head(500)
    expected = run_graph(open_graph(pipeline.champion / "model.onnx"), pack(rows))

    answer = service.post("/predict", json={"rows": as_rows(rows)}).json()

    for name, values in expected.items():
        served = np.array([row[name] for row in answer["predictions"]], dtype=values.dtype)
        assert (served == values).all()


@settings(max_examples=50, deadline=None)
@given(row=ROWS)
def test_any_valid_row_is_scored_alike_offline_and_over_http(
    session: InferenceSession, service: TestClient, python_pipeline: Pipeline, row: Row
) -> None:
    inputs = pack({name: [value] for name, value in row.items()})
    graph = graph_scores(session, inputs)

    served = service.post("/predict", json=row).json()

    score = next(value for value in served.values() if isinstance(value, float))
    assert np.float32(score) == np.float32(graph[0])
    expected = problem.scores(python_pipeline, frame_of(inputs))[0]
    assert score == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_a_scaler_lost_at_export_is_noticed(
    python_pipeline: Pipeline, held_out: pd.DataFrame, parameters: Parameters, pipeline: Paths
) -> None:
    graph = (pipeline.champion / "model.onnx").read_bytes()
    shifted = held_out.assign(distance=held_out["distance"] / 1000)
    other = clone(python_pipeline).fit(frame_of(pack(shifted)), held_out[TARGET.name])

    with pytest.raises(PipelineError, match="differs from the Python pipeline"):
        check_parity(other, graph, held_out, parameters.export.tolerance)


def test_odd_rows_miss_every_column_once(held_out: pd.DataFrame) -> None:
    inputs = odd_rows(pack(held_out.head(10)))

    assert np.isnan(inputs["numbers"]).any(axis=0).all()
    assert (inputs["categories"] == "").any(axis=0).all()


def test_every_candidate_can_be_exported(
    pipeline: Paths, held_out: pd.DataFrame, parameters: Parameters
) -> None:
    rows = pd.read_parquet(pipeline.train).head(1500)
    options = dict(parameters.train.candidates) | {"forest": {"trees": 5, "leaf_rows": 8}}

    for model in problem.candidates(options, parameters.seed).values():
        fitted = model.fit(frame_of(pack(rows)), rows[TARGET.name])
        score = problem.scores(fitted, frame_of(pack(rows)))
        threshold = problem.choose_threshold(rows[TARGET.name].to_numpy(), score)
        graph = export_graph(fitted, threshold)
        assert check_parity(fitted, graph, held_out, parameters.export.tolerance) >= 0
