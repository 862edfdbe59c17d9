"""What shows the tests of the section model."""

import math

from project_package import problem
from project_package.proof.score.judge import Evidence
from project_package.proof.score.repository import Lacking, Repository
from project_package.training.gate import better_by

# A correlation from here on is strong. Source: J. Cohen, Statistical Power Analysis for the
# Behavioral Sciences, 1988, chapter 3, asks for 0.5; six points ask for more.
CORRELATION = 0.7
# Standard deviations; 0.2 is a small effect. Source: the same, chapter 2.
BIAS = 0.2
ERRORS = 2.0
AGES = 3


def correlation(repository: Repository) -> str:
    """Models that are better by the metric are worth more in use."""
    found = repository.study("growth")
    value = found["correlation"]
    if not value >= CORRELATION:
        raise Lacking(f"{problem.PRIMARY} offline and worth in use correlate by {value:.2f} only")
    return f"over {len(found['points'])} models, {problem.PRIMARY} and worth correlate: {value:.2f}"


def tuning(repository: Repository) -> str:
    """No other value of a hyperparameter is better beyond doubt."""
    found = repository.study("tuning")
    tolerance = repository.parameters.gate.tolerance_to_champion
    tried = found["tried"]
    if not tried or {each["name"] for each in tried} != set(found["options"]):
        raise Lacking("not every hyperparameter was varied")
    for each in tried:
        if each["gain"] - ERRORS * each["error"] > tolerance:
            raise Lacking(f"{each['name']} {each['value']:g} is better by {each['gain']:.4f}")
    best = max(each["gain"] for each in tried)
    return f"{len(tried)} other values tried, the best gains {best:.4f}, which is not beyond doubt"


def staleness(repository: Repository) -> str:
    """The loss by age is measured."""
    found = repository.study("staleness")
    known = [each for each in found["ages"] if math.isfinite(each[problem.PRIMARY])]
    if len(known) < AGES:
        raise Lacking(f"{problem.PRIMARY} is known for {len(known)} ages only")
    change, oldest = found["change_in_30_days"], known[-1]["days"]
    return f"{problem.PRIMARY} changes by {change:+.4f} in 30 days, measured up to {oldest} days"


def simpler(repository: Repository) -> str:
    """Neither a constant, nor one feature, nor another candidate is better."""
    gate = repository.stage("evaluate", "reports/gate.json")
    checks = {check["name"]: check for check in gate["checks"]}
    for name in ("constant", "baseline"):
        if not checks[name]["passed"]:
            raise Lacking(f"no better than the {name}: {checks[name]['reason']}")
    facts = repository.read("models/candidate/facts.json")
    compared = facts["cross_validated"]
    for name, result in compared.items():
        if better_by(result, compared[facts["algorithm"]]) > 0:
            raise Lacking(f"{name} is better than {facts['algorithm']}")
    others = ", ".join(f"{name} {result:.4f}" for name, result in compared.items())
    return f"better than a constant and {problem.BASELINE_FEATURE} alone; of {others} the best"


def slices(repository: Repository) -> str:
    """Slices are asked for, every one was judged, and none failed."""
    gate = repository.stage("evaluate", "reports/gate.json")
    asked, judged = repository.parameters.gate.slices, gate["slices"]
    if not asked:
        raise Lacking("no slice is asked for in params.yaml")
    constant = repository.read("reports/metrics.json")["constant"][problem.PRIMARY]
    for column in asked:
        if not any(each["column"] == column for each in judged):
            raise Lacking(f"no slice of {column} was judged")
    for each in judged:
        if better_by(each["candidate"], constant) <= 0:
            raise Lacking(f"{each['column']} {each['value']}: no better than a constant answer")
    failed = [check["name"] for check in gate["checks"] if not check["passed"]]
    if failed:
        raise Lacking(f"the gate is red: {', '.join(failed)}")
    return f"{len(judged)} slices judged, all better than a constant answer"


def inclusion(repository: Repository) -> str:
    """No group of rows, those with missing values included, is predicted too high or too low."""
    found = repository.study("groups")
    if not found:
        raise Lacking("no group is large enough to judge")
    for name, each in found.items():
        if abs(each["bias"]) - ERRORS * each["error"] > BIAS:
            raise Lacking(f"{name}: off by {each['bias']:+.2f} standard deviations on average")
    worst = max(found, key=lambda name: abs(found[name]["bias"]))
    return f"{len(found)} groups, the most biased is {worst}: {found[worst]['bias']:+.2f} sd"


STUDY = "python -m json.tool reports/score/{}.json"
GATE = "python -m json.tool reports/gate.json"

EVIDENCE = (
    Evidence("correlation", STUDY.format("growth"), correlation),
    Evidence("tuning", STUDY.format("tuning"), tuning),
    Evidence("staleness", STUDY.format("staleness"), staleness),
    Evidence("simpler", GATE, simpler),
    Evidence("slices", GATE, slices),
    Evidence("inclusion", STUDY.format("groups"), inclusion),
)
