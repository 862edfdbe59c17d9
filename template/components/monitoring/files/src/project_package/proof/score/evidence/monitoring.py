"""What shows the tests of the section monitoring that ask for an alarm."""

import re
from datetime import UTC, datetime
from typing import Any

from project_package.proof.score.judge import Evidence
from project_package.proof.score.repository import Lacking, Repository

RULES = "monitoring/prometheus/rules"
ALARMS = ("tests/monitoring/test_rules.py",)
PERFORMANCE = (*ALARMS, "tests/monitoring/test_performance.py")
INVARIANTS = ("FeatureMissing", "FeatureUnseen", "FeatureOutOfRange", "FeatureDrift")


def invariants(repository: Repository) -> str:
    """Training data keep the schema, and requests that leave it raise an alarm."""
    if not repository.stage("validate", "reports/validation.json")["valid"]:
        raise Lacking("the data break rules: see reports/validation.md")
    for name in INVARIANTS:
        alert(repository, name)
    repository.proven("validation", "drift")
    return f"training data are valid; alarms for requests: {', '.join(INVARIANTS)}"


def age(repository: Repository) -> str:
    """The champion is young enough, and an alarm will say when it is not."""
    limit = re.search(r"> (\d+) \* 86400", alert(repository, "ModelStale")["expr"])
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
    for name in ("PerformanceLoss", "PredictionDrift", "LabelsMissing"):
        alert(repository, name)
    return f"alarms for lost performance, shifted scores and missing labels; {_passed(repository)}"


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
