"""What the score measures itself: each study on a small model, and when it is run again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from project_package import problem, schema
from project_package.column import Column
from project_package.git import run_git
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof import studies
from project_package.proof.studies.costs import costs
from project_package.proof.studies.features import features
from project_package.proof.studies.groups import groups
from project_package.proof.studies.growth import growth, worth
from project_package.proof.studies.new_feature import new_feature
from project_package.proof.studies.related import RELATED, association, related
from project_package.proof.studies.stability import ODD_NUMBERS, extremes, stability
from project_package.proof.studies.staleness import WINDOWS, staleness
from project_package.proof.studies.suite import suite
from project_package.proof.studies.tuning import tuning


def test_every_feature_is_measured(
    pipeline: Paths, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(features.__globals__, "REPEATS", 3)

    found = features(pipeline, parameters)

    assert list(found) == [column.name for column in schema.FEATURES]
    assert max(each["benefit"] for each in found.values()) > 0
    assert all(0 <= each["missing_share"] <= 1 for each in found.values())
    assert all(each["microseconds_per_row"] > 0 for each in found.values())


def test_a_column_of_noise_goes_with_none_and_brings_nothing(
    held_out: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).normal(size=len(held_out))
    columns = (*schema.FEATURES, Column("noise", "number", "Nothing"))
    monkeypatch.setattr(schema, "FEATURES", columns)

    found = related(held_out.assign(noise=noise))

    assert found["noise"] == ()
    assert "temperature" in found["dew_point"]


def test_codes_that_say_the_same_are_related_and_missing_ones_are_not() -> None:
    codes = np.arange(1000) % 7
    none = np.full(1000, -1)

    assert association(codes, 6 - codes) == pytest.approx(1.0, abs=0.01)
    assert association(codes, np.where(codes > 0, none, codes)) == 0
    assert association(codes, np.random.default_rng(0).permutation(codes)) < RELATED


def test_half_and_twice_of_each_option_are_tried(pipeline: Paths, parameters: Parameters) -> None:
    found = tuning(pipeline, parameters)

    assert found["options"] == parameters.train.candidates[found["algorithm"]]
    assert len(found["tried"]) == 2 * len(found["options"])
    assert all(each["error"] > 0 for each in found["tried"])


def test_the_metric_is_known_for_each_age(pipeline: Paths, parameters: Parameters) -> None:
    found = staleness(pipeline, parameters)

    assert len(found["ages"]) == WINDOWS
    assert all(np.isfinite(each[problem.PRIMARY]) for each in found["ages"])
    assert np.isfinite(found["change_in_30_days"])


def test_models_that_saw_more_are_compared(pipeline: Paths, parameters: Parameters) -> None:
    found = growth(pipeline, parameters)

    rows = [point["rows"] for point in found["points"]]
    assert rows == sorted(rows)
    assert -1 <= found["correlation"] <= 1


def test_worth_is_what_the_highest_scores_find() -> None:
    happened = np.array([0.0] * 18 + [1.0] * 2)

    assert worth(happened, happened) > 0
    assert worth(happened, -happened) < 0


def test_every_slice_is_a_group(pipeline: Paths, parameters: Parameters) -> None:
    found = groups(pipeline, parameters)

    assert {name.split()[0] for name in found} >= set(parameters.gate.slices)
    assert all(each["rows"] >= parameters.gate.slice_rows for each in found.values())


def test_odd_rows_give_finite_scores(pipeline: Paths, parameters: Parameters) -> None:
    found = stability(pipeline, parameters)

    assert found["rows"] > 0
    assert (found["nan"], found["infinite"]) == (0, 0)


def test_every_odd_number_comes_in_every_column() -> None:
    numbers = np.ones((1, len(schema.NUMBERS)), np.float32)
    categories = np.full((1, len(schema.CATEGORIES)), "A", dtype=object)

    rows = extremes({"numbers": numbers, "categories": categories})

    assert len(rows["numbers"]) == 2 * len(ODD_NUMBERS) * (len(schema.NUMBERS) + 1)


def test_costs_are_those_of_the_model_that_is_served(
    pipeline: Paths, parameters: Parameters
) -> None:
    found = costs(pipeline, parameters)

    assert all(value > 0 for value in found.values())


@pytest.mark.usefixtures("uncounted")
def test_a_feature_that_does_not_get_through_is_told(
    root: Path, tmp_path: Path, parameters: Parameters
) -> None:
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "sample").mkdir()  # with no data in it
    shutil.copy(root / "params.yaml", tmp_path)

    found = new_feature(Paths(tmp_path), parameters)

    assert not found["served"]
    assert found["said"]


def test_a_feature_whose_place_is_gone_is_told(
    root: Path, tmp_path: Path, parameters: Parameters
) -> None:
    for name in ("src", "sample"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "params.yaml", tmp_path)
    (tmp_path / "src" / studies.__name__.partition(".")[0] / "schema.py").write_text("", "utf-8")

    found = new_feature(Paths(tmp_path), parameters)

    assert not found["served"]
    assert "schema.py has no line FEATURES = (" in found["said"]


def test_which_tests_passed_is_told_by_file(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import pytest\n\n"
        "def test_a(): pass\n\n"
        "def test_b(): raise ValueError\n\n"
        "@pytest.mark.skip\ndef test_c(): pass\n",
        "utf-8",
    )

    found = suite(tmp_path, ["test_one.py"])

    assert found["files"] == {"test_one.py": {"passed": 1, "failed": 1}}


def test_no_tests_are_no_result(tmp_path: Path) -> None:
    assert suite(tmp_path, ["nothing.py"])["files"] == {}


@pytest.fixture
def ran(
    pipeline: Paths, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Paths, list[str]]:
    """A repository whose studies are only taken down."""
    shutil.copytree(pipeline.candidate, tmp_path / "models" / "candidate")
    shutil.copy(root / "params.yaml", tmp_path)
    run_git(tmp_path, "init", "--quiet")
    names: list[str] = []

    def study(_: Paths, __: Parameters) -> dict[str, object]:
        names.append("study")
        return {}

    monkeypatch.setattr(studies, "ALONE", {"one": study})
    monkeypatch.setattr(studies, "TOGETHER", {"two": study})
    monkeypatch.setattr(studies, "suite", lambda *_: {})
    return Paths(tmp_path), names


def test_studies_are_run_again_only_where_something_changed(
    ran: tuple[Paths, list[str]],
) -> None:
    paths, names = ran
    said: list[str] = []

    for expected in (2, 2):
        studies.renew(paths, [], said.append)
        assert len(names) == expected
    with paths.parameters.open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    studies.renew(paths, [], said.append)

    assert len(names) == 4
    assert len(said) == 6
    report = json.loads((paths.reports / "score" / "one.json").read_text("utf-8"))
    assert report.keys() == {"studied", "found"}


def test_without_a_model_nothing_is_studied(tmp_path: Path) -> None:
    said: list[str] = []

    studies.renew(Paths(tmp_path), [], said.append)

    assert said == ["there is no model to study: make train"]
