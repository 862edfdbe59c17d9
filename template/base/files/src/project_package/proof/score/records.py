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

from project_package.proof.score.repository import Lacking, Repository, dvc_hash

FOLDER = "docs/decisions"
MARK = "---\n"
# People write the date of where they are: in the far east it is tomorrow already.
FAR_EAST = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Record:
    """A decision, and why it does not count, if so: nothing else is known of it then."""

    demand: str
    path: str
    applies: bool
    summary: str
    outdated: str


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a record says, in the form that it must have."""

    when: date
    by: str
    reviews: tuple[str, ...]
    applies: bool
    reason: str


def all_records(repository: Repository) -> list[Record]:
    """Return all records of the repository, those that do not count with the reason."""
    files = sorted((repository.root / FOLDER).glob("*.md"))
    return [record for file in files if (record := _read(repository, file)) is not None]


def _read(repository: Repository, file: Path) -> Record | None:
    """Return the record in `file`, None where it does not start as a record does."""
    text = file.read_text("utf-8", errors="replace")
    if not text.startswith(MARK):
        return None
    head, _, body = text.removeprefix(MARK).partition(f"\n{MARK}")
    facts = _facts(head)
    if facts is not None and "test" not in facts:
        return None
    demand = file.stem if facts is None else str(facts["test"])
    path = file.relative_to(repository.root).as_posix()
    try:
        decision = _decision(facts, body)
        for reviewed in decision.reviews:
            _require_newer(repository, path, reviewed, decision.when)
    except Lacking as lacking:
        return Record(demand, path, applies=False, summary="", outdated=str(lacking))
    summary = f"{decision.by}, {decision.when}: {decision.reason}"
    return Record(demand, path, decision.applies, summary, outdated="")


def _facts(head: str) -> dict[str, Any] | None:
    """Return what the YAML of `head` says, None where it is none."""
    try:
        facts = yaml.safe_load(head)
    except (ValueError, yaml.YAMLError):  # a day that no calendar has is a ValueError
        return None
    return facts if isinstance(facts, dict) else None


def _decision(facts: dict[str, Any] | None, body: str) -> _Decision:
    """Return what a record with this head and body says; Lacking says what is wrong with it."""
    if facts is None:
        raise Lacking("starts with lines that are no YAML")
    reason = body.strip().partition("\n")[0]
    by, applies = facts.get("by"), facts.get("applies", True)
    if not (isinstance(by, str) and by.strip() and reason):
        raise Lacking("does not say who decided, and why")
    if not isinstance(applies, bool):
        raise Lacking("does not say true or false in `applies`")
    return _Decision(_day(facts.get("date")), by, _paths(facts.get("reviews")), applies, reason)


def _day(written: Any) -> date:
    day = written.date() if isinstance(written, datetime) else written
    if not isinstance(day, date):
        raise Lacking("has no date")
    if day > (datetime.now(UTC) + FAR_EAST).date():
        raise Lacking("has a date that is still to come")
    return day


def _paths(written: Any) -> tuple[str, ...]:
    paths = written if isinstance(written, list) else [written]
    if not paths or not all(isinstance(path, str) and path for path in paths):
        raise Lacking("does not list the files that were looked at in `reviews`")
    return tuple(Path(path).as_posix() for path in paths)


def _require_newer(repository: Repository, record: str, path: str, when: date) -> None:
    """Raise Lacking where `path` changed after the record of the day `when` was made."""
    if repository.git("rev-parse", "--is-shallow-repository") == "true":
        raise Lacking(
            "may be older than what it reviews: the history is not here, git fetch --unshallow"
        )
    if not (repository.root / path).exists():
        raise Lacking(f"reviews {path}, which is not there")
    if changed := _changed_since(repository, record, path, when):
        raise Lacking(f"is older than {path}, which changed on {changed}")


def _changed_since(repository: Repository, record: str, path: str, when: date) -> date | None:
    """Return when `path` changed after the record was made, None if it did not."""
    last, recorded = _last_commit(repository, path), _dated(repository, record)
    if last is None:
        # A clone gives every file today's time: git knows better, but for what it does not keep.
        written = (repository.root / path).stat().st_mtime
        changed = datetime.fromtimestamp(written, UTC).astimezone().date()
        is_edited = bool(recorded) and not _is_ignored(repository, path)
        return changed if is_edited or changed > when else None
    if recorded == last and {record, path} <= _added(repository, last):
        return None  # they came in together, such as with the first commit of all
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
    """Return the commit that last changed `path`, None where it has changed since.

    What DVC keeps is in git as a hash.
    """
    if _is_ignored(repository, path):
        kept = f"-S{dvc_hash(repository.root / path)}"
        return repository.git("log", "-1", "--format=%H", kept, "--", "dvc.lock", "*.dvc") or None
    if repository.git("status", "--porcelain", "--", path):
        return None
    return repository.git("log", "-1", "--format=%H", "--", path) or None


def _is_ignored(repository: Repository, path: str) -> bool:
    return bool(repository.git("check-ignore", "--", path))


def _added(repository: Repository, commit: str) -> set[str]:
    """Return the files that `commit` brought; one that it moved was there before."""
    options = ("--format=", "--name-only", "--diff-filter=A", "--find-renames", "-z")
    return set(repository.git("show", *options, commit).split("\0"))
