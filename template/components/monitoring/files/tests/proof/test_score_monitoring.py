"""What the score says of alarms falls when an alarm is gone."""

import pytest
import yaml

from project_package.proof.score.evidence.monitoring import EVIDENCE

from .conftest import World

RULES = "monitoring/prometheus/rules"
BROKEN = {
    "invariants": ("data", "FeatureUnseen"),
    "age": ("model", "ModelStale"),
    "quality": ("model", "PerformanceLoss"),
}


def remove(world: World, file: str, alert: str) -> None:
    path = world.root / RULES / f"{file}.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    for group in content["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert") != alert]
    path.write_text(yaml.safe_dump(content), "utf-8")


@pytest.mark.parametrize("name", BROKEN)
def test_alarms_are_evidence(sound: World, name: str) -> None:
    assert sound.judge(EVIDENCE)[name].points == 1


@pytest.mark.parametrize("name", BROKEN)
def test_a_removed_alarm_is_none(world: World, name: str) -> None:
    remove(world, *BROKEN[name])

    assert f"no alert {BROKEN[name][1]}" in world.judge(EVIDENCE)[name].reason


@pytest.mark.parametrize("name", BROKEN)
def test_alarms_whose_tests_fail_are_none(world: World, name: str) -> None:
    world.failed("tests/monitoring/test_rules.py")

    assert world.judge(EVIDENCE)[name].state == "missing"


def test_an_old_champion_is_too_stale(world: World) -> None:
    old = "2020-01-01T00:00:00+00:00"
    world.edit("models/champion/model.json", lambda each: each.update(trained_at=old))

    assert "days old" in world.judge(EVIDENCE)["age"].reason


def test_drift_that_nobody_sees_is_no_invariant(world: World) -> None:
    world.uncaught("drift")

    assert world.judge(EVIDENCE)["invariants"].state == "missing"
