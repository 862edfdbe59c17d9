from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from project_package.errors import PipelineError
from project_package.retraining.reasons import (
    Champion,
    ReasonRules,
    Situation,
    read_rules,
    reasons,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
RULES = ReasonRules(age_days=28, new_data=True, drift=True, performance=True)
ROOT = Path(__file__).parents[2]


def situation(
    *,
    age: float = 1,
    data: str = "same",
    findings: tuple[tuple[str, str], ...] = (),
) -> Situation:
    champion = Champion("3", NOW - timedelta(days=age), "same")
    return Situation(champion, data, findings, NOW)


def test_a_young_champion_of_the_same_data_is_left_alone() -> None:
    assert reasons(situation(), RULES) == []


def test_no_champion_is_a_reason() -> None:
    assert reasons(Situation(None, "any", (), NOW), RULES) == ["there is no champion yet"]


def test_age_is_a_reason() -> None:
    assert reasons(situation(age=40), RULES) == ["version 3 is 40 days old"]


def test_other_data_are_a_reason() -> None:
    assert reasons(situation(data="new"), RULES) == ["the data have changed"]


def test_drift_and_loss_are_reasons() -> None:
    findings = (("drift", "distance"), ("drift", "seats"), ("performance", "roc_auc"))

    assert reasons(situation(findings=findings), RULES) == [
        "distance, seats drifted",
        "roc_auc is worse than when trained",
    ]


def test_missing_values_are_for_people() -> None:
    assert reasons(situation(findings=(("missing", "seats"),)), RULES) == []


def test_a_rule_that_is_off_gives_no_reason() -> None:
    off = ReasonRules(age_days=0, new_data=False, drift=False, performance=False)
    findings = (("drift", "distance"), ("performance", "roc_auc"))

    assert reasons(situation(age=400, data="new", findings=findings), off) == []


def test_only_other_content_is_new_data() -> None:
    assert situation(data="new").has_new_data
    assert not situation(data="same").has_new_data


def test_the_delivered_rules_can_be_read() -> None:
    assert read_rules(ROOT / "retraining.toml").reasons.age_days > 0


def test_a_wrong_rule_is_named(tmp_path: Path) -> None:
    (tmp_path / "retraining.toml").write_text("[reasons]\nage_days = 'x'\n")

    with pytest.raises(PipelineError, match="age_days"):
        read_rules(tmp_path / "retraining.toml")
