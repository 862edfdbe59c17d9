"""Each test of the score that this repository satisfies falls when its evidence is broken."""

import pkgutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from project_package import problem, schema
from project_package.proof.score import evidence
from project_package.proof.score.__main__ import table
from project_package.proof.score.collect import evidence_of
from project_package.proof.score.judge import Result
from project_package.proof.score.page import to_html
from project_package.proof.score.repository import Repository
from project_package.proof.score.rubric import BY_PERSONS, DEMANDS, SECTIONS
from project_package.target import OUTCOME

from .conftest import REVIEWED, World, commit

Break = Callable[[World, pytest.MonkeyPatch], object]

# Without what components bring: it may show the same in another way.
MODULES = ("data", "model", "infrastructure", "operation")
OWN = [each for module in MODULES for each in evidence_of(module)]

FEATURE = schema.FEATURES[0].name


def found(study: str, **change: Any) -> Break:
    return lambda world, _: world.found(study, lambda content: content.update(change))


def feature(**change: Any) -> Break:
    return lambda world, _: world.found("features", lambda content: content[FEATURE].update(change))


def failed(path: str) -> Break:
    return lambda world, _: world.failed(path)


def uncaught(gate: str) -> Break:
    return lambda world, _: world.uncaught(gate)


def contract(**change: Any) -> Break:
    def break_it(_: World, patch: pytest.MonkeyPatch) -> None:
        first, *others = schema.FEATURES
        patch.setattr(schema, "FEATURES", (replace(first, **change), *others))

    return break_it


def champion(**change: Any) -> Break:
    file = "models/champion/model.json"
    return lambda world, _: world.edit(file, lambda content: content.update(change))


def gate_of_candidate(change: Callable[[Any], object]) -> Break:
    def break_it(world: World, _: pytest.MonkeyPatch) -> None:
        world.edit("reports/gate.json", change)
        world.lock()

    return break_it


def invalid(world: World, _: pytest.MonkeyPatch) -> None:
    world.edit("reports/validation.json", lambda report: report.update(valid=False))
    world.lock()


def mail_address(world: World, _: pytest.MonkeyPatch) -> None:
    rows = pd.read_parquet(world.paths.raw)
    rows.assign(carrier="somebody@example.com").to_parquet(world.paths.raw)


def other_answer(world: World, _: pytest.MonkeyPatch) -> None:
    def change(examples: Any) -> None:
        examples[0]["outputs"] = dict.fromkeys(examples[0]["outputs"], 7)

    world.edit("models/champion/examples.json", change)


WORST = float("-inf") if problem.HIGHER_IS_BETTER else float("inf")

BREAKS: dict[str, dict[str, Break]] = {
    "schema": {"invalid data": invalid, "a fault passes": uncaught("validation")},
    "beneficial": {
        "a feature harms": feature(benefit=-0.1),
        "not measured": lambda world, _: world.found("features", lambda each: each.pop(FEATURE)),
    },
    "cost": {
        "slow": feature(microseconds_per_row=1000.0),
        "missing": feature(missing_share=1.0),
    },
    "requirements": {
        "not described": contract(description=""),
        "known afterwards": contract(name=OUTCOME.name),
    },
    "privacy": {
        "a personal feature": contract(name="passenger_name"),
        "a mail address": mail_address,
        "nothing to look through": lambda world, _: world.paths.raw.unlink(),
    },
    "new-feature": {
        "not served": found("new-feature", served=False),
        "slow": found("new-feature", seconds=1000.0),
    },
    "feature-code": {
        "not covered": found("tests", coverage={"data/prepare.py": 80.0}),
        "fails": failed("tests/data"),
    },
    "correlation": {"none": found("growth", correlation=0.1)},
    "tuning": {
        "a better value": found(
            "tuning", tried=[{"name": "rounds", "value": 9, "gain": 99.0, "error": 0.01}]
        ),
        "not varied": found("tuning", tried=[]),
    },
    "staleness": {"not known": found("staleness", ages=[])},
    "simpler": {
        "no better than the baseline": gate_of_candidate(
            lambda gate: [each.update(passed=False) for each in gate["checks"]]
        ),
    },
    "slices": {
        "not judged": gate_of_candidate(lambda gate: gate.update(slices=[])),
        "as bad as a constant": gate_of_candidate(
            lambda gate: gate["slices"][0].update(candidate=WORST)
        ),
    },
    "inclusion": {
        "a biased group": found("groups", a={"rows": 500, "bias": 0.9, "error": 0.03}),
    },
    "reproducible": {
        "two graphs": uncaught("repetition"),
        "unknown data": champion(data_hash="unknown"),
    },
    "unit-tests": {"fail": failed("tests/model")},
    "integration": {"fails": failed("tests/pipeline")},
    "validated": {
        "the gate is bypassed": champion(gate={"passed": False, "checks": []}),
        "the gate never closes": uncaught("retraining"),
    },
    "debugging": {"the steps end elsewhere": other_answer},
    "roll-back": {"fails": failed("tests/pipeline")},
    "skew": {"a lost scaler passes": uncaught("parity"), "fails": failed("tests/skew")},
    "stability": {"NaN": found("stability", nan=1)},
    "performance": {
        "memory": found("costs", serving_megabytes=5000),
        "slow": found("costs", row_milliseconds=1000.0),
    },
}
CASES = [(name, why) for name, each in BREAKS.items() for why in each]


def test_what_is_sound_is_satisfied(sound: World) -> None:
    results = sound.judge(OWN)

    missing = {name: results[name].reason for name in BREAKS if results[name].points < 1}
    assert missing == {}


