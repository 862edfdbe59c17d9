"""The score as one HTML page that needs nothing else: no script, no network, no fonts."""

from collections.abc import Mapping, Sequence
from html import escape

from project_package.proof.score.judge import Result, section_points
from project_package.proof.score.rubric import SECTIONS

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0;
  border-bottom: 1px solid #8886; }
td:first-child { width: 9rem; font-weight: 600; }
td:nth-child(2) { width: 24rem; }
.satisfied { color: light-dark(#17692f, #7fd79a); }
.missing { color: light-dark(#a3162a, #ff9aa8); }
code { display: block; font-size: .85em; overflow-wrap: anywhere; }
"""


def to_html(results: Sequence[Result], about: Mapping[str, str]) -> str:
    """Return the page; `about` says which project, commit and day it is of."""
    points = section_points(results)
    satisfied = sum(result.state == "satisfied" for result in results)
    sections = "".join(_section(name, points[name], results) for name in SECTIONS)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>ML Test Score</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>ML Test Score of {escape(about['project'])}: {min(points.values()):g}</h1>\n"
        f"<p>{escape(about['date'])}, commit {escape(about['commit'])}</p>\n"
        f"<p>{satisfied} of {len(results)} tests are satisfied. The score is that of the smallest "
        "section. A test gives a point when it is automated and half a point when a dated record "
        f"of a person shows it.</p>\n{sections}</body>\n</html>\n"
    )


def _section(name: str, points: float, results: Sequence[Result]) -> str:
    rows = "".join(_row(result) for result in results if result.section == name)
    return (
        f"<h2>{escape(name.capitalize())}: {points:g} of 7</h2>\n<table>\n"
        f"<tr><th>State</th><th>Test</th><th>Evidence</th></tr>\n{rows}</table>\n"
    )


def _row(result: Result) -> str:
    command = f"<code>{escape(result.command)}</code>" if result.command else ""
    return (
        f'<tr><td class="{result.state.split()[0]}">{result.state}</td>'
        f"<td>{escape(result.title)}</td><td>{escape(result.reason)}{command}</td></tr>\n"
    )
