"""`scaffold sync`: make a project what its hand-edited spec says."""

from __future__ import annotations

from scaffold.commands.change import change, ready_project
from scaffold.commands.operation import Wanted
from scaffold.commands.report import Report
from scaffold.commands.wishes import Wishes


def sync_spec(wishes: Wishes) -> Report:
    """Make the project what scaffold.toml says, committed or not.

    Raises:
        ScaffoldError: The spec asks for something that is not there or is frozen.
    """
    project, undone = ready_project(wishes, edited_spec=True)
    applied = project.applied
    same = project.spec.source == applied.spec.source
    unchanged = same and project.spec.version == applied.spec.version
    ref = applied.commit if unchanged else project.spec.version
    return change(project, Wanted("sync", project.spec, ref), wishes, undone)
