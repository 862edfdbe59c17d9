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


def test_a_value_of_another_type_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="folds must be a int, not 'four'"):
        read_parameters(changed(root, tmp_path, "train", folds="four"))


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
