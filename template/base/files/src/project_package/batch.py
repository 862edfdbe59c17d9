"""Score a CSV or Parquet file of any size: `python -m project_package.batch IN OUT`.

The rows pass in chunks through the graph that the service answers with. The output has
all columns of the input, then the graph's, and stands there complete or not at all.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from project_package import schema
from project_package.column import LARGEST_NUMBER, LONGEST_NAME, Column
from project_package.errors import PipelineError
from project_package.graph import Outputs, run_graph
from project_package.packing import pack
from project_package.paths import Paths
from project_package.service.model import Model, ModelError, load

ROWS_AT_ONCE = 50_000
BYTES_AT_ONCE = 8_000_000
SECONDS_BETWEEN_LINES = 2.0

CSV = (".csv", ".csv.gz")
PARQUET = (".parquet",)
# A name may hold a line's end, as it may in a request.
PARSING = pa.csv.ParseOptions(newlines_in_values=True)


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
                writer.write(_scored(source, chunk, champion, progress.rows))
                progress.add(chunk.num_rows)
    except (OSError, pa.ArrowException) as error:
        raise PipelineError(f"{source} cannot be scored: {error}") from error
    progress.end()
    return progress.rows


def _scored(source: Path, chunk: pa.RecordBatch, champion: Model, first_row: int) -> pa.RecordBatch:
    """Return what `score` does, whose errors then name the file."""
    try:
        return score(chunk, champion, first_row)
    except PipelineError as error:
        raise PipelineError(f"{source}: {error.message}", error.hint) from error


def open_champion(folder: Path) -> Model:
    """Return the model in `folder`, which the service would answer with, too.

    Raises:
        PipelineError: There is none, it is damaged, or it is for another schema.
    """
    try:
        return load(folder)
    except ModelError as error:
        raise PipelineError(f"no model to score with: {error}", "train one: make train") from error


def read_chunks(source: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows of `source`, at least one chunk, so that an empty file has its columns.

    Features have the schema's types; all other columns of a CSV stay the text that they are. Only
    an empty field is a missing value: one that says NA may well be a name.
    """
    if source.name.endswith(PARQUET):
        file = pa.parquet.ParquetFile(source)
        yield pa.RecordBatch.from_pylist([], file.schema_arrow)
        yield from file.iter_batches(ROWS_AT_ONCE)
    elif source.name.endswith(CSV):
        with pa.csv.open_csv(source, parse_options=PARSING) as header:
            names = header.schema.names
        types = {name: pa.string() for name in names} | _feature_types()
        convert = pa.csv.ConvertOptions(
            column_types=types, strings_can_be_null=True, null_values=[""]
        )
        read = pa.csv.ReadOptions(block_size=BYTES_AT_ONCE)
        with pa.csv.open_csv(source, read, PARSING, convert) as file:
            yield pa.RecordBatch.from_pylist([], file.schema)
            yield from file
    else:
        raise _unknown_format(source)


def score(chunk: pa.RecordBatch, champion: Model, first_row: int) -> pa.RecordBatch:
    """Return `chunk` with a column for each output of the graph, and the model's version.

    Raises:
        PipelineError: A feature is missing, or a row is one that the service would refuse.
    """
    columns = _features(chunk, first_row)
    for column in schema.FEATURES:
        check(column, columns[column.name], first_row)
    inputs = pack({name: _values(values) for name, values in columns.items()})
    outputs = run_graph(champion.session, inputs)
    finite = pa.array(np.isfinite(outputs[champion.score]))
    _refuse(pc.invert(finite), first_row, "has a number so large that its prediction is not finite")
    for name, values in _predictions(outputs, champion, chunk.num_rows).items():
        chunk = _set_column(chunk, name, values)
    return chunk


def _features(chunk: pa.RecordBatch, first_row: int) -> dict[str, pa.Array]:
    missing = [c for c in schema.FEATURES if c.name not in chunk.schema.names]
    columns = {name: chunk.column(name) for name in _feature_types() if name in chunk.schema.names}
    if missing and all(column.derived for column in missing):
        columns |= _derived(chunk, first_row)
    elif missing:
        names = ", ".join(column.name for column in missing)
        raise PipelineError(f"the input has no column {names}", "schema.py lists all features")
    types = _feature_types()
    return {name: pc.cast(values, types[name]) for name, values in columns.items()}


def _derived(chunk: pa.RecordBatch, first_row: int) -> dict[str, pa.Array]:
    """Return the features that training derived, by the same code."""
    # Only raw files need pandas, whose import takes longer than most files.
    import pandas as pd  # noqa: PLC0415

    from project_package.data.prepare import derive  # noqa: PLC0415

    known = [column.name for column in schema.raw_columns() if column.name in chunk.schema.names]
    raw, time = chunk.select(known).to_pandas(), schema.TIME.name
    if time in known:
        times = pd.to_datetime(raw[time], errors="coerce")
        unreadable = raw[time].notna() & times.isna()
        first = next(iter(raw[time][unreadable]), "")
        _refuse(pa.array(unreadable), first_row, f"has a {time} that cannot be read: {first!r}")
        raw[time] = times
    try:
        derived = derive(raw)
    except KeyError as error:
        needed = f"the input has no column {error.args[0]} to derive features from"
        raise PipelineError(needed) from error
    return {name: pa.array(values) for name, values in derived.items()}


def _feature_types() -> dict[str, pa.DataType]:
    return {c.name: pa.float64() if c.kind == "number" else pa.string() for c in schema.FEATURES}


def check(column: Column, values: pa.Array, first_row: int) -> None:
    """Look whether the service would take `values`, the first of which is in row `first_row` + 1.

    Raises:
        PipelineError: One is missing, too large or too long.
    """
    if not column.nullable:
        needed = f"has no {column.name}, and the schema needs one"
        _refuse(values.is_null(nan_is_null=True), first_row, needed)
    if column.kind == "number":
        too_large = pc.greater(pc.abs(values), LARGEST_NUMBER)
        _refuse(too_large, first_row, f"has a {column.name} that float32 cannot hold")
    else:
        length = pc.utf8_length(values)
        wrong = pc.or_(pc.less(length, 1), pc.greater(length, LONGEST_NAME))
        _refuse(
            wrong, first_row, f"has a {column.name} of other than 1 to {LONGEST_NAME} characters"
        )


def _refuse(wrong: pa.Array, first_row: int, reason: str) -> None:
    index = pc.index(wrong, value=True).as_py()
    if index >= 0:
        raise PipelineError(
            f"row {first_row + index + 1} {reason}",
            "leave such rows out, or change the schema and train again",
        )


def _values(values: pa.Array) -> object:
    if pa.types.is_string(values.type):
        return values.to_pylist()
    return values.to_numpy(zero_copy_only=False)


def _predictions(outputs: Outputs, champion: Model, rows: int) -> Mapping[str, pa.Array]:
    predicted = {name: pa.array(np.asarray(values)) for name, values in outputs.items()}
    return predicted | {"model_version": pa.array([champion.facts.version] * rows, pa.string())}


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
        sys.exit(error.told)


if __name__ == "__main__":
    main()
