"""What a candidate must reach to become the champion. Pure: numbers in, checks out."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

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
    """The primary metric on the held-out rows with one value of one column.

    `error` is the standard error of by how much the candidate is better than the champion. It takes
    a second to find, and is of use only where the candidate `loses`.
    """

    column: str
    value: str
    rows: int
    candidate: float
    champion: float | None = None
    error: float = 0.0


def gate(
    metrics: Mapping[str, float],
    slices: Iterable[Slice],
    milliseconds: float,
    rules: Gate,
) -> list[Check]:
    """Return the checks of a candidate.

    `metrics` holds the primary metric of the `candidate`, of a `constant` answer, of the `baseline`
    and, where there is one yet, of the `champion`.
    """
    candidate = metrics["candidate"]
    checks = [
        # A baseline that learnt from wrong labels can be worse than no model at all.
        _at_least("constant", better_by(candidate, metrics["constant"]), rules.gain_over_baseline),
        _at_least("baseline", better_by(candidate, metrics["baseline"]), rules.gain_over_baseline),
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
    if "champion" in metrics:
        gain = better_by(candidate, metrics["champion"])
        checks.append(_at_least("champion", gain, -rules.tolerance_to_champion))
    return checks + [_slice_check(part, rules) for part in slices if part.champion is not None]


def loses(part: Slice, rules: Gate) -> bool:
    """Return whether the candidate is worse than tolerated there, as measured."""
    return _gain(part) < -rules.slice_tolerance


def not_comparable(champion: str) -> Check:
    """Return the check that fails: version `champion` takes other inputs than the candidate."""
    reason = f"champion {champion} has another contract: `make promote` decides, with a reason"
    return Check("contract", passed=False, reason=reason)


def abandoned(version: str) -> Check:
    """Return the check that fails: the candidate is, to the byte, what was rolled back."""
    reason = f"it is version {version}, which was rolled back: only `make promote` brings it again"
    return Check("abandoned", passed=False, reason=reason)


def better_by(one: float, other: float) -> float:
    """Return by how much `one` is better than `other`, in the primary metric."""
    return one - other if problem.HIGHER_IS_BETTER else other - one


def _at_least(name: str, gain: float, least: float) -> Check:
    reason = f"{problem.PRIMARY} against the {name} is better by {gain:.4f}, needed {least:.4f}"
    return Check(name, gain >= least, reason)


def _gain(part: Slice) -> float:
    return math.nan if part.champion is None else better_by(part.candidate, part.champion)


def _slice_check(part: Slice, rules: Gate) -> Check:
    name, gain = f"{part.column} {part.value}", _gain(part)
    if math.isnan(gain):
        return Check(
            name, passed=True, reason="not defined there: the rows are too few or too alike"
        )
    at_best = gain + NormalDist().inv_cdf(rules.slice_confidence) * part.error
    reason = (
        f"{problem.PRIMARY} there, against the champion, is better by {gain:.4f}, "
        f"at best by {at_best:.4f}, needed {-rules.slice_tolerance:.4f}"
    )
    return Check(name, at_best >= -rules.slice_tolerance, reason)
