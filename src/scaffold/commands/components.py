"""`scaffold add` and `scaffold remove`: change the components, at the version that the project has."""

from __future__ import annotations

from scaffold.commands.change import change, check_synced, ready_project
from scaffold.commands.known import check_known
from scaffold.commands.operation import Wanted
from scaffold.commands.rendering import open_again
from scaffold.commands.report import Report
from scaffold.commands.wishes import Wishes
from scaffold.errors import ScaffoldError
from scaffold.project import Project
from scaffold.questions import Questions
from scaffold.rules import requiring, with_required
from scaffold.spec import Answers
from scaffold.values import replace


def add(wishes: Wishes, names: tuple[str, ...], answers: Answers) -> Report:
    """Add the components `names`, or those of presets by that name, and what they require.

    Raises:
        ScaffoldError: One is unknown, does not fit with the others, or is refused.
    """
    if not _is_project(wishes):
        from scaffold.commands.adopt import add_to_foreign  # noqa: PLC0415

        return add_to_foreign(wishes, names, answers)
    project, undone = ready_project(wishes)
    check_synced(project)
    questions = _questions(project, wishes)
    names = _without_presets(questions, names)
    check_known(questions, names)
    _refuse_occupied(project, questions, names)
    chosen = with_required(questions.manifests, {*project.spec.components, *names})
    return change(project, _wanted(project, "add", chosen, answers), wishes, undone)


def remove(wishes: Wishes, names: tuple[str, ...]) -> Report:
    """Remove the components `names`.

    Raises:
        ScaffoldError: One is not there, or another one needs it.
    """
    project, undone = ready_project(wishes)
    check_synced(project)
    questions = _questions(project, wishes)
    present = set(project.spec.components)
    for name in names:
        if name not in present:
            raise ScaffoldError(
                f"the project has no component {name}",
                hint=f"it has {', '.join(sorted(present)) or 'none'}",
                code="unknown-component",
            )
        _refuse_needed(questions, name, present - set(names))
    return change(project, _wanted(project, "remove", present - set(names), {}), wishes, undone)


def _wanted(project: Project, verb: str, components: object, answers: Answers) -> Wanted:
    chosen = tuple(sorted(components))  # type: ignore[call-overload]
    return Wanted(verb, replace(project.spec, components=chosen), project.applied.commit, answers)


def _is_project(wishes: Wishes) -> bool:
    try:
        Project.find(wishes.place)
    except ScaffoldError as error:
        if error.code != "no-project":
            raise
        return False
    return True


def _questions(project: Project, wishes: Wishes) -> Questions:
    lock = project.applied
    return open_again(lock, project.spec.source, wishes).questions


def _without_presets(questions: Questions, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `names` with each preset's components in its place."""
    presets = {name: each["components"] for name, each in questions.presets.items()}
    return tuple(
        component
        for name in names
        for component in (
            presets[name] if name in presets and name not in questions.components else [name]
        )
    )


def _refuse_occupied(project: Project, questions: Questions, names: tuple[str, ...]) -> None:
    """Refuse a second component for a slot that was decided when the project began."""
    for name in names:
        slot = questions.manifests[name].get("slot")
        for other in project.spec.components:
            same = questions.manifests.get(other, {}).get("slot") == slot
            if slot and same and other != name:
                raise ScaffoldError(
                    f"{name} cannot be added: the project's {slot} is {other}",
                    hint="it is decided when a project begins; start a new one for the other",
                    code="frozen-answer",
                )


def _refuse_needed(questions: Questions, name: str, rest: set[str]) -> None:
    slot = questions.manifests.get(name, {}).get("slot")
    if slot:
        raise ScaffoldError(
            f"{name} cannot be removed: it is the project's {slot}",
            hint="it is decided when a project begins; start a new one without it",
            code="frozen-answer",
        )
    for other in requiring(questions.manifests, name, rest):
        raise ScaffoldError(
            f"{name} cannot be removed: {other} requires it",
            hint=f"remove both: scaffold remove {name} {other}",
            code="component-clash",
        )
