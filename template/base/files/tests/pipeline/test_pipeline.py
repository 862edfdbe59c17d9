import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
import yaml

from project_package import bundle, demo, problem, rehearsal
from project_package.errors import PipelineError
from project_package.notify import Event
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.rehearsal import STAGES
from project_package.schema import FEATURES
from project_package.target import TARGET
from project_package.training import champion
from project_package.training import register as registering
from project_package.training.evaluate import evaluate
from project_package.training.register import HOLD, register, register_and_tell
from project_package.training.registry import CHALLENGER, Registered, Registry
from project_package.training.train import train


@pytest.fixture
def again(pipeline: Paths, tmp_path: Path) -> Paths:
    """A copy of the pipeline that a test may change; its registry comes along."""
    shutil.copytree(pipeline.root, tmp_path / "again")
    return Paths(tmp_path / "again")


@pytest.fixture
def impossible(parameters: Parameters) -> Parameters:
    """Parameters whose gate no candidate passes."""
    return replace(parameters, gate=replace(parameters.gate, gain_over_baseline=1e6))


@pytest.fixture
def team_registry(pipeline: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry for more than one folder, which knows the champion of the pipeline."""
    shutil.copy(pipeline.tracking_database, tmp_path / "team.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'team.db'}")


def fresh_clone(pipeline: Paths, folder: Path) -> Paths:
    """Return a checkout that has trained a candidate and knows no champion."""
    own = shutil.ignore_patterns("champion", "reports", "mlflow.db", "mlartifacts")
    return Paths(shutil.copytree(pipeline.root, folder, ignore=own))


def compared_with(paths: Paths) -> str | None:
    gate: dict[str, Any] = json.loads((paths.reports / "gate.json").read_text("utf-8"))
    assert any(check["name"] == "champion" for check in gate["checks"]) == bool(gate["champion"])
    champion: str | None = gate["champion"]
    return champion


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What people heard, in the order in which they did."""
    events: list[Event] = []
    for module in (champion, registering):
        monkeypatch.setattr(module, "notify", events.append)
    return events


def version(paths: Paths) -> str:
    described = bundle.describe(paths.champion)
    assert described is not None
    return str(described["version"])


def judge_and_register(paths: Paths, parameters: Parameters) -> None:
    evaluate(paths, parameters)
    register(paths, parameters)


def test_dvc_runs_the_stages_of_the_rehearsal_in_their_order(root: Path) -> None:
    stages = yaml.safe_load((root / "dvc.yaml").read_text("utf-8"))["stages"]

    assert list(stages) == list(STAGES)
    for name, stage in stages.items():
        assert stage["cmd"] == f"python -m {STAGES[name].__module__}"


def test_every_file_that_a_stage_of_dvc_reads_exists_or_is_made(root: Path) -> None:
    stages = yaml.safe_load((root / "dvc.yaml").read_text("utf-8"))["stages"]
    code = [dep for stage in stages.values() for dep in stage["deps"] if dep.startswith("src/")]

    assert code
    assert [dep for dep in code if not (root / dep).exists()] == []


def test_a_rehearsal_has_a_registry_of_its_own(
    root: Path, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    registries = []
    teams = "https://mlflow.example.com"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", teams)

    def note(_paths: Paths, _parameters: Parameters) -> None:
        registries.append(os.environ.get("MLFLOW_TRACKING_URI"))

    monkeypatch.setattr(rehearsal, "rehearse", note)

    rehearsal.in_scratch(Paths(root), parameters)

    assert registries == [None]


def test_the_first_model_that_passes_is_the_champion(pipeline: Paths) -> None:
    assert version(pipeline) == "1"
    assert "Registered as **champion**" in (pipeline.reports / "model_card.md").read_text("utf-8")


def test_the_model_card_describes_target_and_features_as_the_contract_does(pipeline: Paths) -> None:
    card = (pipeline.reports / "model_card.md").read_text("utf-8")

    assert all(column.description in card for column in (TARGET, *FEATURES))


def test_a_served_model_leads_back_to_code_data_and_parameters(
    pipeline: Paths, parameters: Parameters
) -> None:
    described = bundle.describe(pipeline.champion)

    assert described is not None
    run = mlflow.MlflowClient(f"sqlite:///{pipeline.tracking_database}").get_run(
        described["run_id"]
    )
    assert run.data.tags["git_commit"] == described["git_commit"]
    assert run.data.tags["data_hash"] == described["data_hash"]
    assert run.data.params["seed"] == str(parameters.seed)
    assert run.data.metrics[problem.PRIMARY] == described["metrics"][problem.PRIMARY]


def test_a_candidate_that_fails_stays_a_challenger(again: Paths, impossible: Parameters) -> None:
    judge_and_register(again, impossible)

    assert version(again) == "1"
    card = (again.reports / "model_card.md").read_text("utf-8")
    assert "version 2" in card
    assert "Registered as **challenger**" in card


def test_an_equal_candidate_becomes_the_next_champion(again: Paths, parameters: Parameters) -> None:
    judge_and_register(again, parameters)

    assert version(again) == "2"


@pytest.mark.usefixtures("team_registry")
def test_every_fresh_clone_is_judged_against_the_champion_of_the_team(
    pipeline: Paths, parameters: Parameters, tmp_path: Path
) -> None:
    first, second = (fresh_clone(pipeline, tmp_path / name) for name in ("first", "second"))

    judge_and_register(first, parameters)
    judge_and_register(second, parameters)

    assert (compared_with(first), version(first)) == ("1", "2")
    assert (compared_with(second), version(second)) == ("2", "3")


@pytest.mark.usefixtures("team_registry")
def test_a_fresh_clone_keeps_the_champion_that_its_candidate_does_not_beat(
    pipeline: Paths, impossible: Parameters, tmp_path: Path
) -> None:
    clone = fresh_clone(pipeline, tmp_path / "clone")

    judge_and_register(clone, impossible)

    assert version(clone) == "1"


def test_the_registrys_champion_is_left_where_it_is_here_already(
    again: Paths, parameters: Parameters
) -> None:
    before = (again.champion / bundle.DESCRIPTION).stat().st_mtime_ns

    assert not champion.refresh(again, parameters)

    assert (again.champion / bundle.DESCRIPTION).stat().st_mtime_ns == before


def test_a_candidate_that_passes_waits_where_somebody_else_decides(
    again: Paths, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOLD, "1")

    judge_and_register(again, parameters)

    assert version(again) == "1"
    registry = Registry(again, parameters.registry.model)
    assert registry.resolve(CHALLENGER) == "2"
    assert registry.champion() == "1"
    assert "decision" not in registry.facts("2")


def test_the_registry_knows_who_decided_and_why(again: Paths, impossible: Parameters) -> None:
    judge_and_register(again, impossible)

    client = mlflow.MlflowClient(f"sqlite:///{again.tracking_database}")
    tags = client.get_model_version(impossible.registry.model, "2").tags
    assert tags["decision"] == "refused"
    assert "baseline" in tags["reason"]
    assert tags["decided_by"]


def test_a_champion_that_nobody_compared_with_is_not_replaced(
    again: Paths, parameters: Parameters
) -> None:
    gate: dict[str, Any] = json.loads((again.reports / "gate.json").read_text("utf-8"))
    assert gate["champion"] is None  # since it was the first

    with pytest.raises(PipelineError, match="compared with champion none"):
        register(again, parameters)


def test_a_champion_that_came_during_the_upload_is_not_replaced(
    again: Paths, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate(again, parameters)
    keep = Registry.keep_bundle

    def keep_and_be_overtaken(registry: Registry, registered: Registered, folder: Path) -> None:
        keep(registry, registered, folder)
        champion.promote(again, parameters, registered.version, "another was faster")

    monkeypatch.setattr(Registry, "keep_bundle", keep_and_be_overtaken)

    with pytest.raises(PipelineError, match="compared with champion 1, but the registry's is 2"):
        register(again, parameters)


def test_a_candidate_of_another_contract_waits_for_a_person(
    again: Paths, parameters: Parameters
) -> None:
    path = again.champion / bundle.DESCRIPTION
    described: dict[str, Any] = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(described | {"contract": "another"}), "utf-8")

    judge_and_register(again, parameters)

    gate = json.loads((again.reports / "gate.json").read_text("utf-8"))
    failed = [check["name"] for check in gate["checks"] if not check["passed"]]
    assert (gate["champion"], failed) == ("1", ["contract"])
    assert version(again) == "1"


@pytest.mark.parametrize(("described", "threshold"), [({"threshold": 0.125}, 0.125), ({}, None)])
def test_the_champion_is_measured_by_its_own_threshold(
    again: Paths,
    parameters: Parameters,
    monkeypatch: pytest.MonkeyPatch,
    described: dict[str, float],
    threshold: float | None,
) -> None:
    path = again.champion / bundle.DESCRIPTION
    facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
    own = facts.pop("threshold")
    path.write_text(json.dumps(facts | described), "utf-8")
    measure, thresholds = problem.measure, []

    def note(actual: problem.Numbers, score: problem.Numbers, by: Any) -> dict[str, float]:
        thresholds.append(by)
        return measure(actual, score, by)

    monkeypatch.setattr(problem, "measure", note)

    evaluate(again, parameters)

    assert thresholds == [own, own, own, threshold or own]


def test_a_roll_back_brings_the_champion_before(again: Paths, parameters: Parameters) -> None:
    judge_and_register(again, parameters)

    champion.roll_back(again, parameters, "complaints")

    assert version(again) == "1"
    assert Registry(again, parameters.registry.model).champion() == "1"


def test_people_hear_what_became_of_a_candidate(
    again: Paths, parameters: Parameters, heard: list[Event]
) -> None:
    evaluate(again, parameters)

    register_and_tell(again, parameters)

    assert [event.kind for event in heard] == ["run_finished", "model_registered", "promoted"]
    assert heard[-1].title == f"{parameters.registry.model}: version 2 is the champion"
    assert heard[-1].facts["decided_by"].startswith("gate, ")


def test_people_hear_of_a_candidate_that_waits_and_not_of_a_decision(
    again: Paths, parameters: Parameters, heard: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOLD, "1")
    evaluate(again, parameters)

    register_and_tell(again, parameters)

    assert [event.kind for event in heard] == ["run_finished", "model_registered"]


def test_nobody_hears_of_a_rehearsal(
    again: Paths, parameters: Parameters, heard: list[Event]
) -> None:
    judge_and_register(again, parameters)

    assert heard == []


def test_people_hear_what_a_person_decided(
    again: Paths, parameters: Parameters, heard: list[Event]
) -> None:
    judge_and_register(again, parameters)

    champion.roll_back(again, parameters, "complaints")
    champion.promote(again, parameters, "2", "repaired")

    assert [event.kind for event in heard] == ["rolled_back", "promoted"]
    assert heard[0].title == f"{parameters.registry.model}: version 1 is the champion again"
    assert [event.facts["reason"] for event in heard] == ["complaints", "repaired"]


def test_there_is_nothing_before_the_first_champion(again: Paths, parameters: Parameters) -> None:
    with pytest.raises(PipelineError, match="no champion before version 1"):
        champion.roll_back(again, parameters, "complaints")


def test_a_person_may_promote_a_challenger(
    again: Paths, parameters: Parameters, impossible: Parameters
) -> None:
    judge_and_register(again, impossible)

    champion.promote(again, parameters, "2", "reviewed")

    assert version(again) == "2"


def test_the_champion_can_be_fetched_into_an_empty_folder(
    again: Paths, parameters: Parameters
) -> None:
    shutil.rmtree(again.champion)

    champion.fetch(again, parameters)

    assert version(again) == "1"


def test_a_registry_without_champion_says_so(again: Paths, parameters: Parameters) -> None:
    other = replace(parameters, registry=replace(parameters.registry, model="other"))

    with pytest.raises(PipelineError, match="has no champion"):
        champion.fetch(again, other)


def test_the_gate_says_where_there_is_no_champion_to_compare_with(
    pipeline: Paths, parameters: Parameters, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    evaluate(fresh_clone(pipeline, tmp_path / "first"), parameters)

    assert "there is no champion to compare with" in caplog.messages


def test_the_registered_model_predicts_as_the_bundle_does(
    pipeline: Paths, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    # MLflow writes its address into the environment; told so, pytest takes it out again.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    mlflow.set_tracking_uri(f"sqlite:///{pipeline.tracking_database}")
    example = json.loads((pipeline.champion / "examples.json").read_text("utf-8"))[0]

    model = mlflow.pyfunc.load_model(f"models:/{parameters.registry.model}/1")
    answer = model.predict(pd.DataFrame([example["inputs"]]).infer_objects())

    assert answer.iloc[0].to_dict() == example["outputs"]


def test_the_same_rows_and_parameters_give_the_same_bytes(
    again: Paths, parameters: Parameters
) -> None:
    names = ("model.onnx", "reference.json", "examples.json", "facts.json")
    before = [(again.candidate / name).read_bytes() for name in names]

    train(again, parameters)

    assert [(again.candidate / name).read_bytes() for name in names] == before


def test_the_command_line_fetches_the_champion_only_where_there_is_one(
    again: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(again.champion)
    shutil.copy(root / "params.yaml", again.root)
    monkeypatch.chdir(again.root)
    monkeypatch.setattr("sys.argv", ["champion", "refresh"])

    champion.main()
    assert version(again) == "1"

    params = again.parameters.read_text("utf-8")
    again.parameters.write_text(params.replace("model: ", "model: other-"), "utf-8")
    champion.main()
    assert version(again) == "1"


def test_the_command_line_rolls_back_with_a_reason(
    again: Paths, parameters: Parameters, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_and_register(again, parameters)
    shutil.copy(root / "params.yaml", again.root)
    monkeypatch.chdir(again.root)
    monkeypatch.setattr("sys.argv", ["champion", "rollback", "--why", "complaints"])

    champion.main()

    assert version(again) == "1"


def test_the_demo_prints_a_prediction_and_stops_its_service(
    again: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(again.root)

    assert demo.main() == 0

    assert "The service answered: {" in capsys.readouterr().out
