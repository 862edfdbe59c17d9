"""Rules, routes and dashboards fit together, and to the limits and the runbooks."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import promql_parser
import pytest
import yaml

from project_package.data.prepare import calendar
from project_package.monitoring.limits import read_limits

from .conftest import ROOT

FOLDER = ROOT / "monitoring"
DASHBOARDS = sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))
EVALUATION = pd.Timedelta("1m")  # the `evaluation_interval` of the unit tests of the rules


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@cache
def rules() -> tuple[dict[str, Any], ...]:
    files = sorted((FOLDER / "prometheus" / "rules").glob("*.yml"))
    return tuple(
        rule for path in files for group in load(path)["groups"] for rule in group["rules"]
    )


@cache
def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def of_one_job() -> list[tuple[str, str, str]]:
    """The metrics that alerts ask of one job only."""
    selector = re.compile(r'(?<![:\w])(\w+){job="(\w+)"}')
    found = {
        (name, metric, job)
        for name, alert in alerts().items()
        for metric, job in selector.findall(alert["expr"])
    }
    return sorted(found)


@cache
def unit_tests() -> tuple[dict[str, Any], ...]:
    files = sorted((FOLDER / "prometheus" / "tests").glob("*.yml"))
    return tuple(test for path in files for test in load(path)["tests"])


def fires(alert: str) -> list[dict[pd.Timedelta, bool]]:
    """For each unit test of an alert, when it asks for the alert and whether it fires then."""
    tests = [
        {
            pd.Timedelta(row["eval_time"]): bool(row["exp_alerts"])
            for row in test["alert_rule_test"]
            if row["alertname"] == alert
        }
        for test in unit_tests()
    ]
    return [times for times in tests if times]


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_is_tested_to_fire_and_to_be_silent(name: str) -> None:
    tested = {any(times.values()) for times in fires(name)}

    assert tested == ({True} if name == "Watchdog" else {True, False})


@pytest.mark.parametrize("name", sorted(alerts().keys() - {"Watchdog"}))
def test_every_alert_is_tested_to_be_silent_one_evaluation_before_it_fires(name: str) -> None:
    assert any(
        firing and times.get(time - EVALUATION) is False
        for times in fires(name)
        for time, firing in times.items()
    )


@pytest.mark.parametrize(("name", "metric", "job"), of_one_job())
def test_an_alert_on_one_job_is_tested_beside_another(name: str, metric: str, job: str) -> None:
    beside = re.compile(rf'{metric}{{job="(?!{job}")')

    assert any(
        beside.match(series["series"])
        for test in unit_tests()
        for series in test["input_series"]
        if name in {row["alertname"] for row in test["alert_rule_test"]}
    )


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_has_a_severity_a_summary_and_a_runbook(name: str) -> None:
    alert = alerts()[name]
    document, _, anchor = alert["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^### (\w+)$", (ROOT / document).read_text("utf-8"), re.MULTILINE)

    assert alert["labels"]["severity"] in {"critical", "warning", "none"}
    assert alert["annotations"]["summary"]
    assert anchor in [heading.lower() for heading in headings]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert", rule.get("record")))
def test_what_a_rule_adds_up_and_matches_is_of_one_namespace(rule: dict[str, Any]) -> None:
    for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", rule["expr"]):
        assert "namespace, job" in labels


@pytest.mark.parametrize(
    ("alert", "limit"),
    [
        ("FeatureDrift", read_limits(FOLDER / "limits.toml").drift.psi),
        ("PredictionDrift", read_limits(FOLDER / "limits.toml").drift.psi),
        (
            "FeatureMissing",
            read_limits(FOLDER / "limits.toml").integrity.missing_above_training,
        ),
        ("FeatureUnseen", read_limits(FOLDER / "limits.toml").integrity.unseen),
        ("FeatureOutOfRange", read_limits(FOLDER / "limits.toml").integrity.out_of_range),
    ],
)
def test_an_alert_has_the_limit_of_the_monitor(alert: str, limit: float) -> None:
    assert float(alerts()[alert]["expr"].rsplit(">")[-1]) == limit


def test_the_alert_on_drift_ignores_what_the_monitor_ignores() -> None:
    ignored = read_limits(FOLDER / "limits.toml").drift.ignored

    assert f'feature!~"{"|".join(ignored)}"' in alerts()["FeatureDrift"]["expr"]


def test_the_monitor_ignores_what_the_calendar_says_and_nothing_else() -> None:
    times = pd.Series(pd.to_datetime(["2013-01-01"]))

    differ = set(read_limits(FOLDER / "limits.toml").drift.ignored) ^ set(calendar(times))

    assert not differ, "is it the calendar? `ignored` in limits.toml, and FeatureDrift in rules/"


def test_inhibitions_and_routes_name_alerts_and_receivers_that_exist() -> None:
    config = load(FOLDER / "alertmanager" / "alertmanager.yml")
    receivers = {receiver["name"] for receiver in config["receivers"]}
    used = {
        config["route"]["receiver"],
        *(route["receiver"] for route in config["route"]["routes"]),
    }

    assert used <= receivers
    for rule in config["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            pattern = matcher.split('"')[1]
            for part in pattern.split("|"):
                assert any(re.fullmatch(part, name) for name in alerts()), part


def test_an_alert_explains_and_joins_those_of_its_own_namespace_alone() -> None:
    config = load(FOLDER / "alertmanager" / "alertmanager.yml")

    assert {"namespace", "job"} <= set(config["route"]["group_by"])
    for rule in config["inhibit_rules"]:
        assert {"namespace", "job"} <= set(rule["equal"])


def expressions(dashboard: Path) -> list[str]:
    content = json.loads(dashboard.read_text("utf-8"))
    panels = [target["expr"] for panel in content["panels"] for target in panel["targets"]]
    return panels + [annotation["expr"] for annotation in content["annotations"]["list"]]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_asks_for_series_that_exist(dashboard: Path) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    for expression in expressions(dashboard):
        promql_parser.parse(expression)
        names = set(re.findall(r"\b(?:job|feature):\w+:\w+", expression))
        assert names <= recorded


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_the_panels_of_a_dashboard_do_not_overlap(dashboard: Path) -> None:
    cells: list[tuple[int, int]] = []
    for panel in json.loads(dashboard.read_text("utf-8"))["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells += [
            (place["x"] + column, place["y"] + row)
            for column in range(place["w"])
            for row in range(place["h"])
        ]

    assert len(cells) == len(set(cells))
