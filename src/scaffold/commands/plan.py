"""A change that is saved, looked at, and carried out later exactly as it was planned."""

from __future__ import annotations

import json
import os
import re
from itertools import starmap
from pathlib import Path
from typing import Any, get_args

from scaffold import __version__, apply, durable
from scaffold.commands.committing import commit_or_undo, refuse_staged
from scaffold.commands.report import Exit, Line, Report, Style, count
from scaffold.commands.telling import committed, killed_lines, next_after
from scaffold.commands.wishes import Wishes
from scaffold.errors import ScaffoldError
from scaffold.merge import Outcome
from scaffold.merge.outcome import Change
from scaffold.objects import object_id
from scaffold.pack import OBJECT_KINDS
from scaffold.project import Checkout
from scaffold.spec import SPEC_FILE
from scaffold.tree import Mode
from scaffold.trust.limits import Limits
from scaffold.trust.paths import leads_out, open_regular
from scaffold.undo import Undone

PLAN_FORMAT = 1

_SHA1 = 40
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def save_plan(
    file: Path, outcome: Outcome, message: str, report: dict[str, Any], *, spec: str = ""
) -> None:
    """Write everything that carrying out `outcome` needs to `file`.

    Args:
        file: Where.
        outcome: What is to be carried out.
        message: Of its commit.
        report: What is told of it.
        spec: The blob id of scaffold.toml as it lies there, where the outcome is made from that.

    Raises:
        ScaffoldError: It cannot be written.
    """
    if file.is_dir() and not file.is_symlink():
        raise ScaffoldError(
            f"the plan cannot be written to {file}: it is a folder",
            hint="name a file for it",
            code="cannot-write",
        )
    if leads_out(file.parent.absolute() / "any"):  # the file itself may be a link, and is replaced
        raise ScaffoldError(
            f"the plan cannot be written to {file}: a link leads out of the repository there",
            hint="name another place for it",
            code="in-the-way",
        )
    document = {
        "format": PLAN_FORMAT,
        "scaffold": __version__,
        "message": message,
        "report": report,
        "spec": spec,
        "outcome": outcome.to_plan(),
    }
    try:
        durable.replace_private(file, (json.dumps(document, indent=1) + "\n").encode())
    except OSError as error:
        raise ScaffoldError(
            f"the plan cannot be written to {file}: {error.strerror}",
            hint="name another place for it",
            code="cannot-write",
        ) from None


def apply_plan(file: Path, wishes: Wishes) -> Report:
    """Do what the plan in `file` says, to the commit that it was made for.

    Raises:
        ScaffoldError: It is no plan, or the repository is not as it was.
    """
    outcome, message, report, spec = _read(file)
    checkout = Checkout.discover(wishes.place)
    checkout.check_ready(may_branch=False)
    if outcome.head != checkout.head:
        raise ScaffoldError(
            f"the plan is stale: it was made for commit {outcome.head[:12]}, "
            f"and this is {checkout.head[:12]}",
            hint="make it again with --plan",
            code="stale-plan",
        )
    undone = apply.recover(checkout.git) or Undone()
    if wishes.commit:
        refuse_staged(checkout)
    note = {"verb": "apply", "message": message}
    apply.apply(checkout.git, outcome, note=note, edited=_edited(checkout, outcome, spec))
    conflicts = [change.path for change in outcome.conflicts]
    commit = ""
    if wishes.commit and not conflicts:
        commit = commit_or_undo(checkout, message)
    done = {"command": "apply", "dry_run": False, "applied": True, "commit": commit}
    done |= {"recovered": list(undone.paths)}
    data = {**report, **done}
    files = count(len(outcome.writes), "file")
    lines = [
        *killed_lines(undone),
        Line(f"applied: {files}, {len(conflicts)} to decide", Style.STRONG),
    ]
    lines += [Line(f"  {path}", Style.BAD) for path in conflicts]
    lines += [committed(commit)] if commit else next_after(outcome)
    return Report(data, tuple(lines), Exit.NEGATIVE if conflicts else Exit.DONE)


def _edited(checkout: Checkout, outcome: Outcome, spec: str) -> tuple[str, ...]:
    """Return the path of a spec that was planned from as it lies there, and still does."""
    path = outcome.in_repository(SPEC_FILE)
    lies = checkout.at("").read(path)
    return (path,) if lies is not None and object_id("blob", lies) == spec else ()


def _read(file: Path) -> tuple[Outcome, str, dict[str, Any], str]:
    """Return what a plan holds, which anybody may have written: all of it is looked at first."""
    try:
        with open_regular(file) as stream:
            text = stream.read()
    except OSError as error:
        raise ScaffoldError(
            f"the plan {file} cannot be read: {error.strerror}",
            hint="name a file that --plan wrote",
            code="bad-plan",
        ) from None
    try:
        document = json.loads(text)
        if Limits.from_environment().is_too_deep(document) or document["format"] != PLAN_FORMAT:
            raise _not_a_plan(file)
        outcome = Outcome.from_plan(document["outcome"])
        message, report = document["message"], document["report"]
        spec = document.get("spec", "")
        is_sound = isinstance(report, dict) and _is_message(message) and _is_outcome(outcome)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise _not_a_plan(file) from None
    if not is_sound:
        raise _not_a_plan(file)
    return outcome, message, report, spec


def _is_message(text: Any) -> bool:
    return isinstance(text, str) and "\0" not in text and bool(text.encode())


def _is_outcome(outcome: Outcome) -> bool:
    ids = [outcome.tree, *([outcome.head] if outcome.head else [])]
    return (
        isinstance(outcome.prefix, str)
        and isinstance(outcome.head, str)
        and all(map(_ID.fullmatch, ids))
        and all(map(_is_change, outcome.changes.values()))
        and all(starmap(_is_object, outcome.objects.items()))
    )


def _is_change(change: Change) -> bool:
    settled = [text for each in change.settlements for text in vars(each).values()]
    texts = [change.code, change.reason, change.origin, *settled]
    files = [change.before, change.after, *change.stages.values()]
    return (
        bool(os.fsencode(change.path))
        and all(isinstance(text, str) for text in texts)
        and type(change.regions) is int
        and {1, 2, 3}.issuperset(change.stages)
        and all(file is None or file.mode in get_args(Mode) for file in files)
    )


def _is_object(identifier: str, kept: tuple[str, bytes]) -> bool:
    """Return whether an object has its own name: git would not look again."""
    kind, content = kept
    algorithm = "sha1" if len(identifier) == _SHA1 else "sha256"
    return kind in OBJECT_KINDS and object_id(kind, content, algorithm) == identifier


def _not_a_plan(file: Path) -> ScaffoldError:
    hint = "make one with --plan"
    return ScaffoldError(f"{file} is not a plan of this scaffold", hint=hint, code="bad-plan")
