"""What a candidate must reach to become the champion. Pure: numbers in, checks out."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from project_package import problem
from project_package.parameters import Gate


@dataclass(frozen=True, slots=True)
class Check:
    """One demand, and whether it is met."""

    name: str
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Slice:
    """The primary metric on the held-out rows with one value of one column."""

    column: str
    value: str
    rows: int
    candidate: float
    champion: float | None


def gate(
    metrics: Mapping[str, float | None],
    slices: Iterable[Slice],
    milliseconds: float,
    rules: Gate,
) -> list[Check]:
    """Return the checks of a candidate.

    `metrics` holds the primary metric of the `candidate`, the `baseline` and the `champion`, which
    is None where there is none yet.
    """
    candidate, baseline = metrics["candidate"], metrics["baseline"]
    assert candidate is not None and baseline is not None  # noqa: S101
    checks = [
        _at_least("baseline", better_by(candidate, baseline), rules.gain_over_baseline),
        Check(
            "plausible",
            better_by(candidate, rules.too_good) <= 0,
            f"{problem.PRIMARY} is {candidate:.4f}; beyond {rules.too_good:g} a leak is likely",
        ),
        Check(
            "latency",
            milliseconds <= rules.row_milliseconds,
            f"one row takes {'at most' if milliseconds <= rules.row_milliseconds else 'over'} "
            f"{rules.row_milliseconds:g} ms",
        ),
    ]
    champion = metrics["champion"]
    if champion is None:
        return checks
    gain = better_by(candidate, champion)
    checks.append(_at_least("champion", gain, -rules.tolerance_to_champion))
    checks += [_slice_check(each, rules) for each in slices if each.champion is not None]
    return checks


def better_by(one: float, other: float) -> float:
    """Return by how much `one` is better than `other`, in the primary metric."""
    return one - other if problem.HIGHER_IS_BETTER else other - one


def _at_least(name: str, gain: float, least: float) -> Check:
    reason = f"{problem.PRIMARY} against the {name} is better by {gain:.4f}, needed {least:.4f}"
    return Check(name, gain >= least, reason)


def _slice_check(part: Slice, rules: Gate) -> Check:
    name = f"{part.column} {part.value}"
    assert part.champion is not None  # noqa: S101
    gain = better_by(part.candidate, part.champion)
    if math.isnan(gain):
        return Check(name, passed=True, reason="the metric is not defined on so few rows")
    return _at_least(name, gain, -rules.slice_tolerance)