@pytest.mark.parametrize(("name", "why"), CASES)
def test_broken_evidence_is_none(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, why: str
) -> None:
    BREAKS[name][why](world, monkeypatch)

    result = world.judge([each for each in OWN if each.demand == name])[name]

    # What a person has decided still stands where a measurement says otherwise: half a point.
    assert result.points == (0.5 if name in BY_PERSONS else 0)
    assert result.state == ("satisfied" if name in BY_PERSONS else "missing")


def test_every_check_without_a_component_is_broken_here() -> None:
    assert {each.demand for each in OWN} == BREAKS.keys()


def test_every_other_check_is_broken_in_a_file_of_its_own(root: Path) -> None:
    modules = {module.name for module in pkgutil.iter_modules(evidence.__path__)}

    for name in modules.difference(MODULES):
        assert (root / "tests" / "proof" / f"test_score_{name}.py").exists(), name


@pytest.mark.parametrize("name", sorted(BY_PERSONS))
def test_what_a_person_must_decide_is_missing_without_a_record(world: World, name: str) -> None:
    (world.root / "docs" / "decisions" / f"{name}.md").unlink()

    result = world.judge(OWN)[name]

    assert result.state == "missing"
    assert "no person has written a record" in result.reason


def state_of(world: World, name: str) -> Result:
    return world.judge([each for each in OWN if each.demand == name])[name]


def change(file: Path) -> None:
    with file.open("ab") as content:
        content.write(b"# changed\n")


@pytest.mark.parametrize("name", sorted(BY_PERSONS))
@pytest.mark.parametrize("path", REVIEWED)
@pytest.mark.parametrize("committed", [True, False])
def test_what_was_decided_falls_when_what_it_reviews_changes(
    world: World, name: str, path: str, committed: bool
) -> None:
    change(world.root / path)
    if committed:
        commit(world.root)

    result = state_of(world, name)

    assert result.state == "missing"
    assert f"docs/decisions/{name}.md is older than {path}" in result.reason


@pytest.mark.parametrize("name", sorted(BY_PERSONS))
@pytest.mark.parametrize("together", [True, False])
def test_a_newer_record_of_the_change_counts(world: World, name: str, together: bool) -> None:
    change(world.root / "sample" / "flights.csv.gz")
    if not together:
        commit(world.root)
    world.record(name, date=today(world))
    commit(world.root)

    assert state_of(world, name).state == "satisfied"


def test_other_words_under_the_old_date_are_no_newer_record(world: World) -> None:
    change(world.root / "params.yaml")
    change(world.root / "docs" / "decisions" / "cost.md")
    commit(world.root)

    assert "is older than params.yaml" in state_of(world, "cost").reason


def test_a_record_of_no_known_age_counts_for_nothing(world: World, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    Repository(world.root).git("clone", "-q", "--depth=1", world.root.as_uri(), str(shallow))

    assert "history is not here" in World(shallow).judge(OWN)["cost"].reason


def test_reports_about_other_code_count_for_nothing(world: World) -> None:
    with (world.root / "params.yaml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")

    results = world.judge(OWN)

    for name in ("validated", "tuning", "beneficial", "skew"):
        assert results[name].state == "missing"


def test_reports_of_the_pipeline_about_other_data_count_for_nothing(world: World) -> None:
    (world.root / "data" / "raw.parquet").write_bytes(b"other")

    assert "has changed since" in world.judge(OWN)["schema"].reason


def test_a_report_that_is_no_json_counts_for_nothing(world: World) -> None:
    (world.root / "reports" / "score" / "growth.json").write_text("{", "utf-8")

    assert world.judge(OWN)["correlation"].state == "missing"


def only_recorded(world: World, date: str, by: str = "A Person", applies: str = "true") -> None:
    """Leave nothing but a person's record to say that metrics correlate."""
    world.record("correlation", date, by, applies)
    world.found("growth", lambda content: content.update(correlation=0.1))


def today(world: World) -> str:
    # The date of the commit, so that no midnight comes between the two.
    return Repository(world.root).git("log", "-1", "--format=%cd", "--date=format:%Y-%m-%d")


def test_a_person_s_record_is_half_a_point(world: World) -> None:
    only_recorded(world, today(world))

    result = world.judge(OWN)["correlation"]

    assert (result.state, result.points) == ("satisfied", 0.5)
    assert "A Person" in result.reason


def test_what_does_not_apply_gives_no_point(world: World) -> None:
    only_recorded(world, today(world), applies="false")

    result = world.judge(OWN)["correlation"]

    assert (result.state, result.points) == ("not applicable", 0)


@pytest.mark.parametrize(
    ("date", "by", "reason"),
    [
        ("2020-01-01", "A Person", "is older than params.yaml"),
        ("2999-01-01", "A Person", "still to come"),
        ("soon", "A Person", "has no date"),
        ("2020-01-01", '""', "who decided"),
    ],
)
def test_an_outdated_record_says_why(world: World, date: str, by: str, reason: str) -> None:
    only_recorded(world, date, by)

    result = world.judge(OWN)["correlation"]

    assert result.state == "missing"
    assert reason in result.reason


def test_the_table_ends_with_the_smallest_section(sound: World) -> None:
    results = list(sound.judge(OWN).values())

    lines = table(results)

    smallest = min(sum(e.points for e in results if e.section == name) for name in SECTIONS)
    assert lines[-1].endswith(f"score {smallest:g}: the smallest section")


def test_the_page_has_every_test_and_needs_nothing_else(sound: World) -> None:
    page = to_html(list(sound.judge(OWN).values()))

    assert all(demand.title in page for demand in DEMANDS)
    assert "<script" not in page
    assert "http" not in page
