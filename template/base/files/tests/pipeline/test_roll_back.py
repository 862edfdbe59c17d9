"""A roll-back, up to what the service answers with."""

import shutil
from pathlib import Path

import onnx
import pytest

from project_package import bundle, schema
from project_package.errors import PipelineError
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.service.model import Model, load
from project_package.training import champion
from project_package.training.evaluate import evaluate
from project_package.training.register import HOLD, register
from project_package.training.registry import Registry


@pytest.fixture
def twice(pipeline: Paths, parameters: Parameters, tmp_path: Path) -> Paths:
    """Where version 2 took the place of version 1."""
    paths = Paths(shutil.copytree(pipeline.root, tmp_path / "again"))
    evaluate(paths, parameters)
    register(paths, parameters)
    return paths


def test_after_a_roll_back_the_service_has_the_champion_before(
    pipeline: Paths, twice: Paths, parameters: Parameters
) -> None:
    assert served(twice).facts.version == "2"

    champion.roll_back(twice, parameters, "complaints")

    assert served(twice).facts == load(pipeline.champion).facts
    assert Registry(twice, parameters.registry.model).champion() == "1"


@pytest.fixture
def rolled_back(pipeline: Paths, parameters: Parameters, tmp_path: Path) -> Paths:
    """Where a person abandoned version 2, which the pipeline would make again, for version 1."""
    paths = Paths(shutil.copytree(pipeline.root, tmp_path / "again"))
    graph = onnx.load(paths.candidate / "model.onnx")
    graph.doc_string = "other bytes than version 1"
    onnx.save(graph, paths.candidate / "model.onnx")
    evaluate(paths, parameters)
    register(paths, parameters)
    champion.roll_back(paths, parameters, "complaints")
    return paths


def test_the_next_training_does_not_undo_a_roll_back(
    rolled_back: Paths, parameters: Parameters
) -> None:
    evaluate(rolled_back, parameters)

    decision = register(rolled_back, parameters).decision

    assert decision["decision"] == "refused"
    assert "it is version 2, which was rolled back" in decision["reason"]
    assert served(rolled_back).facts.version == "1"
    assert "| abandoned | **no** |" in (rolled_back.reports / "model_card.md").read_text("utf-8")


def test_what_was_judged_before_a_roll_back_does_not_undo_it(
    rolled_back: Paths, parameters: Parameters
) -> None:
    """DVC judges again only what has changed: version 2 was compared with version 1 before."""
    assert register(rolled_back, parameters).decision["decision"] == "refused"
    assert Registry(rolled_back, parameters.registry.model).champion() == "1"


def test_where_somebody_else_decides_an_abandoned_model_does_not_wait(
    rolled_back: Paths, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOLD, "1")

    assert register(rolled_back, parameters).decision["decision"] == "refused"


def test_a_training_may_bring_what_a_person_promoted_again(
    rolled_back: Paths, parameters: Parameters
) -> None:
    champion.promote(rolled_back, parameters, "2", "repaired")
    evaluate(rolled_back, parameters)

    assert register(rolled_back, parameters).decision["decision"] == "promoted"


def test_another_model_than_the_abandoned_one_is_promoted(
    rolled_back: Paths, parameters: Parameters
) -> None:
    graph = onnx.load(rolled_back.candidate / "model.onnx")
    graph.doc_string = "repaired"
    onnx.save(graph, rolled_back.candidate / "model.onnx")
    evaluate(rolled_back, parameters)

    assert register(rolled_back, parameters).decision["decision"] == "promoted"


def test_a_roll_back_to_another_schema_leaves_what_this_code_can_serve(
    twice: Paths,
    parameters: Parameters,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(schema, "digest", lambda: "another")

    champion.roll_back(twice, parameters, "complaints")

    assert Registry(twice, parameters.registry.model).champion() == "1"
    assert (bundle.describe(twice.champion) or {})["version"] == "2"
    assert "models/champion stays: `git checkout" in caplog.text


def test_a_version_for_another_schema_is_not_promoted(
    twice: Paths, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "digest", lambda: "another")

    with pytest.raises(PipelineError, match=r"version 1 was trained for another schema\.py"):
        champion.promote(twice, parameters, "1", "reviewed")

    assert Registry(twice, parameters.registry.model).champion() == "2"


def test_nothing_is_decided_without_a_reason_or_about_no_version(
    twice: Paths, parameters: Parameters
) -> None:
    with pytest.raises(PipelineError, match="no reason is given"):
        champion.promote(twice, parameters, "1", " ")
    with pytest.raises(PipelineError, match="no reason is given"):
        champion.roll_back(twice, parameters, "")
    with pytest.raises(PipelineError, match="has no version 9"):
        champion.promote(twice, parameters, "9", "reviewed")
    with pytest.raises(PipelineError, match="has no newest"):
        champion.promote(twice, parameters, "newest", "reviewed")

    assert Registry(twice, parameters.registry.model).champion() == "2"


def served(paths: Paths) -> Model:
    """Return what the service would load, which answers as at its training."""
    return load(paths.champion)
