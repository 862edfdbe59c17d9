"""Training and serving say the same: Python pipeline, graph and HTTP, row by row."""

import csv
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxruntime import InferenceSession
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from starlette.testclient import TestClient

from project_package import batch, problem
from project_package.column import LARGEST_NUMBER, LONGEST_NAME, Column
from project_package.errors import PipelineError
from project_package.graph import Outputs, graph_scores, open_graph, run_graph
from project_package.packing import pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.schema import FEATURES
from project_package.service.model import Model, load
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
    """Any value that the schema allows, its limits often, and names that it has never heard of."""
    values: st.SearchStrategy[float | str | None]
    if column.kind == "number":
        limits = [limit for limit in (column.minimum, column.maximum) if limit is not None]
        values = st.floats(column.minimum, column.maximum)
        values = values | st.sampled_from(limits) if limits else values
    else:
        values = st.sampled_from([*column.categories, "never seen"])
    return values | st.none() if column.nullable else values


ROWS = st.fixed_dictionaries({column.name: value_of(column) for column in FEATURES})

# What files and requests may read differently: names that look like nothing, and limits.
ODD_NAMES = [
    *("", " ", "NA", "N/A", "null", "NULL", "nan", "None", "ATL ", "true", "1"),
    *("a,b", 'a"b', "a\nb", "a\r\nb", "Zürich", "e\u0301", "\u2708\ufe0f", "\ufeff"),
    *("x" * LONGEST_NAME, "x" * (LONGEST_NAME + 1)),
]
ODD_NUMBERS = [0.0, -0.0, 0.1, 1e-46, LARGEST_NUMBER, -LARGEST_NUMBER, 1e39, -1e39]


def odd_value_of(column: Column) -> st.SearchStrategy[float | str | None]:
    """Any value at all of the column's kind, those above often."""
    odd: st.SearchStrategy[float | str | None]
    if column.kind == "number":
        odd = st.sampled_from(ODD_NUMBERS) | st.floats(allow_nan=False, allow_infinity=False)
    else:
        text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
        odd = st.sampled_from(ODD_NAMES) | text
    return value_of(column) | odd


ODD_ROWS = st.fixed_dictionaries({column.name: value_of(column) for column in FEATURES}).flatmap(
    lambda row: st.sampled_from(FEATURES).flatmap(
        lambda column: odd_value_of(column).map(lambda value: row | {column.name: value})
    )
)


@pytest.fixture(scope="module")
def python_pipeline(pipeline: Paths) -> Pipeline:
    return joblib.load(pipeline.candidate / "pipeline.joblib")


@pytest.fixture(scope="module")
def session(pipeline: Paths) -> InferenceSession:
    return open_graph(pipeline.champion / "model.onnx")


@pytest.fixture(scope="module")
def largest_difference(parameters: Parameters, held_out: pd.DataFrame) -> float:
    """How far the graph may be from the Python pipeline, in units of the target."""
    return parameters.export.tolerance * float(held_out[TARGET.name].abs().max())


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


def alike(expected: Outputs, index: int, served: Row) -> bool:
    """Return whether `served` is row `index` of `expected`, to the last bit of every output."""
    return all(
        values[index].tobytes() == np.asarray(served[name], dtype=values.dtype).tobytes()
        for name, values in expected.items()
    )


def test_every_held_out_row_is_answered_as_offline_to_the_last_bit(
    session: InferenceSession, service: TestClient, held_out: pd.DataFrame
) -> None:
    expected = run_graph(session, pack(held_out))
    rows = as_rows(held_out)

    served = [
        prediction
        for start in range(0, len(rows), 500)
        for prediction in service.post("/predict", json={"rows": rows[start : start + 500]}).json()[
            "predictions"
        ]
    ]

    assert len(served) == len(rows)
    assert [n for n, each in enumerate(served) if not alike(expected, n, each)] == []


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=4))
def test_any_valid_row_is_answered_as_offline_to_the_last_bit(
    session: InferenceSession,
    service: TestClient,
    python_pipeline: Pipeline,
    largest_difference: float,
    rows: list[Row],
) -> None:
    inputs = pack({name: [row[name] for row in rows] for name in NAMES})
    expected = run_graph(session, inputs)

    together = service.post("/predict", json={"rows": rows}).json()["predictions"]
    alone = [service.post("/predict", json=row).json() for row in rows]

    assert all(alike(expected, index, each) for index, each in enumerate(together))
    assert all(alike(expected, index, each) for index, each in enumerate(alone))
    score = problem.scores(python_pipeline, frame_of(inputs))
    assert graph_scores(session, inputs) == pytest.approx(score, rel=0, abs=largest_difference)


def scored(file: Path, champion: Model) -> Row | None:
    """Return what `make score-file` says of the row in `file`, None where it refuses it."""
    try:
        *_, chunk = (batch.score(each, champion, 0) for each in batch.read_chunks(file))
    except (PipelineError, pa.ArrowException):
        return None
    (row,) = chunk.select([*champion.outputs]).to_pylist()
    return dict(row)


def as_csv(row: Row, file: Path) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, NAMES)
        writer.writeheader()
        writer.writerow(row)
    return file


def as_parquet(row: Row, file: Path) -> Path:
    kinds = {"number": pa.float64(), "category": pa.string()}
    columns = {column.name: pa.array([row[column.name]], kinds[column.kind]) for column in FEATURES}
    pa.parquet.write_table(pa.table(columns), file)
    return file


@settings(max_examples=80, deadline=None)
@given(row=ODD_ROWS)
def test_a_file_is_answered_or_refused_as_a_request_is(
    pipeline: Paths,
    session: InferenceSession,
    service: TestClient,
    tmp_path_factory: pytest.TempPathFactory,
    row: Row,
) -> None:
    champion, folder = load(pipeline.champion), tmp_path_factory.mktemp("row")
    # A field of CSV that is empty is a missing one.
    missing = {name: None if value == "" else value for name, value in row.items()}

    for said, file in (
        (row, as_parquet(row, folder / "row.parquet")),
        (missing, as_csv(row, folder / "row.csv")),
    ):
        answer = service.post("/predict", json=said)
        found = scored(file, champion)
        assert (found is None) == (answer.status_code == 422), answer.text
        if found is not None:
            expected = run_graph(session, pack({name: [value] for name, value in said.items()}))
            assert alike(expected, 0, found)
            assert alike(expected, 0, answer.json())


@pytest.mark.parametrize("limit", ["minimum", "maximum"])
def test_rows_at_every_limit_at_once_are_answered_as_offline(
    session: InferenceSession, service: TestClient, limit: str
) -> None:
    row: Row = {
        column.name: getattr(column, limit) if column.kind == "number" else "never seen"
        for column in FEATURES
    }
    nothing = {column.name: None for column in FEATURES if column.nullable}

    for each in (row, row | nothing):
        expected = run_graph(session, pack({name: [value] for name, value in each.items()}))
        assert alike(expected, 0, service.post("/predict", json=each).json())


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
