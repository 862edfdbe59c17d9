"""Print the score and write reports/score.json and .html: `make score`."""

import argparse
import json
import logging
import sys
import time
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from project_package.errors import PipelineError
from project_package.proof.score.collect import all_evidence
from project_package.proof.score.judge import Result, judge, section_points
from project_package.proof.score.page import to_html
from project_package.proof.score.repository import Repository
from project_package.proof.score.rubric import SECTIONS
from project_package.proof.studies import renew
from project_package.proof.terminal import say

SHOWN: Literal["shown"] = "shown"
MARKS = {"satisfied": "ok", "not applicable": "--", "missing": "NO"}


def main() -> None:
    """Score the current folder; exit with 1 where fewer tests are settled than asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-least", type=least, default=0, help=least.__doc__)
    wanted = parser.parse_args().at_least
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    try:
        results = score(Repository(Path.cwd()))
    except PipelineError as error:
        sys.exit(error.told)
    for text in table(results):
        say(text)
    say(f"{time.perf_counter() - start:.0f} s; reports/score.html has the same with commands")
    if wanted == SHOWN:
        results = shown(results)
        wanted = len(results)
    if (found := settled(results)) < wanted:
        sys.exit(f"error: {found} tests are satisfied or do not apply, {wanted} must be")


def least(text: str) -> int | Literal["shown"]:
    """How many must be satisfied, or not apply; `shown`: all that something here can show."""
    return SHOWN if text == SHOWN else int(text)


def shown(results: list[Result]) -> list[Result]:
    """Return the tests that something in this repository can show, and not a person alone."""
    names = {piece.demand for piece in all_evidence()}
    return [result for result in results if result.name in names]


def settled(results: list[Result]) -> int:
    """Return how many tests are satisfied, or do not apply by the decision of a person."""
    return sum(result.state != "missing" for result in results)


def score(repository: Repository) -> list[Result]:
    """Measure what is not known yet, judge, and write the reports."""
    pieces = all_evidence()
    renew(repository.paths, [path for piece in pieces for path in piece.tests], say)
    results = judge(repository, pieces)
    write(repository, results)
    return results


def table(results: list[Result]) -> list[str]:
    """Return the lines of the table, and of the score under it."""
    points = section_points(results)
    lines = []
    for section in SECTIONS:
        lines.append(f"{section} {points[section]:g} of 7")
        for each in (result for result in results if result.section == section):
            lines.append(f"  {MARKS[each.state]:4}{each.name:15}{each.title}")
            lines.append(f"      {'':15}{each.reason}")
    count = sum(result.state == "satisfied" for result in results)
    smallest = min(points.values())
    lines.append(f"{count} of {len(results)} satisfied, score {smallest:g}: the smallest section")
    return lines


def write(repository: Repository, results: list[Result]) -> None:
    """Write the score as JSON and as a page."""
    points = section_points(results)
    about = repository.about()
    content = {
        **about,
        "score": min(points.values()),
        "satisfied": sum(result.state == "satisfied" for result in results),
        "sections": points,
        "tests": [asdict(result) for result in results],
    }
    folder = repository.paths.reports
    folder.mkdir(exist_ok=True)
    (folder / "score.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    (folder / "score.html").write_text(to_html(results, about), "utf-8")


if __name__ == "__main__":
    main()
