"""`scaffold set`: change answers, at the version that the project has."""

from __future__ import annotations

from scaffold.commands.change import change, check_synced, ready_project
from scaffold.commands.operation import Wanted
from scaffold.commands.report import Report
from scaffold.commands.wishes import Wishes
from scaffold.spec import Answers


def set_answers(wishes: Wishes, answers: Answers) -> Report:
    """Give the project's template other answers.

    Raises:
        ScaffoldError: One is to no question, does not fit, or is frozen, or the spec wants another version.
    """
    project, undone = ready_project(wishes)
    check_synced(project)
    wanted = Wanted("set", project.spec, project.applied.commit, answers)
    return change(project, wanted, wishes, undone)
