from datetime import date
from pathlib import Path

import pytest
import yaml

from project_package.errors import PipelineError
from project_package.parameters import flatten, read_parameters


def changed(root: Path, folder: Path, section: str, **values: object) -> Path:
    content = yaml.safe_load((root / "params.yaml").read_text("utf-8"))
    content[section] |= values
    content[section] = {name: value for name, value in content[section].items() if value != "gone"}
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(content), "utf-8")
    return path


def test_the_project_s_parameters_are_read(root: Path) -> None:
    parameters = read_parameters(root / "params.yaml")

    assert parameters.train.folds >= 2
    assert parameters.gate.slices


def test_an_unknown_key_is_refused_by_name(root: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="prepare has an unknown test_shares"):
        read_parameters(changed(root, tmp_path, "prepare", test_shares=0.3))


def test_a_missing_key_is_refused_by_name(root: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="prepare has no test_share"):
        read_parameters(changed(root, tmp_path, "prepare", test_share="gone"))


def test_a_key_that_has_a_default_may_be_missing(root: Path, tmp_path: Path) -> None:
    path = changed(root, tmp_path, "gate", slice_confidence="gone")

    assert read_parameters(path).gate.slice_confidence == 0.95


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        ("train", {"folds": "four"}, "train: folds must be an int, not 'four'"),
        ("train", {"folds": True}, "train: folds must be an int, not True"),
        ("train", {"folds": 1}, "train: folds must be at least 2, not 1"),
        ("train", {"candidates": ["forest"]}, "train: candidates must hold keys and values"),
        ("train", {"candidates": {"forest": {"trees": "many"}}}, "trees must be a number, not"),
        ("prepare", {"test_share": 25}, "test_share must be between 0 and 1, not 25"),
        ("validate", {"newest_on_or_after": "soon"}, "must be a date such as 2013-12-24, not"),
        ("validate", {"target_mean": 0.2}, "target_mean must be a list, not 0.2"),
        ("validate", {"target_mean": [0.2]}, "target_mean must have 2 values, not 1"),
        ("validate", {"target_mean": [0.2, "b"]}, "target_mean must be a float, not 'b'"),
        ("gate", {"slices": ["origin", "airline"]}, "gate: slices has an unknown airline"),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    root: Path, tmp_path: Path, section: str, values: dict[str, object], message: str
) -> None:
    with pytest.raises(PipelineError, match=message):
        read_parameters(changed(root, tmp_path, section, **values))


def test_a_date_needs_no_quotes(root: Path, tmp_path: Path) -> None:
    path = changed(root, tmp_path, "validate", newest_on_or_after=date(2013, 12, 24))

    assert read_parameters(path).validate.newest_on_or_after == date(2013, 12, 24)


def test_a_whole_number_is_good_enough_for_a_float(root: Path, tmp_path: Path) -> None:
    assert read_parameters(changed(root, tmp_path, "gate", too_good=1)).gate.too_good == 1.0


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("", "utf-8")

    with pytest.raises(PipelineError, match="must hold keys and values"):
        read_parameters(path)


def test_flattened_names_are_dotted(root: Path) -> None:
    flat = flatten(read_parameters(root / "params.yaml"))

    assert "train.candidates.boosting.rounds" in flat
    assert flat["seed"] == read_parameters(root / "params.yaml").seed
