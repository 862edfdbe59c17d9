"""What is told of a model is what there was when it was trained, not when it was registered."""

import json
import shutil
from pathlib import Path

import pytest

from project_package import bundle
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.training.evaluate import evaluate
from project_package.training.register import register
from project_package.training.registry import Registry


@pytest.fixture
def registered_later(pipeline: Paths, parameters: Parameters, tmp_path: Path) -> Paths:
    """Where a candidate was registered after packages and data had changed."""
    paths = Paths(shutil.copytree(pipeline.root, tmp_path / "later"))
    (paths.root / "uv.lock").write_text("other packages", "utf-8")
    paths.raw.write_bytes(b"other data")
    evaluate(paths, parameters)
    register(paths, parameters)
    return paths


def test_packages_data_and_time_are_those_of_the_training(registered_later: Paths) -> None:
    trained = json.loads((registered_later.candidate / "lineage.json").read_text("utf-8"))
    described = bundle.describe(registered_later.champion)

    assert described is not None
    assert described["version"] == "2"
    for fact in ("git_commit", "git_dirty", "data_hash", "environment_hash"):
        assert described[fact] == trained[fact]
    assert described["trained_at"] == trained["when"]


def test_the_decision_has_its_own_time(registered_later: Paths, parameters: Parameters) -> None:
    facts = Registry(registered_later, parameters.registry.model).facts("2")

    assert facts["decided_at"] >= facts["when"]
