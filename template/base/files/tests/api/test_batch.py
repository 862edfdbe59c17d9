"""Scoring files, with the model that the service answers with."""

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from starlette.testclient import TestClient

from project_package import batch, schema
from project_package.batch import main, score_file
from project_package.data import prepare
from project_package.errors import PipelineError
from project_package.service.settings import Settings

Row = dict[str, Any]

NULLABLE = next(column.name for column in schema.FEATURES if column.nullable)
REQUIRED = next(column.name for column in schema.FEATURES if not column.nullable)
RAW = next(column.name for column in schema.NUMBERS if not (column.nullable or column.derived))
CATEGORY = schema.CATEGORIES[0].name


@pytest.fixture
def rows(row: Row) -> list[Row]:
    return [row | {"id": f"{number:03}", NULLABLE: None} for number in range(100)]


def write(path: Path, rows: list[Row]) -> Path:
    table = pa.Table.from_pylist(rows)
    if path.suffix == ".parquet":
        pa.parquet.write_table(table, path)
    else:
        pa.csv.write_csv(table, path)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        found: list[dict[str, Any]] = pa.parquet.read_table(path).to_pylist()
        return found
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("source", ["in.csv", "in.parquet"])
@pytest.mark.parametrize("target", ["out.csv", "out.parquet"])
def test_a_file_is_scored_as_the_service_answers(  # noqa: PLR0917
    tmp_path: Path,
    rows: list[Row],
    client: TestClient,
    settings: Settings,
    source: str,
    target: str,
) -> None:
    score_file(write(tmp_path / source, rows), tmp_path / target, settings.model_dir)

    scored = read(tmp_path / target)
    features = [{name: row[name] for name in row if name != "id"} for row in rows]
    answers = client.post("/predict", json={"rows": features}).json()["predictions"]
    assert [row["id"] for row in scored] == [row["id"] for row in rows]
    assert [float(row["probability"]) for row in scored] == pytest.approx(
        [answer["probability"] for answer in answers], abs=1e-6
    )
    assert {row["model_version"] for row in scored} == {"1"}


def test_chunks_make_no_difference(
    tmp_path: Path, rows: list[Row], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "in.parquet", rows)
    score_file(source, tmp_path / "whole.parquet", settings.model_dir)
    monkeypatch.setattr(batch, "ROWS_AT_ONCE", 7)

    score_file(source, tmp_path / "parts.parquet", settings.model_dir)

    assert read(tmp_path / "parts.parquet") == read(tmp_path / "whole.parquet")


def test_a_file_without_rows_keeps_its_columns(
    tmp_path: Path, rows: list[Row], settings: Settings
) -> None:
    pa.parquet.write_table(pa.Table.from_pylist(rows)[:0], tmp_path / "in.parquet")

    scored = score_file(tmp_path / "in.parquet", tmp_path / "out.parquet", settings.model_dir)

    assert scored == 0
    assert "probability" in pa.parquet.read_schema(tmp_path / "out.parquet").names


def test_whole_numbers_and_unseen_categories_are_scored(
    tmp_path: Path, row: Row, settings: Settings
) -> None:
    whole = row | {column.name: int(row[column.name]) for column in schema.NUMBERS}
    source = write(tmp_path / "in.parquet", [whole | {CATEGORY: "never seen"}])

    assert score_file(source, tmp_path / "out.csv", settings.model_dir) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: row | {REQUIRED: None}, f"row 2 has no {REQUIRED}"),
        (lambda row: row | {REQUIRED: float("nan")}, f"row 2 has no {REQUIRED}"),
        (lambda row: row | {NULLABLE: 1e39}, f"row 1 has a {NULLABLE} that float32 cannot hold"),
        (lambda row: row | {CATEGORY: ""}, f"row 1 has a {CATEGORY} of other than 1 to 256"),
        (lambda row: row | {CATEGORY: "x" * 257}, f"row 1 has a {CATEGORY} of other than 1 to 256"),
        (lambda row: row | {"probability": 1.0}, "already has a column probability"),
    ],
)
def test_what_breaks_the_schema_stops_it_and_keeps_the_old_output(
    tmp_path: Path, row: Row, settings: Settings, change: Any, message: str
) -> None:
    source = write(tmp_path / "in.parquet", [row | change(row) | {REQUIRED: 1.0}, change(row)])
    target = tmp_path / "out.parquet"
    target.write_text("yesterday's")

    with pytest.raises(PipelineError, match=message):
        score_file(source, target, settings.model_dir)

    assert target.read_text() == "yesterday's"
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {
        "in.parquet",
        "out.parquet",
    }


