import http.server
import sqlite3
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from project_package.data.readers import read_table
from project_package.errors import PipelineError

TEXT = "flight,delay\n007,5\nNA,\n"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a web server that serves `tmp_path`."""
    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def read(source: object, database: str = "") -> pd.DataFrame:
    return read_table(str(source), text_columns=["flight"], database=database)


@pytest.mark.parametrize("name", ["flights.csv", "flights.csv.gz"])
def test_text_stays_text_and_only_an_empty_field_is_missing(tmp_path: Path, name: str) -> None:
    pd.DataFrame({"flight": ["007", "NA"], "delay": [5, None]}).to_csv(tmp_path / name, index=False)

    frame = read(tmp_path / name)

    assert frame["flight"].tolist() == ["007", "NA"]
    assert frame["delay"].isna().tolist() == [False, True]


def test_parquet_is_read(tmp_path: Path) -> None:
    pd.DataFrame({"flight": ["007"]}).to_parquet(tmp_path / "flights.parquet")

    assert read(tmp_path / "flights.parquet")["flight"].tolist() == ["007"]


def test_a_file_on_the_web_is_read(tmp_path: Path, served: str) -> None:
    (tmp_path / "flights.csv").write_text(TEXT, "utf-8")

    assert read(f"{served}/flights.csv")["flight"].tolist() == ["007", "NA"]


def test_a_query_is_run_on_the_database(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "flights.db")
    database.executescript("CREATE TABLE flights (flight TEXT); INSERT INTO flights VALUES ('007')")
    database.close()
    (tmp_path / "flights.sql").write_text("SELECT flight FROM flights", "utf-8")

    frame = read(tmp_path / "flights.sql", f"sqlite:///{tmp_path}/flights.db")

    assert frame["flight"].tolist() == ["007"]


def test_a_query_that_fails_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "flights.sql").write_text("SELECT nothing", "utf-8")

    with pytest.raises(PipelineError, match=r"flights\.sql failed"):
        read(tmp_path / "flights.sql", "sqlite://")


def test_a_query_without_a_database_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        read(tmp_path / "flights.sql")

    assert "INGEST_DATABASE_URL" in caught.value.hint


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql+psycopg://joe:hunter2@example.com/flights", "needs a driver: "),
        ("postgres://joe:hunter2@example.com/flights", "postgresql+psycopg://"),
        ("joe:hunter2@example.com/flights", "is not the address of a database"),
        ("postgresql://joe:hunter2@example.com:hunter2/flights", "is not the address"),
    ],
)
def test_an_address_that_names_no_database_is_one_line_without_its_password(
    tmp_path: Path, address: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as where it is not installed
    (tmp_path / "flights.sql").write_text("SELECT flight FROM flights", "utf-8")

    with pytest.raises(PipelineError) as caught:
        read(tmp_path / "flights.sql", address)

    assert told in caught.value.told
    assert "hunter2" not in caught.value.told


def test_a_missing_query_is_named(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"cannot read .*missing\.sql"):
        read(tmp_path / "missing.sql", "sqlite://")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"cannot read .*missing\.csv"):
        read(tmp_path / "missing.csv")


def test_a_missing_page_is_named(served: str) -> None:
    with pytest.raises(PipelineError, match="404"):
        read(f"{served}/missing.csv")


def test_an_unknown_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="what kind of file"):
        read(tmp_path / "flights.xls")
