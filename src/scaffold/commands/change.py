"""From an edited spec to a report: plan, apply, commit, as the command line wishes."""

from __future__ import annotations

from scaffold import apply
from scaffold.commands.message import commit_message
from scaffold.commands.operation import Prepared, Wanted, carry_out, edited_paths, prepare
from scaffold.commands.report import Report
from scaffold.commands.secrets import without_secrets
from scaffold.commands.telling import Done, told
from scaffold.commands.wishes import Wishes
from scaffold.errors import ScaffoldError
from scaffold.git import Git
from scaffold.objects import object_id
from scaffold.project import Project, check_git
from scaffold.spec import SPEC_FILE
from scaffold.undo import Undone
from scaffold.values import replace


def ready_project(wishes: Wishes, *, edited_spec: bool = False) -> tuple[Project, Undone]:
    """Return the project at the wished place, and what an earlier, killed run had left half-way.

    Args:
        wishes: Where it is. For a branch it is the project as it is committed: what lies in the work tree is no part
            of that.
        edited_spec: What the spec says as it lies there is what is wanted.

    Raises:
        ScaffoldError: There is none, or it is in no state to be changed.
    """
    check_git()
    project = Project.find(wishes.place)
    checkout = project.checkout
    checkout.check_ready(leaves_files=wishes.dry_run or bool(wishes.branch))
    if wishes.branch:
        return project.as_committed(but_spec=edited_spec), Undone()
    if not checkout.has_journal():
        return project, Undone()
    undone = apply.recover(checkout.git)
    apply.refuse_pending(checkout.git)
    return (Project.find(wishes.place) if undone else project), undone or Undone()


def check_synced(project: Project) -> None:
    """Refuse a change at the version that is applied where the spec wants another one: it would be taken back.

    Answers and components that the spec wants are applied with the change.

    Raises:
        ScaffoldError: The spec's version or source is not the lock's.
    """
    wanted, applied = project.spec, project.applied.spec
    if (wanted.source, wanted.version) == (applied.source, applied.version):
        return
    what = wanted.version or "the newest version"
    if wanted.source != applied.source:
        what = "another template"
    raise ScaffoldError(
        f"{SPEC_FILE} wants {what}, which is not applied",
        hint="apply it first: scaffold sync",
        code="not-synced",
    )


def change(project: Project, wanted: Wanted, wishes: Wishes, undone: Undone) -> Report:
    """Make `project` what is wanted, or say what that would do.

    Raises:
        ScaffoldError: It is refused, and nothing was changed.
    """
    return carry_out_prepared(project, prepare(project, wanted, wishes), wishes, undone)


def carry_out_prepared(
    project: Project, prepared: Prepared, wishes: Wishes, undone: Undone
) -> Report:
    """Do what was prepared, or say what it is.

    Raises:
        ScaffoldError: Files are in the way, and nothing was changed.
    """
    if wishes.plan is not None:
        wishes = replace(wishes, dry_run=True)
    if wishes.dry_run:
        return _planned(project, prepared, wishes, undone)
    if prepared.outcome.is_empty:
        return told(prepared, wishes, Done(undone=undone))
    commit = carry_out(project, prepared, wishes)
    done = Done(applied=not wishes.branch, commit=commit, branch=wishes.branch, undone=undone)
    return told(prepared, wishes, done)


def _planned(project: Project, prepared: Prepared, wishes: Wishes, undone: Undone) -> Report:
    checkout = project.checkout
    in_the_way = () if checkout.bare or wishes.branch else _in_the_way(checkout.git, prepared)
    report = told(prepared, wishes, Done(refused=in_the_way, undone=undone))
    if wishes.plan is not None:
        if prepared.rendered.tree != prepared.rendered.filled:
            raise _secret_plan()
        from scaffold.commands.plan import save_plan  # noqa: PLC0415

        message, data = commit_message(prepared), dict(report.data)
        spec = checkout.read(SPEC_FILE) if edited_paths(prepared) else None
        made_from = object_id("blob", spec) if spec is not None else ""
        save_plan(wishes.plan, prepared.outcome, message, data, spec=made_from)
    if wishes.diff:
        from scaffold.commands.patch import as_patch  # noqa: PLC0415

        patch = as_patch(prepared.outcome)
        data = {**report.data, "patch": patch.decode("utf-8", "replace")}
        report = replace(report, patch=patch, data=data)
        return without_secrets(report, prepared.rendered.secrets)
    return report


def _secret_plan() -> ScaffoldError:
    return ScaffoldError(
        "a plan would store the secrets that you gave",
        hint="make it without them, or upgrade without a plan",
        code="secret-plan",
    )


def _in_the_way(git: Git, prepared: Prepared) -> tuple[apply.Refusal, ...]:
    return apply.refusals(git, prepared.outcome, edited=edited_paths(prepared))
