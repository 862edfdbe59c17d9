"""Each test of the score that this repository satisfies falls when its evidence is broken."""

import ast
import importlib
import inspect
import json
import logging
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import rmtree
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from project_package import problem, schema
from project_package.proof.score import evidence
from project_package.proof.score.__main__ import main, table
from project_package.proof.score.collect import all_evidence, evidence_of
from project_package.proof.score.judge import Evidence, Result
from project_package.proof.score.page import to_html
from project_package.proof.score.repository import Repository
from project_package.proof.score.rubric import BY_PERSONS, DEMANDS, SECTIONS
from project_package.target import OUTCOME

from .conftest import REVIEWED, World, commit

Break = Callable[[World, pytest.MonkeyPatch], object]

EVERY_MODULE = sorted(module.name for module in pkgutil.iter_modules(evidence.__path__))
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


def limit(**change: Any) -> Break:
    def break_it(_: World, patch: pytest.MonkeyPatch) -> None:
        first, *others = schema.NUMBERS
        patch.setattr(schema, "NUMBERS", (replace(first, **change), *others))

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


WORST, BEST = (float("-inf"), float("inf"))[:: 1 if problem.HIGHER_IS_BETTER else -1]


def no_slices(world: World, _: pytest.MonkeyPatch) -> None:
    world.edit("params.yaml", lambda parameters: parameters["gate"].update(slices=[]))
    world.lock()


def better_candidate(world: World, _: pytest.MonkeyPatch) -> None:
    world.edit(
        "models/candidate/facts.json",
        lambda facts: facts["cross_validated"].update(another=BEST),
    )
    world.lock()


def failed_check(name: str) -> Break:
    return gate_of_candidate(
        lambda gate: next(e for e in gate["checks"] if e["name"] == name).update(passed=False)
    )


def inexact(world: World, _: pytest.MonkeyPatch) -> None:
    world.edit("models/candidate/facts.json", lambda facts: facts.update(parity=1.0))


def not_measured(world: World, _: pytest.MonkeyPatch) -> None:
    world.found("features", lambda content: content.pop(FEATURE))


def tried(**change: Any) -> Break:
    value = {"name": "rounds", "value": 9, "gain": 0.0, "error": 0.01}
    return found("tuning", tried=[value | change])


