import gzip
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from project_package import bundle, problem
from project_package.errors import PipelineError
from project_package.paths import Paths
from project_package.retraining import run as retraining
from project_package.retraining.run import INGEST, KEEP, TRAIN
from project_package.service.model import ModelError
from project_package.target import TARGET
from project_package.training.evaluate import evaluate
from project_package.training.register import HOLD, register
from project_package.training.registry import Registry

from .conftest import ROOT, Team


def served(team: Team) -> str:
    described = bundle.describe(team.paths.champion)
    assert described is not None
    return str(described["version"])


def tags(team: Team, version: str) -> dict[str, str]:
    return Registry(team.paths, team.parameters.registry.model).facts(version)


def truth(rows: pd.DataFrame) -> list[float]:
    return rows[TARGET.name].astype(float).tolist()


def test_new_data_make_a_champion_and_people_hear_of_it(team: Team) -> None:
    team.round().run()

    assert served(team) == "2"
    assert team.ran == [INGEST, TRAIN, KEEP]
    assert team.kinds() == ["promoted"]


def test_the_registry_knows_what_triggered_and_who_decided(team: Team) -> None:
    team.round().run()

    known = tags(team, "2")
    assert known["trigger"].endswith(" new rows")
    assert known["decision"] == "promoted"
    assert known["decided_by"].startswith("retraining, started by ")
    assert known["decided_at"]
    assert known["reason"] == "all checks of the gate passed"
    assert team.heard[-1].facts["trigger"] == known["trigger"]


def test_without_a_reason_nothing_is_trained(team: Team) -> None:
    team.round().run()
    team.heard.clear()

    team.round().run()

    assert served(team) == "2"
    assert team.ran[-1] == INGEST
    assert team.heard == []


@pytest.mark.parametrize("kind", ["drift", "performance"])
def test_a_finding_does_not_wait_for_many_new_rows(team: Team, kind: str) -> None:
    team.grow(0.01)
    team.find((kind, "distance"))

    team.round().run()

    assert served(team) == "2"
    assert tags(team, "2")["trigger"].startswith("distance ")


def test_age_does_not_wait_for_many_new_rows(team: Team) -> None:
    team.grow(0.01)
    rules = team.round().rules
    young = replace(rules, reasons=replace(rules.reasons, age_days=1e-9))

    replace(team.round(), rules=young).run()

    assert tags(team, "2")["trigger"] == "version 1 is 0 days old"


def test_a_few_new_rows_are_no_reason(team: Team) -> None:
    team.grow(0.01)

    team.round().run()

    assert served(team) == "1"
    assert team.heard == []


def test_rows_that_were_only_corrected_are_no_new_ones(team: Team) -> None:
    source = Path(team.parameters.ingest.source)
    lines = (ROOT / "sample" / "flights.csv.gz").read_bytes()
    source.write_bytes(b"".join(gzip.decompress(lines).splitlines(keepends=True)[:-1]))
    team.find(("drift", "distance"))

    team.round().run()

    assert served(team) == "1"
    assert team.kinds() == ["not_trained"]


def test_a_fresh_checkout_knows_the_champion_of_the_registry(team: Team) -> None:
    shutil.rmtree(team.paths.champion)
    team.grow(0.01)

    team.round().run()

    assert team.ran == [KEEP, INGEST]
    assert served(team) == "1"


def test_a_reason_without_new_data_is_told_and_trains_nothing(team: Team) -> None:
    team.round().run()
    team.heard.clear()
    team.find(("drift", "distance"))

    team.round().run()

    assert team.kinds() == ["not_trained"]
    assert team.heard[0].facts == {"trigger": "distance drifted"}
    assert served(team) == "2"


def test_who_asks_is_obeyed_without_new_data(team: Team) -> None:
    team.round().run()

    team.round().run("a hunch")

    assert tags(team, "3")["trigger"] == "a hunch"


def test_what_changes_nothing_registers_nothing(team: Team) -> None:
    team.round().run()
    team.heard.clear()
    idle = replace(team.round(), dvc=lambda *_, **__: None)

    idle.run("a hunch")

    assert team.heard == []