def test_a_missing_feature_is_named(tmp_path: Path, row: Row, settings: Settings) -> None:
    del row[CATEGORY]

    with pytest.raises(PipelineError, match=f"no column {CATEGORY}"):
        score_file(write(tmp_path / "in.csv", [row]), tmp_path / "out.csv", settings.model_dir)


def test_derived_features_are_computed_as_in_training(
    tmp_path: Path, row: Row, settings: Settings
) -> None:
    derived = [column.name for column in schema.FEATURES if column.derived]
    raw = {name: value for name, value in row.items() if name not in derived}
    source = write(tmp_path / "in.csv", [raw | {schema.TIME.name: "2013-06-15T12:30"}])

    assert score_file(source, tmp_path / "out.csv", settings.model_dir) == 1


def test_a_date_that_cannot_be_read_is_named_with_its_row_and_its_file(
    tmp_path: Path, row: Row, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "ROWS_AT_ONCE", 2)
    derived = [column.name for column in schema.FEATURES if column.derived]
    raw = {name: value for name, value in row.items() if name not in derived}
    times = ["2013-06-15T12:30", "2013-06-15T12:31", "2013-06-15T12:32", "soon"]
    source = write(tmp_path / "in.parquet", [raw | {schema.TIME.name: time} for time in times])

    with pytest.raises(PipelineError) as caught:
        score_file(source, tmp_path / "out.csv", settings.model_dir)

    told = f"row 4 has a {schema.TIME.name} that cannot be read: 'soon'"
    assert caught.value.message == f"{source}: {told}"


def test_a_feature_may_be_derived_from_any_raw_column(
    tmp_path: Path, row: Row, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    time, names = schema.TIME.name, [column.name for column in schema.FEATURES if column.derived]
    raw = {name: value for name, value in row.items() if name not in names} | {time: "2013-06-15"}
    monkeypatch.setattr(prepare, "derive", lambda raw: dict.fromkeys(names, raw[RAW] % 5 + 1))

    score_file(write(tmp_path / "raw.csv", [raw]), tmp_path / "derived.csv", settings.model_dir)

    given = raw | dict.fromkeys(names, row[RAW] % 5 + 1)
    score_file(write(tmp_path / "in.csv", [given]), tmp_path / "given.csv", settings.model_dir)
    (derived,), (expected,) = read(tmp_path / "derived.csv"), read(tmp_path / "given.csv")
    assert derived["probability"] == expected["probability"]


def test_a_column_to_derive_features_from_is_named(
    tmp_path: Path, row: Row, settings: Settings
) -> None:
    raw = {column.name: row[column.name] for column in schema.FEATURES if not column.derived}

    with pytest.raises(PipelineError, match=f"no column {schema.TIME.name} to derive"):
        score_file(write(tmp_path / "in.csv", [raw]), tmp_path / "out.csv", settings.model_dir)


@pytest.mark.parametrize(
    ("source", "target"), [("none.csv", "out.csv"), ("in.xls", "out.csv"), ("in.csv", "out.xls")]
)
def test_a_file_that_cannot_be_is_one_line(
    tmp_path: Path, row: Row, settings: Settings, source: str, target: str
) -> None:
    write(tmp_path / "in.csv", [row])
    arguments = [str(tmp_path / source), str(tmp_path / target), f"--model={settings.model_dir}"]

    with pytest.raises(SystemExit, match="error: "):
        main(arguments)


def test_a_damaged_model_scores_nothing(tmp_path: Path, row: Row, settings: Settings) -> None:
    (settings.model_dir / "model.onnx").write_bytes(b"damaged")

    with pytest.raises(PipelineError, match="is not the file that"):
        score_file(write(tmp_path / "in.csv", [row]), tmp_path / "out.csv", settings.model_dir)


def test_a_field_that_says_na_is_a_name_and_an_empty_one_is_missing(
    tmp_path: Path, row: Row, settings: Settings
) -> None:
    source = write(tmp_path / "in.csv", [row | {CATEGORY: name} for name in ("NA", "null", "nan")])

    assert score_file(source, tmp_path / "out.csv", settings.model_dir) == 3

    source = write(tmp_path / "in.csv", [row | {CATEGORY: None}])
    with pytest.raises(PipelineError, match=f"row 1 has no {CATEGORY}"):
        score_file(source, tmp_path / "out.csv", settings.model_dir)


def test_progress_is_told(
    tmp_path: Path, rows: list[Row], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.csv", rows)

    main([str(source), str(tmp_path / "out.csv"), f"--model={settings.model_dir}"])

    assert "100 rows scored" in capsys.readouterr().err
