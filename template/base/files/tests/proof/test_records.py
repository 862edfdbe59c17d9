"""Which records of people count: those of a known form that are newer than what they review."""

import os
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from project_package.lineage import file_hash
from project_package.proof.score.records import Record, all_records
from project_package.proof.score.repository import Repository

from .conftest import commit

RECORD = "docs/decisions/canary.md"
HEAD = {"test": "canary", "date": "2026-01-31", "by": "A Person", "reviews": "[params.yaml]"}
TODAY = datetime.now().astimezone().date().isoformat()


def text(**changes: str) -> str:
    lines = [f"{name}: {value}\n" for name, value in (HEAD | changes).items()]
    return f"---\n{''.join(lines)}---\nPredictions are made once a night.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with parameters and a record that came in together."""
    (tmp_path / "docs" / "decisions").mkdir(parents=True)
    (tmp_path / "params.yaml").write_text("a: 1\n", "utf-8")
    (tmp_path / RECORD).write_text(text(), "utf-8")
    commit(tmp_path)
    return tmp_path


def record(folder: Path) -> Record:
    (found,) = all_records(Repository(folder))
    return found


def rewrite(folder: Path, **changes: str) -> None:
    (folder / RECORD).write_text(text(**changes), "utf-8")


def change_parameters(folder: Path) -> None:
    (folder / "params.yaml").write_text("a: 2\n", "utf-8")


def test_a_record_counts_that_came_in_with_what_it_reviews(folder: Path) -> None:
    assert record(folder).outdated == ""
    assert record(folder).summary == "A Person, 2026-01-31: Predictions are made once a night."


def test_a_time_of_day_is_a_date_too(folder: Path) -> None:
    rewrite(folder, date=f"{TODAY} 00:00:01")

    assert record(folder).outdated == ""


def test_one_file_needs_no_list(folder: Path) -> None:
    rewrite(folder, date=TODAY, reviews="./params.yaml")

    assert record(folder).outdated == ""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"date": "soon"}, "has no date"),
        ({"date": "2026-02-31"}, "no YAML"),
        ({"date": "2999-01-01"}, "still to come"),
        ({"date": "2999-01-01 10:00:00"}, "still to come"),
        ({"by": '""'}, "who decided"),
        ({"by": "[1]"}, "who decided"),
        ({"reviews": "3"}, "does not list the files"),
        ({"reviews": "[3]"}, "does not list the files"),
        ({"reviews": "[]"}, "does not list the files"),
        ({"reviews": "other.yaml"}, "reviews other.yaml, which is not there"),
        ({"applies": "perhaps"}, "true or false"),
    ],
)
def test_what_a_record_lacks_is_told(folder: Path, changes: dict[str, str], reason: str) -> None:
    rewrite(folder, **changes)

    assert record(folder).demand == "canary"
    assert reason in record(folder).outdated


@pytest.mark.parametrize(
    "content",
    [
        f"# Records\n\n```markdown\n{text()}```\n".encode(),
        b"\xff\xfe---\n",
        b"---\ntitle: A page\n---\nNo record.\n",
    ],
    ids=["an example", "no text", "another head"],
)
def test_other_files_are_no_records(folder: Path, content: bytes) -> None:
    (folder / RECORD).write_bytes(content)

    assert all_records(Repository(folder)) == []


def test_one_commit_of_change_and_old_record_renews_nothing(folder: Path) -> None:
    change_parameters(folder)
    rewrite(folder, date="2026-02-01")
    commit(folder)

    assert "is older than params.yaml" in record(folder).outdated


def test_one_commit_of_change_and_a_record_of_its_day_counts(folder: Path) -> None:
    change_parameters(folder)
    rewrite(folder, date=TODAY)
    commit(folder)

    assert record(folder).outdated == ""


@pytest.mark.parametrize("together", [True, False])
def test_another_name_makes_a_record_no_newer(folder: Path, together: bool) -> None:
    change_parameters(folder)
    if not together:
        commit(folder)
    (folder / RECORD).rename(folder / "docs" / "decisions" / "other.md")
    commit(folder)

    assert "is older than params.yaml" in record(folder).outdated


def keep_with_dvc(folder: Path, content: bytes) -> None:
    """Let `rows` be a file that git ignores and DVC knows by its hash."""
    (folder / ".gitignore").write_text("/rows\n", "utf-8")
    (folder / "rows").write_bytes(content)
    lock = f"outs:\n- path: rows\n  md5: {file_hash(folder / 'rows')}\n"
    (folder / "dvc.lock").write_text(lock, "utf-8")


def test_what_dvc_keeps_is_as_old_as_its_hash(folder: Path) -> None:
    keep_with_dvc(folder, b"rows")
    commit(folder)
    rewrite(folder, date=TODAY, reviews="[rows]")
    commit(folder)
    os.utime(folder / "rows")

    assert record(folder).outdated == ""

    keep_with_dvc(folder, b"other rows")
    commit(folder)

    assert "is older than rows" in record(folder).outdated


def test_what_nobody_keeps_is_as_old_as_the_file(folder: Path) -> None:
    keep_with_dvc(folder, b"rows")
    (folder / "dvc.lock").unlink()
    rewrite(folder, reviews="[rows]")
    commit(folder)

    os.utime(folder / "rows", (0, 0))
    assert record(folder).outdated == ""

    os.utime(folder / "rows")
    assert "is older than rows" in record(folder).outdated


def test_a_clone_of_a_part_of_history_knows_no_age(folder: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    clone = ("git", "clone", "-q", "--depth=1", folder.as_uri(), str(shallow))
    subprocess.run(clone, check=True)  # noqa: S603

    assert "history is not here" in record(shallow).outdated
