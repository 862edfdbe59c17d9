"""`scaffold upgrade`: bring a project to another version of its template; go on after, or undo, any change."""

from __future__ import annotations

from scaffold import apply
from scaffold.commands.change import change, ready_project
from scaffold.commands.committing import commit_applied
from scaffold.commands.operation import Wanted
from scaffold.commands.report import Line, Report, Style, count
from scaffold.commands.sources import stored_address
from scaffold.commands.target import followed
from scaffold.commands.telling import saved_lines
from scaffold.commands.wishes import Wishes
from scaffold.errors import ScaffoldError
from scaffold.project import Checkout
from scaffold.spec import Answers
from scaffold.values import replace


def upgrade(  # noqa: PLR0913 - as many wishes as the command has
    wishes: Wishes,
    *,
    to: str = "",
    template: str = "",
    directory: str = "",
    answers: Answers | None = None,
    only: tuple[str, ...] = (),
) -> Report:
    """Bring the project to the version `to`, or the newest one.

    Raises:
        ScaffoldError: It is refused; nothing was changed.
    """
    wishes = replace(wishes, only=only)
    project, undone = ready_project(wishes)
    spec = project.spec
    source = replace(
        spec.source,
        address=stored_address(template) or spec.source.address,
        directory=directory or spec.source.directory,
    )
    wanted = Wanted(
        "upgrade",
        replace(spec, source=source),
        to or followed(project.applied, source, offline=wishes.offline),
        answers or {},
    )
    return change(project, wanted, wishes, undone)


def go_on(wishes: Wishes) -> Report:
    """Close a change whose conflicts are decided; commit it, if wished.

    Raises:
        ScaffoldError: There is none, or conflicts are left.
    """
    checkout = _with_files(wishes)
    waiting = apply.pending(checkout.git)
    commit = ""
    if wishes.commit and waiting is not None:
        commit, decided = commit_applied(checkout, waiting.note.get("message", "Upgrade"))
    else:
        decided = apply.continue_(checkout.git)
    line = f"{count(len(decided), 'conflict')} decided"
    after = f"committed as {commit[:12]}" if commit else "next: git commit"
    data = {"command": "continue", "decided": list(decided), "commit": commit}
    return Report(data, (Line(line, Style.GOOD), Line(after)))


def abort(wishes: Wishes) -> Report:
    """Bring everything back to what it was before the last change.

    Raises:
        ScaffoldError: There is nothing to undo.
    """
    undone = apply.abort(_with_files(wishes).git)
    lines = [Line(f"undone: {count(len(undone.paths), 'file')} as before", Style.GOOD)]
    lines += saved_lines(undone)
    data = {"command": "abort", "paths": list(undone.paths), "saved": dict(undone.saved)}
    return Report(data, tuple(lines))


def _with_files(wishes: Wishes) -> Checkout:
    """Return the repository at the wished place, in which a change can wait: one with a work tree."""
    checkout = Checkout.discover(wishes.place)
    if checkout.bare:
        raise ScaffoldError(
            "no change waits in a bare repository",
            hint="go to the work tree that it was made in",
            code="bare-repository",
        )
    return checkout
