"""Records of what only a person can decide: dated files that expire when what they review changes.

A record is a Markdown file in docs/decisions that starts with

    ---
    test: inclusion           # the name of the test, as `make score` prints it
    date: 2026-01-31
    by: the name of a person
    reviews: [params.yaml]    # files; a later change of one of them makes the record outdated
    applies: true             # false: the test does not apply here, for the reason below
    ---

and goes on with the reason.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from project_package.proof.score.repository import Repository

FOLDER = "docs/decisions"
# People write the date of where they are: in the far east it is tomorrow already.
FAR_EAST = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Record:
    """A decision, and why it does not count any more, if so."""

    demand: str
    path: str
    applies: bool
    summary: str
    outdated: str


def all_records(repository: Repository) -> list[Record]:
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
        outdated=_outdated(repository, file, facts, body),
    )


def _outdated(repository: Repository, file: Path, facts: dict[str, Any], body: str) -> str:
    """Return why the record does not count, "" if it does."""
    when, reviewed = facts.get("date"), facts.get("reviews")
    if not isinstance(when, date) or when > (datetime.now(UTC) + FAR_EAST).date():
        return "has no date, or one that is still to come"
    if not facts.get("by") or not body.strip() or not reviewed:
        return "does not say who decided, why, and what was reviewed"
    if repository.git("rev-parse", "--is-shallow-repository") == "true":
        return "may be older than what it reviews: the history is not here, git fetch --unshallow"
    for path in reviewed:
        if not (repository.root / path).exists():
            return f"reviews {path}, which is not there"
        if changed := _changed_since(repository, file, path, when):
            return f"is older than {path}, which changed on {changed}"
    return ""


def _changed_since(repository: Repository, record: Path, path: str, when: date) -> date | None:
    """Return when `path` changed after the record was made, None if it did not."""
    # A clone gives every file today's time: git knows better, but for what is not committed.
    last = _last_commit(repository, path)
    recorded = _dated(repository, str(record.relative_to(repository.root)))
    if last is None:
        written = (repository.root / path).stat().st_mtime
        changed = datetime.fromtimestamp(written, UTC).astimezone().date()
        return changed if recorded or changed > when else None
    if recorded == last:
        return None  # they came in together
    is_later = recorded and repository.git("rev-list", "-1", f"{recorded}..{last}")
    day = datetime.fromisoformat(repository.git("show", "-s", "--format=%cI", last)).date()
    return day if is_later or day > when else None


def _dated(repository: Repository, record: str) -> str | None:
    """Return the commit that wrote the record's date, None where it has another now.

    A date is what says that somebody looked: a change of the words alone renews nothing.
    """
    date_line = "-G^date:"
    if repository.git("diff", "--name-only", date_line, "HEAD", "--", record):
        return None
    return repository.git("log", "-1", "--format=%H", date_line, "--", record) or None


def _last_commit(repository: Repository, path: str) -> str | None:
    """Return the commit that last changed `path`, None where it has changed since."""
    if repository.git("status", "--porcelain", "--", path):
        return None
    return repository.git("log", "-1", "--format=%H", "--", path) or None
