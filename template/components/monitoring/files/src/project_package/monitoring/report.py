"""One look at the model in production: everything that the outputs are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from project_package.monitoring import drift, performance
from project_package.monitoring.drift import Comparison
from project_package.monitoring.labels import join, read_labels
from project_package.monitoring.limits import Limits
from project_package.monitoring.performance import Performance
from project_package.monitoring.window import read_window
from project_package.service.drift import Reference


class Facts(msgspec.Struct, frozen=True):
    """What the monitor needs of the bundle's `model.json`."""

    name: str
    version: str
    metrics: dict[str, float]


@dataclass(frozen=True)
class Sources:
    """Where the prediction log, the labels and the model's bundle lie."""

    log: Path
    labels: Path
    bundle: Path


@dataclass(frozen=True)
class Report:
    """The comparison of one window with training, and performance as far as labels came.

    All counts of rows are those of the `share` of the log that was read.
    """

    model: Facts
    made: datetime
    since: datetime
    until: datetime
    rows: int
    share: float
    unreadable: int
    enough_rows: bool
    labelled: int
    newest_label: datetime | None
    first_prediction: datetime | None
    versions: Mapping[str, int]
    columns: tuple[Comparison, ...]
    performance: tuple[Performance, ...]

    @property
    def findings(self) -> tuple[tuple[str, str], ...]:
        """What is beyond its limit, as (what, of which column or metric)."""
        columns = ((what, column.name) for column in self.columns for what in column.findings)
        lost = (("performance", metric.metric) for metric in self.performance if metric.lost)
        return (*columns, *lost)


def make_report(sources: Sources, limits: Limits, now: datetime) -> Report:
    """Return the report of the window that ends at `now`.

    Only predictions of the bundle's model version are judged by its performance: a new
    champion starts with a clean slate.
    """
    facts = msgspec.json.decode((sources.bundle / "model.json").read_bytes(), type=Facts)
    reference = msgspec.json.decode(
        (sources.bundle / "reference.json").read_bytes(), type=Reference
    )
    days = max(limits.performance.days, limits.window.hours / 24)
    history = read_window(sources.log, now - timedelta(days=days), now)
    own = history.of_version(facts.version)
    recent = own.last(now - timedelta(hours=limits.window.hours))
    outcomes = join(own, read_labels(sources.labels))
    return Report(
        model=facts,
        made=now,
        since=recent.since,
        until=recent.until,
        rows=len(recent.lines),
        share=history.share,
        unreadable=history.unreadable,
        enough_rows=len(recent.lines) >= limits.window.minimum_rows,
        labelled=len(outcomes.pairs),
        newest_label=outcomes.newest,
        first_prediction=own.lines[0].time if own.lines else None,
        versions=history.versions(),
        columns=drift.compare(recent, reference, limits),
        performance=performance.measure(outcomes, facts.metrics, limits.performance),
    )


def to_json(report: Report) -> bytes:
    """Return the report as JSON; what is undefined (NaN) is null."""
    data = {**msgspec.to_builtins(report), "findings": msgspec.to_builtins(report.findings)}
    return msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"
