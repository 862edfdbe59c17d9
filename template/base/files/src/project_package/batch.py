"""Score a CSV or Parquet file of any size: `python -m project_package.batch IN OUT`.

The rows pass in chunks through the graph that the service answers with. The output has
all columns of the input, then the graph's, and stands there complete or not at all.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from project_package import schema
from project_package.column import Column
from project_package.errors import PipelineError
from project_package.graph import Outputs, open_graph, run_graph
from project_package.packing import pack
from project_package.paths import Paths

ROWS_AT_ONCE = 50_000
BYTES_AT_ONCE = 8_000_000
SECONDS_BETWEEN_LINES = 2.0

CSV = (".csv", ".csv.gz")
PARQUET = (".parquet",)


@dataclass(frozen=True)
class Champion:
    """The exported model and its version."""

    session: onnxruntime.InferenceSession
    version: str


def score_file(source: Path, target: Path, model: Path) -> int:
    """Write the rows of `source` with their predictions to `target`; return how many.

    Raises:
        PipelineError: A file cannot be read or written, the model was not made for
            this schema, or a row breaks the schema. `target` is then as it was before.
    """
    if source.resolve() == target.resolve():
        raise PipelineError(f"{target} is the input", "name another file for the output")
    champion = open_champion(model)
    progress = Progress()
    try:
        with _replacing(target) as partial, _Writer(partial, target) as writer:
            for chunk in read_chunks(source):
                writer.write(score(chunk, champion, progress.rows))
                progress.add(chunk.num_rows)
    except (OSError, pa.ArrowException) as error:
        raise PipelineError(f"{source} cannot be scored: {error}") from error
    progress.end()
    return progress.rows


def open_champion(folder: Path) -> Champion:
    """Return the model in `folder`.

    Raises:
        PipelineError: There is none, it is damaged, or it is for another schema.
    """
    try:
        facts = json.loads((folder / "model.json").read_bytes())
        graph = (folder / "model.onnx").read_bytes()
    except OSError as error:
        raise PipelineError(f"no model in {folder}: {error}", "train one: make train") from error
    if hashlib.sha256(graph).hexdigest() != facts["files"]["model.onnx"]:
        raise PipelineError(f"{folder}/model.onnx is not the file of its model.json")
    if facts["contract"] != schema.digest():
        raise PipelineError(f"the model in {folder} was trained for another schema")
    return Champion(open_graph(graph), str(facts["version"]))


def read_chunks(source: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows of `source`, at least one chunk, so that an empty file has its columns.

    Features have the schema's types; all other columns of a CSV stay the text that they are.
    """
    if source.name.endswith(PARQUET):
        file = pa.parquet.ParquetFile(source)
        yield pa.RecordBatch.from_pylist([], file.schema_arrow)
        yield from file.iter_batches(ROWS_AT_ONCE)
    elif source.name.endswith(CSV):
        with pa.csv.open_csv(source) as header:
            names = header.schema.names
        types = {name: pa.string() for name in names} | _feature_types()
        convert = pa.csv.ConvertOptions(column_types=types, strings_can_be_null=True)
        read = pa.csv.ReadOptions(block_size=BYTES_AT_ONCE)
        with pa.csv.open_csv(source, read_options=read, convert_options=convert) as file:
            yield pa.RecordBatch.from_pylist([], file.schema)
            yield from file
    else:
        raise _unknown_format(source)


def score(chunk: pa.RecordBatch, champion: Champion, first_row: int) -> pa.RecordBatch:
    """Return `chunk` with a column for each output of the graph, and the model's version.

    Raises:
        PipelineError: A feature is missing, or a value where the schema needs one.
    """
    columns = _features(chunk)
    for column in schema.FEATURES:
        _check_present(column, columns[column.name], first_row)
    inputs = pack({name: _values(values) for name, values in columns.items()})
    outputs = run_graph(champion.session, inputs)
    for name, values in _predictions(outputs, champion, chunk.num_rows).items():
        chunk = _set_column(chunk, name, values)
    return chunk


def _features(chunk: pa.RecordBatch) -> dict[str, pa.Array]:
    missing = [c for c in schema.FEATURES if c.name not in chunk.schema.names]
    columns = {name: chunk.column(name) for name in _feature_types() if name in chunk.schema.names}
    if missing and all(column.derived for column in missing):
        columns |= _derived(chunk)
    elif missing:
        names = ", ".join(column.name for column in missing)
        raise PipelineError(f"the input has no column {names}", "schema.py lists all features")
    types = _feature_types()
    return {name: pc.cast(values, types[name]) for name, values in columns.items()}


