"""The report as Prometheus metrics (text format 0.0.4), for alerts and dashboards."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from project_package.monitoring.report import Report


class Sample(NamedTuple):
    """One value of a gauge, with its labels."""

    value: float
    labels: tuple[tuple[str, str], ...] = ()


class Gauge(NamedTuple):
    """A metric: what it says and its samples."""

    name: str
    text: str
    samples: tuple[Sample, ...]


def to_metrics(report: Report) -> str:
    """Return all gauges of `report`; undefined values are left out."""
    return "".join(line for gauge in _gauges(report) for line in _lines(gauge))


def undelivered(messages: Mapping[str, int]) -> str:
    """Return the counter of `messages` that a channel of `notify` did not take, by its name."""
    name = "monitor_undelivered_messages_total"
    text = "Messages that a channel of NOTIFY_* did not take."
    samples = (
        f"{name}{_labels([('channel', channel)])} {count}\n" for channel, count in messages.items()
    )
    return "".join((f"# HELP {name} {text}\n# TYPE {name} counter\n", *samples))


def _gauges(report: Report) -> Iterator[Gauge]:
    yield from _totals(report)
    for name, text in COLUMN_GAUGES.items():
        samples = tuple(
            Sample(getattr(column, name), (("feature", column.name),)) for column in report.columns
        )
        yield Gauge(f"monitor_feature_{name}", text, samples)
    findings = Counter(what for what, _ in report.findings)
    yield Gauge(
        "monitor_findings",
        "Columns or metrics beyond their limit.",
        tuple(Sample(findings[kind], (("kind", kind),)) for kind in KINDS),
    )
    for name, text in PERFORMANCE_GAUGES.items():
        samples = tuple(
            Sample(float(getattr(metric, name)), (("metric", metric.metric),))
            for metric in report.performance
        )
        yield Gauge(f"monitor_performance_{name}", text, samples)
    yield Gauge(
        "monitor_performance_slice",
        "Value of the metric on labelled predictions of one category.",
        tuple(_slice_samples(report)),
    )


KINDS = ("drift", "missing", "unseen", "out_of_range", "performance")

COLUMN_GAUGES = {
    "psi": "Population stability index of the window against training.",
    "psi_limit": "PSI above which the window counts as drifted.",
    "effect": "KS distance of a number, Le Cam distance of a category.",
    "missing": "Share of rows without a value.",
    "unseen": "Share of rows with a category that training never saw.",
    "out_of_range": "Share of rows outside the schema's range.",
}

PERFORMANCE_GAUGES = {
    "value": "Value of the metric on recent labelled predictions.",
    "expected": "Value of the metric on held-out rows when the model was trained.",
    "lost": "1 if the loss is beyond what is tolerated and chance does not explain it.",
}


def _totals(report: Report) -> Iterator[Gauge]:
    yield Gauge(
        "monitor_last_run_timestamp_seconds",
        "When the monitor last compared data.",
        (Sample(report.made.timestamp()),),
    )
    yield Gauge("monitor_rows", "Rows of the window that were compared.", (Sample(report.rows),))
    yield Gauge(
        "monitor_unreadable_lines",
        "Lines of the prediction log that could not be read.",
        (Sample(report.unreadable),),
    )
    yield Gauge(
        "monitor_labelled_rows",
        "Predictions whose outcome is known.",
        (Sample(report.labelled),),
    )
    yield Gauge(
        "monitor_newest_label_timestamp_seconds",
        "Time of the newest prediction whose outcome is known.",
        _time(report.newest_label),
    )
    yield Gauge(
        "monitor_first_prediction_timestamp_seconds",
        "Time of the model version's first prediction, as far back as the monitor looks.",
        _time(report.first_prediction),
    )


def _time(time: datetime | None) -> tuple[Sample, ...]:
    return (Sample(time.timestamp()),) if time else ()


def _slice_samples(report: Report) -> Iterator[Sample]:
    for metric in report.performance:
        for part in metric.slices:
            yield Sample(
                part.value,
                (
                    ("metric", metric.metric),
                    ("feature", part.feature),
                    ("category", part.category),
                ),
            )


def _lines(gauge: Gauge) -> Iterator[str]:
    yield f"# HELP {gauge.name} {gauge.text}\n# TYPE {gauge.name} gauge\n"
    for sample in gauge.samples:
        if math.isfinite(sample.value):
            yield f"{gauge.name}{_labels(sample.labels)} {sample.value!r}\n"


def _labels(labels: Iterable[tuple[str, str]]) -> str:
    pairs = ",".join(f'{name}="{_escape(value)}"' for name, value in labels)
    return f"{{{pairs}}}" if pairs else ""


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
