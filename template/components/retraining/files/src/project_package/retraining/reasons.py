"""Which reasons there are to train again. Pure: facts in, words out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from project_package.errors import PipelineError


@dataclass(frozen=True)
class ReasonRules:
    """What counts as a reason."""

    age_days: float
    new_rows: float
    drift: bool
    performance: bool


@dataclass(frozen=True)
class ShadowRules:
    """How much of the prediction log a new model answers before it serves, and how well."""

    rows: int
    psi: float
    minimum_labels: int
    tolerated_loss: float
    confidence: float = 0.95


@dataclass(frozen=True)
class Rules:
    """`retraining.toml`, typed."""

    reasons: ReasonRules
    shadow: ShadowRules
    trial: Literal["off", "shadow", "canary"] = "shadow"


class Champion(msgspec.Struct, frozen=True):
    """What matters of the present champion's `model.json`."""

    version: str
    trained_at: datetime
    data_hash: str
    labelled_rows: int = 0
    newest_row: datetime | None = None


@dataclass(frozen=True)
class Situation:
    """What is known before a decision: the champion if any, the data, the monitor's findings.

    `new_rows` counts the rows with a known outcome that are newer than all those that the champion
    learnt from. Findings are (what, of which column or metric), as the monitor's report has them.
    """

    champion: Champion | None
    new_rows: int
    findings: tuple[tuple[str, str], ...]
    now: datetime


def read_rules(path: Path) -> Rules:
    """Return the rules that the TOML file `path` holds.

    Raises:
        PipelineError: The file is missing, or a rule is missing or of the wrong type.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Rules)
    except (OSError, msgspec.DecodeError) as error:
        raise PipelineError(f"{path}: {error}") from error


def reasons(situation: Situation, rules: ReasonRules) -> list[str]:
    """Return every reason to train again, in plain words; none is an empty list.

    Each stands for itself: none needs another.
    """
    champion = situation.champion
    if champion is None:
        return ["there is no champion yet"]
    found = [*_age(champion, situation.now, rules.age_days)]
    least = max(1, rules.new_rows * champion.labelled_rows)
    if rules.new_rows and situation.new_rows >= least:
        found.append(f"{situation.new_rows} new rows")
    if rules.drift:
        found += _found("drift", "drifted", situation.findings)
    if rules.performance:
        found += _found("performance", "is worse than when trained", situation.findings)
    return found


def _age(champion: Champion, now: datetime, days: float) -> Iterable[str]:
    age = now - champion.trained_at
    if days and age > timedelta(days=days):
        yield f"version {champion.version} is {age.days} days old"


def _found(what: str, words: str, findings: Iterable[tuple[str, str]]) -> Iterable[str]:
    names = [name for kind, name in findings if kind == what]
    if names:
        yield f"{', '.join(names)} {words}"
