"""What shows the tests of the section monitoring that ask for an alarm."""

import re
from datetime import UTC, datetime
from typing import Any

from project_package.proof.score.judge import Evidence
from project_package.proof.score.repository import Lacking, Repository

RULES = "monitoring/prometheus/rules"
ALARMS = ("tests/monitoring/test_rules.py",)
PERFORMANCE = (*ALARMS, "tests/monitoring/test_performance.py")
# Each alert and the series that it must watch: an alert on anything else never speaks up.
INVARIANTS = {
    "FeatureMissing": "service_missing",
    "FeatureUnseen": "service_unseen",
    "FeatureOutOfRange": "service_out_of_range",
    "FeatureDrift": "service_feature_psi",
}
QUALITY = {
    "PerformanceLoss": "monitor_performance_lost",
    "PredictionDrift": "service_prediction_psi",
    "LabelsMissing": "monitor_newest_label_timestamp_seconds",
}
AGE = "service_model_trained_timestamp_seconds"


def invariants(repository: Repository) -> str:
    """Training data keep the schema, and requests that leave it raise an alarm."""
    if not repository.stage("validate", "reports/validation.json")["valid"]:
        raise Lacking("the data break rules: see reports/validation.md")
    for name, series in INVARIANTS.items():
        watching(repository, name, series)
    repository.proven("validation", "drift")
    return f"training data are valid; alarms for requests: {', '.join(INVARIANTS)}"


def age(repository: Repository) -> str:
    """The champion is young enough, and an alarm will say when it is not."""
    limit = re.search(r"> (\d+) \* 86400", watching(repository, "ModelStale", AGE))
    if limit is None:
        raise Lacking("the alarm ModelStale does not name a number of days")
    trained = datetime.fromisoformat(repository.champion()["trained_at"])
    days = (datetime.now(UTC) - trained).days
    if days > int(limit[1]):
        raise Lacking(f"the champion is {days} days old, the alarm's limit is {limit[1]}")
    repository.study("staleness")
    return f"the champion is {days} days old; the alarm ModelStale comes after {limit[1]}"


def quality(repository: Repository) -> str:
    """A loss of performance on labelled predictions raises an alarm."""
    for name, series in QUALITY.items():
        watching(repository, name, series)
    return f"alarms for lost performance, shifted scores and missing labels; {_passed(repository)}"


def watching(repository: Repository, name: str, series: str) -> str:
    """Return the expression of the alert `name`, which compares `series` with a limit."""
    expression = str(alert(repository, name)["expr"])
    if not re.search(rf"\b{series}\b.*(>|<|==)", expression, re.DOTALL):
        raise Lacking(f"the alert {name} does not compare {series} with a limit")
    return expression


def alert(repository: Repository, name: str) -> dict[str, Any]:
    """Return the rule of the alert `name`."""
    for file in sorted((repository.root / RULES).glob("*.yml")):
        for group in repository.read(f"{RULES}/{file.name}")["groups"]:
            for rule in group["rules"]:
                if rule.get("alert") == name:
                    return dict(rule)
    raise Lacking(f"there is no alert {name} in {RULES}")


def _passed(repository: Repository) -> str:
    return repository.passed(*PERFORMANCE)


EVIDENCE = (
    Evidence("invariants", "make monitoring-check", invariants, ALARMS),
    Evidence("age", "make monitoring-check", age, ALARMS),
    Evidence("quality", "make monitor", quality, PERFORMANCE),
)
