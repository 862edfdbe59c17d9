"""A change that is saved, looked at, and carried out later exactly as it was planned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scaffold import __version__, apply, durable
from scaffold.commands.committing import commit_or_undo, refuse_staged
from scaffold.commands.report import Exit, Line, Report, Style, count
from scaffold.commands.telling import committed, next_after
from scaffold.commands.wishes import Wishes
from scaffold.errors import ScaffoldError
from scaffold.merge import Outcome
from scaffold.project import Checkout

PLAN_FORMAT = 1


def save_plan(file: Path, outcome: Outcome, message: str, report: dict[str, Any]) -> None:
    """Write everything that carrying out `outcome` needs to `file`.

    Raises:
        ScaffoldError: It cannot be written.
    """
    document = {
        "format": PLAN_FORMAT,
        "scaffold": __version__,
        "message": message,
        "report": report,
        "outcome": outcome.to_plan(),
    }
    try:
        durable.replace_private(file, (json.dumps(document, indent=1) + "\n").encode())
    except OSError as error:
        raise ScaffoldError(
            f"the plan cannot be written to {file}: {error.strerror}", code="cannot-write"
        ) from None


def apply_plan(file: Path, wishes: Wishes) -> Report:
    """Do what the plan in `file` says, to the commit that it was made for.

    Raises:
        ScaffoldError: It is no plan, or the repository is not as it was.
    """
    document = _read(file)
    checkout = Checkout.discover(wishes.place)
    checkout.check_ready()
    outcome = _outcome(document, file)
    if outcome.head != checkout.head:
        raise ScaffoldError(
            f"the plan is stale: it was made for commit {outcome.head[:12]}, "
            f"and this is {checkout.head[:12]}",
            hint="make it again with --plan",
            code="stale-plan",
        )
    message = str(document["message"])
    apply.recover(checkout.git)
    if wishes.commit:
        refuse_staged(checkout)
    apply.apply(checkout.git, outcome, note={"verb": "apply", "message": message})
    conflicts = [change.path for change in outcome.conflicts]
    commit = ""
    if wishes.commit and not conflicts:
        commit = commit_or_undo(checkout, message)
    done = {"command": "apply", "dry_run": False, "applied": True, "commit": commit}
    data = {**document["report"], **done}
    files = count(len(outcome.writes), "file")
    lines = [Line(f"applied: {files}, {len(conflicts)} to decide", Style.STRONG)]
    lines += [Line(f"  {path}", Style.BAD) for path in conflicts]
    lines += [committed(commit)] if commit else next_after(outcome)
    return Report(data, tuple(lines), Exit.NEGATIVE if conflicts else Exit.DONE)


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ScaffoldError(
            f"the plan {file} cannot be read: {error.strerror}",
            hint="name a file that --plan wrote",
            code="bad-plan",
        ) from None
    except ValueError:
        raise _not_a_plan(file) from None
    if not isinstance(document, dict) or document.get("format") != PLAN_FORMAT:
        raise _not_a_plan(file)
    return document


def _outcome(document: dict[str, Any], file: Path) -> Outcome:
    try:
        outcome = Outcome.from_plan(document["outcome"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _not_a_plan(file) from None
    texts = [outcome.head, outcome.prefix, outcome.tree, *outcome.changes, *outcome.objects]
    if not all(isinstance(text, str) for text in texts):
        raise _not_a_plan(file)
    return outcome


def _not_a_plan(file: Path) -> ScaffoldError:
    hint = "make one with --plan"
    return ScaffoldError(f"{file} is not a plan of this scaffold", hint=hint, code="bad-plan")