@pytest.fixture
def interrupted(team: Team, held_out: pd.DataFrame) -> Path:
    """A file of labels that ended a round after it had registered version 2."""
    rows = held_out.head(300)
    team.log(rows, scores=[0.5] * len(rows))
    labels = team.paths.root / "data" / "labels" / "broken.csv"
    labels.write_text("request_id,row,actual\n1-0,0,\n", "utf-8")
    with pytest.raises(PipelineError, match="row and actual must be numbers"):
        team.round().run()
    assert "decision" not in tags(team, "2")
    return labels


def test_what_a_failed_round_left_is_decided_by_the_next(team: Team, interrupted: Path) -> None:
    interrupted.unlink()

    team.round().run()

    known = tags(team, "2")
    assert (served(team), team.kinds()) == ("2", ["promoted"])
    assert known["reason"].endswith("and the shadow agrees")
    assert known["trigger"].endswith(" new rows")
    assert team.ran.count(TRAIN) == 1


def test_a_challenger_that_waits_for_somebody_else_is_left_alone(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOLD, "a person")
    evaluate(team.paths, team.parameters)
    register(team.paths, team.parameters)
    team.grow(0.01)

    team.round().run()

    assert "decision" not in tags(team, "2")
    assert served(team) == "1"


def test_a_round_decides_about_its_own_version_alone(team: Team) -> None:
    def train_beside_another(paths: Paths, *arguments: str, **names: str) -> None:
        team.round().dvc(paths, *arguments, **names)
        if arguments == TRAIN:
            evaluate(paths, team.parameters)
            register(paths, team.parameters)

    replace(team.round(), dvc=train_beside_another).run()

    assert served(team) == "3"
    assert "trigger" not in tags(team, "3")
    known = tags(team, "2")
    assert known["decision"] == "refused"
    assert known["reason"].endswith("champion 1, and version 3 is the champion by now")


def test_a_model_that_the_service_would_refuse_is_refused(
    team: Team, held_out: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = held_out.head(300)
    team.log(rows, scores=[0.5] * len(rows))

    def fail(*_: object) -> None:
        raise ModelError("examples.json is empty")

    monkeypatch.setattr(retraining, "replay", fail)

    team.round().run()

    assert served(team) == "1"
    assert tags(team, "2")["reason"] == "the service would refuse it: examples.json is empty"


def test_the_gate_still_refuses(team: Team) -> None:
    gate = replace(team.parameters.gate, gain_over_baseline=1e6)
    strict = replace(team.round(), parameters=replace(team.parameters, gate=gate))
    team.parameters = strict.parameters

    strict.run()

    assert served(team) == "1"
    assert team.kinds() == []  # of the gate's decision the pipeline tells
    assert tags(team, "2")["decided_by"].startswith("gate, ")


def test_the_shadow_is_in_the_registry(team: Team, held_out: pd.DataFrame) -> None:
    rows = held_out.head(300)
    team.log(rows, scores=[0.5] * len(rows))

    team.round().run()

    known = tags(team, "2")
    assert known["shadow_rows"] == "300"
    assert known["shadow_labelled"] == "300"
    assert float(known["shadow_psi"]) > 0.25
    assert known["reason"].endswith("and the shadow agrees")
    assert served(team) == "2"


def test_the_shadow_may_object(team: Team, held_out: pd.DataFrame) -> None:
    rows = held_out.head(300)
    team.log(rows, scores=truth(rows))

    team.round().run()

    assert served(team) == "1"
    assert team.kinds() == ["refused"]
    known = tags(team, "2")
    assert known["decision"] == "refused"
    assert problem.PRIMARY in known["reason"]
    assert team.heard[-1].facts["reason"] == known["reason"]


def test_a_few_outcomes_are_no_objection(team: Team, held_out: pd.DataFrame) -> None:
    rows = held_out.head(100)
    team.log(rows, scores=truth(rows))

    team.round().run()

    assert served(team) == "2"
    assert "not enough of 100 outcomes" in tags(team, "2")["reason"]


def test_only_what_the_champion_answered_is_compared(team: Team, held_out: pd.DataFrame) -> None:
    rows = held_out.head(300)
    team.log(rows, scores=truth(rows), version="another")

    team.round().run()

    assert "shadow_rows" not in tags(team, "2")
    assert served(team) == "2"


def test_the_shadow_can_be_turned_off(team: Team, held_out: pd.DataFrame) -> None:
    rows = held_out.head(300)
    team.log(rows, scores=truth(rows))
    rules = team.round().rules
    off = replace(rules, shadow=replace(rules.shadow, rows=0))

    replace(team.round(), rules=off).run()

    assert served(team) == "2"
