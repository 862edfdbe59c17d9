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
RULES = ReasonRules(age_days=28, new_rows=0.1, drift=True, performance=True)
ROOT = Path(__file__).parents[2]


def situation(
    *,
    age: float = 1,
    new_rows: int = 0,
    findings: tuple[tuple[str, str], ...] = (),
) -> Situation:
    champion = Champion("3", NOW - timedelta(days=age), "hash", labelled_rows=1000)
    return Situation(champion, new_rows, findings, NOW)


def test_a_young_champion_of_the_same_data_is_left_alone() -> None:
    assert reasons(situation(), RULES) == []


def test_no_champion_is_a_reason() -> None:
    assert reasons(Situation(None, 10, (), NOW), RULES) == ["there is no champion yet"]


def test_age_is_a_reason() -> None:
    assert reasons(situation(age=40), RULES) == ["version 3 is 40 days old"]


@pytest.mark.parametrize(("rows", "found"), [(99, []), (100, ["100 new rows"])])
def test_many_new_rows_are_a_reason(rows: int, found: list[str]) -> None:
    assert reasons(situation(new_rows=rows), RULES) == found


def test_a_champion_that_does_not_say_how_many_rows_it_knows_takes_any_new_one() -> None:
    old = Champion("3", NOW, "hash")

    assert reasons(Situation(old, 1, (), NOW), RULES) == ["1 new rows"]


def test_drift_and_loss_are_reasons() -> None:
    findings = (("drift", "distance"), ("drift", "seats"), ("performance", "roc_auc"))

    assert reasons(situation(findings=findings), RULES) == [
        "distance, seats drifted",
        "roc_auc is worse than when trained",
    ]


def test_missing_values_are_for_people() -> None:
    assert reasons(situation(findings=(("missing", "seats"),)), RULES) == []


def test_a_rule_that_is_off_gives_no_reason() -> None:
    off = ReasonRules(age_days=0, new_rows=0, drift=False, performance=False)
    findings = (("drift", "distance"), ("performance", "roc_auc"))

    assert reasons(situation(age=400, new_rows=900, findings=findings), off) == []


def test_the_delivered_rules_can_be_read() -> None:
    assert read_rules(ROOT / "retraining.toml").reasons.age_days > 0


def test_a_wrong_rule_is_named(tmp_path: Path) -> None:
    (tmp_path / "retraining.toml").write_text("[reasons]\nage_days = 'x'\n")

    with pytest.raises(PipelineError, match="age_days"):
        read_rules(tmp_path / "retraining.toml")