# For each test of the score, words of the reason why it falls, and what is broken for it.
BREAKS: dict[str, list[tuple[str, Break]]] = {
    "schema": [
        ("the data break rules: see reports/validation.md", invalid),
        ("has no range in schema.py", limit(minimum=None)),
        ("has no range in schema.py", limit(maximum=None)),
        ("not caught by the gate validation", uncaught("validation")),
    ],
    "beneficial": [
        ("held-out predictions are better without", feature(benefit=-0.1)),
        (
            "no better than noise:",
            feature(benefit=0.001, together={"with": [], "benefit": 0.001, "error": 0.001}),
        ),
        ("not measured:", not_measured),
    ],
    "cost": [
        ("not measured:", not_measured),
        ("takes over 100 µs a row", feature(microseconds_per_row=1000.0)),
        ("is missing more often than schema.py allows", feature(missing_share=1.0)),
    ],
    "requirements": [
        ("has no description in schema.py", contract(description="")),
        ("is known only afterwards", contract(name=OUTCOME.name)),
        ("is a point in time: no later row can repeat it", contract(kind="time")),
    ],
    "privacy": [
        ("may identify a person:", contract(name="passenger_name")),
        ("values that look like a person's", mail_address),
        ("FileNotFoundError", lambda world, _: world.paths.raw.unlink()),
    ],
    "new-feature": [
        ("a feature that was added was not served:", found("new-feature", served=False)),
        ("a new feature takes", found("new-feature", seconds=1000.0)),
    ],
    "feature-code": [
        ("no coverage of the code that makes features was measured", found("tests", coverage={})),
        ("tests cover", found("tests", coverage={"data/prepare.py": 80.0})),
        ("fail", failed("tests/data")),
    ],
    "correlation": [
        ("offline and worth in use correlate by", found("growth", correlation=0.1)),
    ],
    "tuning": [
        ("not every hyperparameter was varied", found("tuning", tried=[])),
        ("not every hyperparameter was varied", tried(name="another")),
        ("is better by", tried(gain=99.0)),
    ],
    "staleness": [("is known for 0 ages only", found("staleness", ages=[]))],
    "simpler": [
        ("no better than the constant", failed_check("constant")),
        ("no better than the baseline", failed_check("baseline")),
        ("another is better than", better_candidate),
    ],
    "slices": [
        ("no slice is asked for in params.yaml", no_slices),
        ("no slice of", gate_of_candidate(lambda gate: gate.update(slices=[]))),
        (
            ": no better than a constant answer",
            gate_of_candidate(lambda gate: gate["slices"][0].update(candidate=WORST)),
        ),
        ("the gate is red:", failed_check("constant")),
    ],
    "inclusion": [
        ("no group is large enough to judge", lambda world, _: world.found("groups", dict.clear)),
        (
            "standard deviations on average",
            found("groups", a={"rows": 500, "bias": 0.9, "error": 0.03}),
        ),
    ],
    "reproducible": [
        ("the champion does not know its data_hash", champion(data_hash="unknown")),
        ("the champion does not know its environment_hash", champion(environment_hash="unknown")),
        ("the champion does not know its git_commit", champion(git_commit="unknown")),
        ("not caught by the gate repetition", uncaught("repetition")),
    ],
    "unit-tests": [("fail", failed("tests/model"))],
    "integration": [("fail", failed("tests/pipeline/test_pipeline.py"))],
    "validated": [
        ("the champion did not pass its gate:", champion(gate={"passed": False, "checks": []})),
        (
            "the champion did not pass its gate: constant",
            champion(gate={"passed": True, "checks": [{"name": "constant", "passed": False}]}),
        ),
        ("not caught by the gate evaluation", uncaught("evaluation")),
        ("not caught by the gate retraining", uncaught("retraining")),
        ("not caught by the gate loading", uncaught("loading")),
    ],
    "debugging": [
        ("there is no champion: make train", lambda world, _: rmtree(world.paths.champion)),
        ("the steps end in another", other_answer),
    ],
    "roll-back": [("fail", failed("tests/pipeline/test_roll_back.py"))],
    "skew": [
        ("the graph differs from the Python pipeline by", inexact),
        ("fail", failed("tests/skew")),
        ("not caught by the gate parity", uncaught("parity")),
    ],
    "stability": [
        ("no row was scored", found("stability", rows=0)),
        ("1 scores are NaN, 0 infinite", found("stability", nan=1)),
        ("0 scores are NaN, 1 infinite", found("stability", infinite=1)),
    ],
    "performance": [
        ("over budget: training seconds", found("costs", training_seconds=1000.0)),
        ("over budget: milliseconds a row", found("costs", row_milliseconds=1000.0)),
        ("over budget: rows a second", found("costs", rows_per_second=10)),
        ("over budget: megabytes when serving", found("costs", serving_megabytes=5000)),
        ("not caught by the gate evaluation", uncaught("evaluation")),
    ],
}
CASES = [(name, *each) for name, breaks in BREAKS.items() for each in breaks]


def test_what_is_sound_is_satisfied(sound: World) -> None:
    results = sound.judge(OWN)

    missing = {name: results[name].reason for name in BREAKS if results[name].points < 1}
    assert missing == {}


@pytest.mark.parametrize(("name", "reason", "break_it"), CASES)
def test_broken_evidence_is_none(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, reason: str, break_it: Break
) -> None:
    break_it(world, monkeypatch)

    result = world.judge([each for each in OWN if each.demand == name])[name]

    assert (result.state, result.points) == ("missing", 0)
    assert reason in result.reason


@pytest.mark.parametrize("piece", OWN, ids=lambda piece: piece.demand)
def test_each_gate_that_evidence_relies_on_is_passed_by_a_fault_here(piece: Evidence) -> None:
    relied_on = {
        f"not caught by the gate {gate}"
        for call in calls(piece.look)
        if ast.unparse(call.func) == "repository.proven"
        for gate in texts(call)
    }

    assert relied_on <= {reason for reason, _ in BREAKS[piece.demand]}


@pytest.mark.parametrize("name", EVERY_MODULE)
def test_each_reason_why_evidence_lacks_is_met_by_a_test(root: Path, name: str) -> None:
    own = "" if name in MODULES else f"_{name}"
    tests = (root / "tests" / "proof" / f"test_score{own}.py").read_text("utf-8")
    lacking = [
        max(texts(call), key=len).strip()
        for call in calls(importlib.import_module(f"{evidence.__name__}.{name}"))
        if ast.unparse(call.func) == "Lacking"
    ]

    assert [reason for reason in lacking if reason not in tests] == []


def calls(code: Callable[..., object] | ModuleType) -> list[ast.Call]:
    """Return all calls in the source of `code`."""
    nodes = ast.walk(ast.parse(inspect.getsource(code)))
    return [node for node in nodes if isinstance(node, ast.Call)]


