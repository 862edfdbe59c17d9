"""Records of what only a person can decide: dated files that expire when what they review changes.

A record is a Markdown file in docs/decisions that starts with

    ---
    test: inclusion           # the name of the test, as `make score` prints it
    date: 2026-01-31
    by: the name of a person
    reviews: [params.yaml]    # files; a later commit to one of them makes the record outdated
    applies: true             # false: the test does not apply here, for the reason below
    ---

and goes on with the reason.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from project_package.proof.score.repository import Repository

FOLDER = "docs/decisions"


@dataclass(frozen=True, slots=True)
class Record:
    """A decision, and why it does not count any more, if so."""

    demand: str
    path: str
    applies: bool
    summary: str
    outdated: str


def standing(repository: Repository) -> list[Record]:
    """Return all records of the repository, those that are outdated with the reason."""
    files = sorted((repository.root / FOLDER).glob("*.md"))
    return [record for file in files if (record := _read(repository, file)) is not None]


def _read(repository: Repository, file: Path) -> Record | None:
    _, mark, rest = file.read_text("utf-8").partition("---\n")
    head, _, body = rest.partition("\n---\n")
    try:
        facts = yaml.safe_load(head) if mark else None
    except yaml.YAMLError:
        return None
    if not isinstance(facts, dict) or "test" not in facts:
        return None
    return Record(
        demand=str(facts["test"]),
        path=file.relative_to(repository.root).as_posix(),
        applies=facts.get("applies", True) is True,
        summary=f"{facts.get('by')}, {facts.get('date')}: {body.strip().partition(chr(10))[0]}",
        outdated=_outdated(repository, facts, body),
    )


def _outdated(repository: Repository, facts: dict[str, Any], body: str) -> str:
    """Return why the record does not count, "" if it does."""
    when, reviewed = facts.get("date"), facts.get("reviews")
    if not isinstance(when, date) or when > datetime.now(UTC).date():
        return "has no date, or one that is still to come"
    if not facts.get("by") or not body.strip() or not reviewed:
        return "does not say who decided, why, and what was reviewed"
    for path in reviewed:
        if not (repository.root / path).exists():
            return f"reviews {path}, which is not there"
        changed = _changed(repository, path)
        if changed > when:
            return f"is older than {path}, which changed on {changed}"
    return ""


def _changed(repository: Repository, path: str) -> date:
    # A clone gives every file today's time: git knows better, but for what is not committed.
    committed = repository.git("log", "-1", "--format=%cI", "--", path)
    if committed and not repository.git("status", "--porcelain", "--", path):
        return datetime.fromisoformat(committed).astimezone(UTC).date()
    return datetime.fromtimestamp((repository.root / path).stat().st_mtime, UTC).date()
