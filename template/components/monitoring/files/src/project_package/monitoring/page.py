"""The report as one HTML page that needs nothing else: no script, no network, no fonts."""

from html import escape
from importlib.resources import files

from project_package.monitoring import plots
from project_package.monitoring.drift import Comparison
from project_package.monitoring.performance import Performance
from project_package.monitoring.plots import Point
from project_package.monitoring.report import Report

WORDS = {
    "drift": "drifted",
    "missing": "values missing",
    "unseen": "unseen categories",
    "out_of_range": "out of range",
    "performance": "performance lost",
}


def to_html(report: Report) -> str:
    """Return the page."""
    css = files(__package__).joinpath("page.css").read_text("utf-8")
    title = escape(f"{report.model.name} {report.model.version} in production")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n{_window(report)}{_verdict(report)}"
        f"{_performance(report)}{_columns(report)}{_distributions(report)}</body>\n</html>\n"
    )


def _window(report: Report) -> str:
    versions = ", ".join(f"{name} ({rows} rows)" for name, rows in report.versions.items())
    sample = "" if report.share == 1 else f"Read: an even sample of {report.share:.3g} of the log. "
    return (
        f'<p class="soft">{report.rows} rows from {report.since:%Y-%m-%d %H:%M} to '
        f"{report.until:%Y-%m-%d %H:%M} UTC, {report.labelled} predictions with a known outcome. "
        f"Versions in the log: {escape(versions or 'none')}. "
        f"{sample}Unreadable lines: {report.unreadable}.</p>\n"
    )


def _verdict(report: Report) -> str:
    if report.findings:
        items = "".join(
            f'<li><span class="tag">{escape(name)}</span>: {WORDS[what]}</li>'
            for what, name in report.findings
        )
        return f'<div class="verdict beyond"><ul>{items}</ul></div>\n'
    if not report.enough_rows:
        return '<p class="verdict">Too few rows to judge.</p>\n'
    return '<p class="verdict">Nothing is beyond its limit.</p>\n'


def _performance(report: Report) -> str:
    if not report.performance:
        return '<h2>Performance</h2>\n<p class="soft">Too few outcomes are known yet.</p>\n'
    panels = "".join(map(_metric, report.performance))
    slices = "".join(_slices(metric) for metric in report.performance[:1])
    return f'<h2>Performance</h2>\n<div class="grid">\n{panels}</div>\n{slices}'


def _metric(metric: Performance) -> str:
    points = [
        Point(
            period.value,
            f"from {period.start:%Y-%m-%d %H:%M}, {period.rows} rows: {period.value:.4g}",
        )
        for period in metric.periods
        if period.value == period.value
    ]
    style = ' class="tag"' if metric.lost else ""
    return (
        f"<section><h3>{escape(metric.metric)}: <span{style}>{metric.value:.4g}</span></h3>"
        f'<p class="soft">between {metric.low:.4g} and {metric.high:.4g}; '
        f"{metric.expected:.4g} on held-out rows</p>"
        f"{plots.line(points, metric.expected)}</section>\n"
    )


def _slices(metric: Performance) -> str:
    if not metric.slices:
        return ""
    rows = "".join(
        f"<tr><td>{escape(part.feature)} = {escape(part.category)}</td>"
        f"<td>{part.rows}</td><td>{part.value:.4g}</td></tr>\n"
        for part in metric.slices
    )
    return (
        f"<h3>{escape(metric.metric)} per slice</h3>\n<table>\n"
        f"<tr><th>slice</th><th>rows</th><th>value</th></tr>\n{rows}</table>\n"
    )


def _columns(report: Report) -> str:
    rows = "".join(map(_row, sorted(report.columns, key=lambda column: -column.psi)))
    return (
        "<h2>Inputs and predictions beside training</h2>\n<table>\n"
        "<tr><th>column</th><th>PSI</th><th></th><th>effect</th><th>p</th><th>missing</th>"
        "<th>in training</th><th>unseen</th><th>out of range</th>"
        '<th class="findings">findings</th></tr>\n'
        f"{rows}</table>\n"
        '<p class="soft">The tick is the limit of PSI. Effect: KS distance of a number, '
        "the Le Cam distance of a category.</p>\n"
    )


def _row(column: Comparison) -> str:
    words = ", ".join(WORDS[what] for what in column.findings)
    return (
        f"<tr><td>{escape(column.name)}</td><td>{column.psi:.3f}</td>"
        f"<td>{plots.meter(column.psi, column.psi_limit)}</td>"
        f"<td>{column.effect:.3f}</td><td>{column.p_value:.2g}</td>"
        f"<td>{column.missing:.1%}</td><td>{column.missing_expected:.1%}</td>"
        f"<td>{column.unseen:.1%}</td><td>{column.out_of_range:.1%}</td>"
        f'<td class="findings tag">{words}</td></tr>\n'
    )


def _distributions(report: Report) -> str:
    panels = "".join(
        f"<section><h3>{escape(column.name)}</h3>"
        f"{plots.paired_bars(column.bins, column.expected, column.observed)}</section>\n"
        for column in report.columns
    )
    return (
        '<h2>Distributions</h2>\n<p><span class="key then">in training</span> &nbsp; '
        f'<span class="key now">now</span></p>\n<div class="grid">\n{panels}</div>\n'
    )
