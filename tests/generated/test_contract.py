"""One contract: `schema.py` changed in one place changes all who use it, and who does not follow is told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from project import Project

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("default-preset")]

PACKAGE = "src/flight_delays"
CONTRACT = f"{PACKAGE}/schema.py"

# Unit, range and nullability; a category; a column.
CHANGES = {
    '"Distance between the airports", "mi", 50, 5500': '"Distance", "km", 40, 6000, missing_share=0.1',
    'categories=("EWR", "JFK", "LGA")': 'categories=("EWR", "JFK", "LGA", "SWF")',
    '    Column("pressure", "number"': (
        '    Column("air_time", "number", "Time in the air", "min", 1, 900, missing_share=0.1),\n'
        '    Column("pressure", "number"'
    ),
}

# Each user of the contract, made to hold on to something of its own, and the tests that must see it.
DETACHED = {
    "data/validate.py": (
        "checks=list(_checks(column))",
        "checks=[]",
        {
            "test_validation_says_what_the_schema_says",
            "test_validation_knows_how_much_may_be_missing",
            "test_validation_service_and_batch_know_the_same_limits_of_any_column",
        },
    ),
    "training/registry.py": (
        "required=not column.nullable)",
        "required=True)",
        {"test_the_signature_of_mlflow_says_what_the_schema_says"},
    ),
    "service/rows.py": (
        "return kind | None if column.nullable else kind",
        "return kind | None",
        {
            "test_the_openapi_document_says_what_the_schema_says",
            "test_the_service_takes_what_the_schema_allows",
        },
    ),
    "training/register.py": (
        "[column.name for column in schema.NUMBERS]",
        "sorted(column.name for column in schema.NUMBERS)",
        {"test_the_graph_takes_two_inputs_of_the_schema_s_widths_and_order"},
    ),
    "training/reference.py": (
        "for column in NUMBERS}",
        "for column in sorted(NUMBERS, key=str)}",
        {"test_the_reference_for_drift_says_what_the_schema_says"},
    ),
    "service/drift.py": (
        "low = -math.inf if column.minimum is None else column.minimum",
        "low = -math.inf",
        {"test_traffic_is_counted_by_the_range_of_the_schema"},
    ),
}


@pytest.fixture
def changed(trained: Project, tmp_path: Path) -> Path:
    """Return a copy of the project whose contract is another in one file."""
    copy = tmp_path / "copy"
    left_out = shutil.ignore_patterns(
        ".venv",
        ".git",
        ".dvc",
        "data",
        "models",
        "mlruns",
        "mlartifacts",
        "mlflow.db",
        "__pycache__",
    )

    def only_at_the_top(folder: str, names: list[str]) -> set[str]:
        return left_out(folder, names) if Path(folder) == trained.folder else set()

    shutil.copytree(trained.folder, copy, ignore=only_at_the_top)
    for before, after in CHANGES.items():
        edit(copy / CONTRACT, before, after)
    return copy


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert text.count(before) == 1, f"{before} is not once in {file}"
    file.write_text(text.replace(before, after))


def failing(project: Project, copy: Path) -> set[str]:
    """Return the names of the tests of the contract that fail in `copy`."""
    python = project.folder / ".venv/bin/python"
    done = project.attempt(
        *(python, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider"),
        *("--rootdir", copy, "-c", copy / "pyproject.toml", copy / "tests/data/test_contract.py"),
        PYTHONPATH=str(copy / "src"),
    )
    assert re.search(r"\d+ passed", done.stdout), done.stdout[-3000:]
    return set(re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", done.stdout, re.MULTILINE))


def test_all_follow_a_change_in_one_place(trained, changed):
    assert failing(trained, changed) == set()


def test_each_that_does_not_follow_is_told(trained, changed):
    for name, (before, after, _) in DETACHED.items():
        edit(changed / PACKAGE / name, before, after)

    told = failing(trained, changed)

    assert told == set().union(*(tests for _, _, tests in DETACHED.values()))


# What the score says of each record that comes with the sample.
OUTDATED = """
from pathlib import Path
from flight_delays.proof.score.records import all_records
from flight_delays.proof.score.repository import Repository
for record in all_records(Repository(Path.cwd())):
    print(f"{record.demand}: {record.outdated}")
"""


def test_records_that_come_with_the_sample_stand_until_what_they_review_changes(trained, tmp_path):
    place = tmp_path / "clone"
    trained.run("git", "clone", "--quiet", ".", place)
    python = trained.folder / ".venv/bin/python"
    clone = Project(place, trained.home)

    def outdated() -> dict[str, str]:
        said = clone.run(python, "-c", OUTDATED, PYTHONPATH=str(place / "src"))
        return dict(re.findall(r"^(\w+): (.*)$", said, re.MULTILINE))

    assert outdated() == {"cost": "", "review": ""}
    for changed in (CONTRACT, "sample/flights.csv.gz", "params.yaml"):
        before = (place / changed).read_bytes()
        (place / changed).write_bytes(before + b"# changed\n")
        clone.run("git", "commit", "--quiet", "--message", "Change", changed)

        assert outdated() == dict.fromkeys(
            ("cost", "review"), f"is older than {changed}, which changed on {today(clone)}"
        )
        clone.run("git", "reset", "--quiet", "--hard", "HEAD^")


def today(project: Project) -> str:
    """Return the date of the last commit where it was made."""
    return project.run("git", "log", "-1", "--format=%cd", "--date=format:%Y-%m-%d").strip()