def _derived(chunk: pa.RecordBatch) -> dict[str, pa.Array]:
    """Return the features that training derived, by the same code."""
    if schema.TIME.name not in chunk.schema.names:
        raise PipelineError(f"the input has no column {schema.TIME.name} to derive features from")
    # Only raw files need pandas, whose import takes longer than most files.
    import pandas as pd  # noqa: PLC0415

    from project_package.data.prepare import calendar  # noqa: PLC0415

    times = pd.to_datetime(chunk.column(schema.TIME.name).to_pandas())
    return {name: pa.array(values) for name, values in calendar(times).items()}


def _feature_types() -> dict[str, pa.DataType]:
    return {c.name: pa.float64() if c.kind == "number" else pa.string() for c in schema.FEATURES}


def _check_present(column: Column, values: pa.Array, first_row: int) -> None:
    if values.null_count and not column.nullable:
        row = first_row + pc.index(values.is_null(), value=True).as_py() + 1
        raise PipelineError(
            f"row {row} has no {column.name}, and the schema needs one",
            "leave such rows out, or make the column nullable and train again",
        )


def _values(values: pa.Array) -> object:
    if pa.types.is_string(values.type):
        return values.to_pylist()
    return values.to_numpy(zero_copy_only=False)


def _predictions(outputs: Outputs, champion: Champion, rows: int) -> Mapping[str, pa.Array]:
    predicted = {name: pa.array(np.asarray(values)) for name, values in outputs.items()}
    return predicted | {"model_version": pa.array([champion.version] * rows, pa.string())}


def _set_column(chunk: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    if name in chunk.schema.names:
        raise PipelineError(f"the input already has a column {name}", "rename it")
    return chunk.append_column(name, values)


class _Writer:
    """Writes chunks as the format that the target's name says."""

    def __init__(self, path: Path, target: Path) -> None:
        if not target.name.endswith(PARQUET + CSV):
            raise _unknown_format(target)
        self._path = path
        self._is_parquet = target.name.endswith(PARQUET)
        self._compression = "gzip" if target.name.endswith(".gz") else None
        self._file: pa.parquet.ParquetWriter | pa.csv.CSVWriter | None = None
        self._sink: pa.NativeFile | None = None

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_: object) -> None:
        for opened in (self._file, self._sink):
            if opened is not None:
                opened.close()

    def write(self, chunk: pa.RecordBatch) -> None:
        """Append `chunk`; the first one says which columns there are."""
        if self._file is None:
            self._file = self._open(chunk.schema)
        self._file.write_batch(chunk)

    def _open(self, columns: pa.Schema) -> pa.parquet.ParquetWriter | pa.csv.CSVWriter:
        self._sink = pa.output_stream(self._path, compression=self._compression)
        open_file = pa.parquet.ParquetWriter if self._is_parquet else pa.csv.CSVWriter
        return open_file(self._sink, columns)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Give a path beside `target` that replaces it in one step, if nothing goes wrong."""
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        partial = Path(file.name)
    try:
        yield partial
        partial.chmod(0o644)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _unknown_format(path: Path) -> PipelineError:
    return PipelineError(f"{path} is neither CSV nor Parquet", "name it *.csv, *.csv.gz, *.parquet")


class Progress:
    """Says on standard error every two seconds how far it is."""

    def __init__(self) -> None:
        self.rows = 0
        self._started = self._said = monotonic()

    def add(self, rows: int) -> None:
        """Count `rows` more."""
        self.rows += rows
        if monotonic() - self._said > SECONDS_BETWEEN_LINES:
            self._said = monotonic()
            self.end()

    def end(self) -> None:
        """Say how many rows were scored, and how fast."""
        rate = self.rows / max(monotonic() - self._started, 0.001)
        sys.stderr.write(f"{self.rows:,} rows scored, {rate:,.0f} a second\n")


def main(arguments: list[str] | None = None) -> None:
    """Score the file that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m project_package.batch")
    parser.add_argument("input", type=Path, help="rows: *.csv, *.csv.gz or *.parquet")
    parser.add_argument("output", type=Path, help="rows and predictions, in the same formats")
    champion = Paths(Path()).champion
    parser.add_argument("--model", type=Path, default=champion, help="default: %(default)s")
    given = parser.parse_args(arguments)
    try:
        score_file(given.input, given.output, given.model)
    except PipelineError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        sys.exit(f"error: {error.message}{hint}")


if __name__ == "__main__":
    main()
