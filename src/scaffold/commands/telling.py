"""How a change is told: as data for programs, as lines for people, as a patch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from scaffold.commands.message import commit_message, pull_request, title
from scaffold.commands.operation import Prepared
from scaffold.commands.report import Exit, Later, Line, Report, Style, count
from scaffold.commands.secrets import without_secrets
from scaffold.commands.wishes import Wishes
from scaffold.in_the_way import Refusal
from scaffold.merge import Change, Kind, Outcome
from scaffold.spec import OWN_FILES
from scaffold.undo import Undone
from scaffold.values import frozen

_STYLES = {
    Kind.CONFLICT: Style.BAD,
    Kind.KEPT: Style.WARN,
    Kind.KEPT_DELETED: Style.WARN,
    Kind.DELETED: Style.WARN,
    Kind.IGNORED: Style.WARN,
    Kind.ADDED: Style.GOOD,
}


@frozen
class Done:
    """What became of a prepared change.

    Args:
        applied: The work tree was changed.
        commit: The id of the commit that was made; empty where none was.
        branch: The branch that it is on, when that is a new one.
        refused: Files in the way, which stopped the change before it began.
        undone: What an earlier, killed run had left half-way and was put back first.
    """

    applied: bool = False
    commit: str = ""
    branch: str = ""
    refused: tuple[Refusal, ...] = ()
    undone: Undone = Undone()


def told(prepared: Prepared, wishes: Wishes, done: Done) -> Report:
    """Return the report of a change, or of what it would be."""
    lines = tuple(_lines(prepared, wishes, done))
    data = Later(lambda: _data(prepared, wishes, done))
    report = Report(data, lines, _exit(prepared, done))
    return without_secrets(report, prepared.rendered.secrets)


def _exit(prepared: Prepared, done: Done) -> Exit:
    if done.refused:
        return Exit.REFUSED
    return Exit.NEGATIVE if prepared.outcome.conflicts else Exit.DONE


def _data(prepared: Prepared, wishes: Wishes, done: Done) -> dict[str, Any]:
    before, after = prepared.before, prepared.rendered.lock
    return {
        "command": prepared.verb,
        "template": after.spec.source.address,
        "directory": after.spec.source.directory,
        "from": {"version": before.spec.version, "commit": before.commit},
        "to": {"version": after.spec.version, "commit": after.commit},
        "dry_run": wishes.dry_run,
        "applied": done.applied,
        "commit": done.commit,
        "branch": done.branch,
        "changes": [change.to_json() for change in prepared.outcome.changes.values()],
        "conflicts": [change.path for change in prepared.outcome.conflicts],
        "refused": [
            {"path": each.path, "code": each.code, "reason": each.reason} for each in done.refused
        ],
        "behind": list(after.behind),
        "notes": [note.to_json() for note in prepared.notes],
        "release_notes": [news.to_json() for news in prepared.news],
        "message": commit_message(prepared),
        "pull_request": pull_request(prepared),
        "recovered": list(done.undone.paths),
    }


def killed_lines(undone: Undone) -> Iterator[Line]:
    """Yield what a person is told of a killed run that was undone."""
    if undone.paths:
        yield Line(
            f"a run that was killed is undone: {count(len(undone.paths), 'file')}", Style.WARN
        )
    yield from saved_lines(undone)


def saved_lines(undone: Undone) -> Iterator[Line]:
    """Yield where what somebody had written since is kept."""
    for path, blob in sorted(undone.saved.items()):
        told = f"what you edited in {path} since is kept: git cat-file blob {blob}"
        yield Line(told, Style.WARN)


def _lines(prepared: Prepared, wishes: Wishes, done: Done) -> Iterator[Line]:
    yield from killed_lines(done.undone)
    changes = [
        change for change in prepared.outcome.changes.values() if change.path not in OWN_FILES
    ]
    if not prepared.outcome.changes:
        yield Line(f"nothing to do: the project is at {prepared.rendered.spec.version}")
        yield from _note_lines(prepared)
        return
    yield Line(_headline(prepared, wishes), Style.STRONG)
    shown = changes if wishes.dry_run else [change for change in changes if change.is_told]
    width = max((len(change.kind) for change in shown), default=0)
    for change in shown:
        yield from _change_lines(change, width)
    for refusal in done.refused:
        yield Line(f"  refused  {refusal.path} {refusal.reason}: {refusal.hint}", Style.BAD)
    if shown or done.refused:
        yield Line()
    yield Line(_summary(changes))
    yield from _note_lines(prepared)
    yield from _next_lines(prepared, wishes, done)


def _headline(prepared: Prepared, wishes: Wishes) -> str:
    return f"would {title(prepared)}" if wishes.dry_run else title(prepared)


def _change_lines(change: Change, width: int) -> Iterator[Line]:
    style = Style.BAD if change.is_conflict else _STYLES.get(change.kind, Style.PLAIN)
    from_ = f" (from {change.origin})" if change.origin else ""
    yield Line(f"  {change.kind:<{width}}  {change.path}{from_}: {change.reason}", style)
    for settlement in change.settlements:
        yield Line(f"  {'':<{width}}    {settlement.reason}", Style.FAINT)


def _summary(changes: list[Change]) -> str:
    counted = Counter(str(change.kind) for change in changes)
    conflicts = sum(change.is_conflict for change in changes)
    parts = [f"{count} {kind}" for kind, count in sorted(counted.items()) if kind != "conflict"]
    if conflicts:
        parts.insert(0, f"{conflicts} to decide")
    return ", ".join(parts) or "no file of the template changes"


def _note_lines(prepared: Prepared) -> Iterator[Line]:
    for note in prepared.notes:
        yield Line(f"note: {note.told}", Style.WARN)
    behind = prepared.rendered.lock.behind
    if behind:
        told = "1 file stays" if len(behind) == 1 else f"{len(behind)} files stay"
        yield Line(f"note: {told} behind; `scaffold upgrade` brings the rest along")


def _next_lines(prepared: Prepared, wishes: Wishes, done: Done) -> Iterator[Line]:
    if done.refused or wishes.dry_run:
        if wishes.plan is not None and not done.refused:
            import shlex  # noqa: PLC0415 - for a name with blanks in it

            yield Line(f"the plan is saved; next: scaffold apply {shlex.quote(str(wishes.plan))}")
        return
    if done.branch and prepared.outcome.conflicts:
        yield Line(f"next: git switch {done.branch}, decide the files above, and commit them")
    elif done.branch:
        yield Line(f"next: git push origin {done.branch}  (commit {done.commit[:12]})")
    elif done.commit:
        yield committed(done.commit)
    elif done.applied:
        yield from next_after(prepared.outcome)


def committed(commit: str) -> Line:
    """Return what a person is told of a commit that was made."""
    return Line(f"committed as {commit[:12]}; undo it with git revert {commit[:12]}")


def next_after(applied: Outcome) -> Iterator[Line]:
    """Yield what a person does next, once an outcome is in the work tree and not committed."""
    if applied.conflicts:
        yield Line("next: decide the files above, `git add` them, then scaffold upgrade --continue")
    else:
        yield Line("next: look at it (git diff --cached), then git commit")
    yield Line("      or take everything back: scaffold upgrade --abort")
