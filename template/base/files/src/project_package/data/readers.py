"""Read a table from a file, the web, S3 or a database, by what its address looks like."""

import io
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from project_package.errors import PipelineError

if TYPE_CHECKING:
    import sqlalchemy

TIMEOUT_SECONDS = 60


def read_table(source: str, *, text_columns: list[str], database: str = "") -> pd.DataFrame:
    """Return the table at `source`, its `text_columns` as text and nothing else guessed away.

    `source` is a file (.csv, .csv.gz, .parquet), an http(s):// or s3:// address of such a file,
    or a .sql file whose query is run on the address `database`.

    Raises:
        PipelineError: There is nothing at `source`, or nobody knows how to read it.
    """
    try:
        if source.endswith(".sql"):
            return _read_database(Path(source), database)
        if source.startswith(("http://", "https://")):
            return _read_file(_download(source), source, text_columns)
        return _read_file(source, source, text_columns)
    except OSError as error:
        raise PipelineError(
            f"cannot read {source}: {error}", "see `ingest` in params.yaml"
        ) from error


def _read_file(file: str | io.BytesIO, name: str, text_columns: list[str]) -> pd.DataFrame:
    if name.endswith(".parquet"):
        return pd.read_parquet(file)
    if name.endswith((".csv", ".csv.gz")):
        # An empty field is missing; a field that says NA may well be Namibia.
        return pd.read_csv(
            file,
            compression="gzip" if name.endswith(".gz") else None,
            dtype=dict.fromkeys(text_columns, str),
            keep_default_na=False,
            na_values=[""],
        )
    raise PipelineError(f"cannot tell what kind of file {name} is", "use .csv, .csv.gz or .parquet")


def _download(address: str) -> io.BytesIO:
    with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        return io.BytesIO(answer.read())


def _read_database(query: Path, database: str) -> pd.DataFrame:
    if not database:
        raise PipelineError(f"{query} needs a database", "set INGEST_DATABASE_URL")
    import sqlalchemy  # noqa: PLC0415 - costs a third of a second that files need not pay

    engine = _engine(database)
    try:
        return pd.read_sql_query(sqlalchemy.text(query.read_text("utf-8")), engine)
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise PipelineError(f"{query} failed: {error.__class__.__name__}: {error}") from error
    finally:
        engine.dispose()


def _engine(database: str) -> "sqlalchemy.Engine":
    """Return the engine for `database`, an address whose password no error repeats."""
    import sqlalchemy  # noqa: PLC0415 - as above

    try:
        return sqlalchemy.create_engine(database)
    except ImportError as error:
        raise PipelineError(
            f"INGEST_DATABASE_URL needs a driver: {error}",
            "docs/data.md says how to add the one for PostgreSQL",
        ) from error
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise PipelineError(
            "INGEST_DATABASE_URL is not the address of a database that SQLAlchemy knows",
            "write it like postgresql+psycopg://user:password@host/database, with %40 for an @ in "
            "the password",
        ) from None
