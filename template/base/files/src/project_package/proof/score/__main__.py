"""Print the score and write reports/score.json and .html: `make score`."""

import argparse
import json
import logging
import sys
import time
import warnings
from dataclasses import asdict
from pathlib import Path

from project_package.proof.score.collect import all_evidence
from project_package.proof.score.judge import Result, judge, section_points
from project_package.proof.score.page import to_html
from project_package.proof.score.repository import Repository
from project_package.proof.score.rubric import SECTIONS
from project_package.proof.studies import renew

MARKS = {"satisfied": "ok", "not applicable": "--", "missing": "NO"}


def main() -> None:
    """Score the current folder; exit with 1 where fewer tests are satisfied than asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-least", type=int, default=0, help="how many must be satisfied")
    least = parser.parse_args().at_least
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    repository, pieces = Repository(Path.cwd()), all_evidence()
    renew(repository.paths, [path for piece in pieces for path in piece.tests], say)
    results = judge(repository, pieces)
    write(repository, results)
    for text in table(results):
        say(text)
    satisfied = sum(result.state == "satisfied" for result in results)
    say(f"{time.perf_counter() - start:.0f} s; reports/score.html has the same with commands")
    sys.exit(satisfied < least)


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
    content = {
        "score": min(points.values()),
        "satisfied": sum(result.state == "satisfied" for result in results),
        "sections": points,
        "tests": [asdict(result) for result in results],
    }
    folder = repository.paths.reports
    folder.mkdir(exist_ok=True)
    (folder / "score.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    (folder / "score.html").write_text(to_html(results), "utf-8")


def say(text: str) -> None:
    """Print `text` at once."""
    print(text, flush=True)  # noqa: T201 - what this command is for


if __name__ == "__main__":
    main()