def texts(call: ast.Call) -> list[str]:
    """Return what is written out among the arguments of `call`."""
    nodes = (node for argument in call.args for node in ast.walk(argument))
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    return [value for value in constants if isinstance(value, str)]


def test_a_feature_may_help_with_those_that_it_goes_with(world: World) -> None:
    world.found("features", lambda content: content[FEATURE].update(benefit=0.0))

    assert state_of(world, "beneficial").state == "satisfied"


def test_a_feature_may_help_in_the_company_of_another(world: World) -> None:
    nothing = {"benefit": 0.0, "error": 0.001}

    def change(content: Any) -> None:
        content[FEATURE].update(nothing, together={"with": [], **nothing})
        content[schema.FEATURES[1].name]["together"]["with"] = [FEATURE]

    world.found("features", change)

    assert state_of(world, "beneficial").state == "satisfied"


def test_every_check_without_a_component_is_broken_here() -> None:
    assert {each.demand for each in OWN} == BREAKS.keys()


def test_every_other_check_is_broken_in_a_file_of_its_own(root: Path) -> None:
    for name in set(EVERY_MODULE).difference(MODULES):
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
    world.study_again()

    assert state_of(world, name).state == "satisfied"


def test_other_words_under_the_old_date_are_no_newer_record(world: World) -> None:
    change(world.root / "params.yaml")
    change(world.root / "docs" / "decisions" / "cost.md")
    commit(world.root)

    assert "is older than params.yaml" in state_of(world, "cost").reason


def test_reports_about_other_code_count_for_nothing(world: World) -> None:
    with (world.root / "params.yaml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")

    results = world.judge(OWN)

    for name in ("validated", "tuning", "beneficial", "skew"):
        assert results[name].state == "missing"


@pytest.mark.parametrize("path", ["dvc.yaml", "pyproject.toml", "make/proof.mk", "of_my_own.txt"])
def test_tests_that_passed_with_other_files_count_for_nothing(world: World, path: str) -> None:
    change(world.root / path)

    results = world.judge(OWN)

    assert results["integration"].state == "missing"
    assert results["tuning"].state == "satisfied"


def test_a_page_of_the_documentation_lets_tests_stand(world: World) -> None:
    change(world.root / "docs" / "score.md")

    assert world.judge(OWN)["integration"].state == "satisfied"


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


ABOUT = {"project": "flights", "commit": "0123abc", "date": "2026-01-31"}


def test_the_page_has_every_test_and_needs_nothing_else(sound: World) -> None:
    page = to_html(list(sound.judge(OWN).values()), ABOUT)

    assert all(fact in page for fact in ABOUT.values())
    assert all(demand.title in page for demand in DEMANDS)
    assert "<script" not in page
    assert "http" not in page


@pytest.fixture
def score(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], object]]:
    """What the command exits with, in a repository whose studies are of what is there now."""

    def run(at_least: str) -> object:
        monkeypatch.setattr("sys.argv", ["score", "--at-least", at_least])
        try:
            main()
        except SystemExit as ended:
            return ended.code
        return None

    monkeypatch.chdir(world.root)
    yield run
    logging.disable(logging.NOTSET)


def test_the_score_is_a_gate_for_what_is_asked_for(
    score: Callable[[str], object], world: World
) -> None:
    assert score("0") is None
    assert score("29") == f"error: {settled(world)} tests are satisfied or do not apply, 29 must be"


def test_all_that_can_be_shown_must_be_where_that_is_asked_for(
    score: Callable[[str], object], world: World
) -> None:
    few = len(DEMANDS) - len({each.demand for each in all_evidence()})
    assert score("shown") is None

    world.failed("tests/model")

    assert str(score("shown")).endswith(f"{len(DEMANDS) - few} must be")


def test_what_does_not_apply_is_no_gate(score: Callable[[str], object], world: World) -> None:
    only_recorded(world, today(world), applies="false")

    assert score("shown") is None


def test_the_report_says_of_what_it_is(score: Callable[[str], object], world: World) -> None:
    score("0")

    report = json.loads((world.root / "reports" / "score.json").read_text("utf-8"))
    assert report["commit"].startswith(Repository(world.root).git("rev-parse", "HEAD"))
    assert report["project"]
    assert date.fromisoformat(report["date"]) <= datetime.now(UTC).date()


def settled(world: World) -> int:
    return sum(each.state != "missing" for each in world.judge(all_evidence()).values())
