"""What the score says of alarms falls when an alarm is gone."""

from typing import Any

import pytest

from project_package.proof.score.evidence.monitoring import AGE, EVIDENCE

from .conftest import World

RULES = "monitoring/prometheus/rules"
BROKEN = {
    "invariants": ("data", "FeatureUnseen"),
    "age": ("model", "ModelStale"),
    "quality": ("model", "PerformanceLoss"),
}


def remove(world: World, file: str, alert: str) -> None:
    def change(content: Any) -> None:
        for group in content["groups"]:
            group["rules"] = [rule for rule in group["rules"] if rule.get("alert") != alert]

    world.edit(f"{RULES}/{file}.yml", change)
    world.study_again()


def watch(world: World, file: str, alert: str, expression: str) -> None:
    """Let an alert keep its name and watch something else."""

    def change(content: Any) -> None:
        for rule in (rule for group in content["groups"] for rule in group["rules"]):
            if rule.get("alert") == alert:
                rule["expr"] = expression

    world.edit(f"{RULES}/{file}.yml", change)
    world.study_again()


@pytest.mark.parametrize("name", BROKEN)
def test_alarms_are_evidence(sound: World, name: str) -> None:
    assert sound.judge(EVIDENCE)[name].points == 1


@pytest.mark.parametrize("name", BROKEN)
def test_a_removed_alarm_is_none(world: World, name: str) -> None:
    remove(world, *BROKEN[name])

    assert f"there is no alert {BROKEN[name][1]} in" in world.judge(EVIDENCE)[name].reason


@pytest.mark.parametrize("name", BROKEN)
def test_an_alarm_that_watches_nothing_is_none(world: World, name: str) -> None:
    watch(world, *BROKEN[name], "vector(0) > 30 * 86400")

    reason = world.judge(EVIDENCE)[name].reason
    assert reason.startswith(f"the alert {BROKEN[name][1]} does not compare")


@pytest.mark.parametrize("name", BROKEN)
def test_a_rule_that_was_never_tested_is_none(world: World, name: str) -> None:
    world.edit(f"{RULES}/data.yml", lambda content: content["groups"][0].update(interval="1h"))

    assert "make score" in world.judge(EVIDENCE)[name].reason


@pytest.mark.parametrize("name", BROKEN)
def test_alarms_whose_tests_fail_are_none(world: World, name: str) -> None:
    world.failed("tests/monitoring/test_rules.py")

    assert world.judge(EVIDENCE)[name].state == "missing"


def test_an_old_champion_is_too_stale(world: World) -> None:
    old = "2020-01-01T00:00:00+00:00"
    world.edit("models/champion/model.json", lambda each: each.update(trained_at=old))

    assert "days old, the alarm's limit is" in world.judge(EVIDENCE)["age"].reason


def test_an_alarm_without_days_says_nothing_of_age(world: World) -> None:
    watch(world, "model", "ModelStale", f"time() - {AGE} > 10")

    reason = world.judge(EVIDENCE)["age"].reason
    assert reason == "the alarm ModelStale does not name a number of days"


def test_age_is_judged_where_the_cost_of_it_is_known(world: World) -> None:
    (world.root / "reports" / "score" / "staleness.json").unlink()

    assert "staleness.json" in world.judge(EVIDENCE)["age"].reason


def test_invalid_data_are_no_invariant(world: World) -> None:
    world.edit("reports/validation.json", lambda report: report.update(valid=False))
    world.lock()
    world.study_again()

    reason = world.judge(EVIDENCE)["invariants"].reason
    assert reason == "the data break rules: see reports/validation.md"


@pytest.mark.parametrize("gate", ["validation", "drift"])
def test_a_fault_that_nobody_sees_is_no_invariant(world: World, gate: str) -> None:
    world.uncaught(gate)

    assert f"not caught by the gate {gate}" in world.judge(EVIDENCE)["invariants"].reason
