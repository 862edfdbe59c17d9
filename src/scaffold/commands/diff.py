"""`scaffold diff`: what a project changed of the template's files, as a patch."""

from __future__ import annotations

from scaffold.commands.drift import Drift, drift, with_plain_ends
from scaffold.commands.patch import patch_between
from scaffold.commands.rendering import applied_tree
from scaffold.commands.report import Exit, Line, Report, Style
from scaffold.commands.wishes import Wishes
from scaffold.merge.globs import matches
from scaffold.project import Project
from scaffold.tree import Tree


def diff(wishes: Wishes, paths: tuple[str, ...] = (), *, reverse: bool = False) -> Report:
    """Return the patch from the pristine render to the project's files.

    Args:
        wishes: Where, and whether the template may be reached.
        paths: Globs of files; all where empty.
        reverse: As a patch of the template's own files, to be sent back to it.

    Raises:
        ScaffoldError: There is no project, or its template's past is gone.
    """
    project = Project.find(wishes.place)
    lock = project.applied
    drifted = tuple(
        each for each in drift(project.checkout, lock) if not paths or matches(each.path, paths)
    )
    rendered, notes = applied_tree(
        project.checkout.git, lock, project.spec.source, wishes, looking=True
    )
    before: Tree = {each.path: rendered[each.path] for each in drifted if each.path in rendered}
    after = _after(drifted, before)
    unsent: tuple[str, ...] = ()
    if reverse:
        from scaffold.commands.upstream import upstream  # noqa: PLC0415

        before, after, unsent = upstream(project, before, after, wishes)
    patch = patch_between(before, after)
    data = {
        "command": "diff",
        "reverse": reverse,
        "files": [{"path": each.path, "kind": each.kind} for each in drifted],
        "unsent": list(unsent),
        "notes": [note.to_json() for note in notes],
        "patch": patch.decode("utf-8", "replace"),
    }
    lines = [Line("no file of the template was changed")] if not drifted else []
    lines += [
        Line(f"not in the patch, since the template makes those lines: {path}", Style.WARN)
        for path in unsent
    ]
    return Report(data, tuple(lines), Exit.DONE, patch)


def _after(drifted: tuple[Drift, ...], before: Tree) -> Tree:
    result = {}
    for each in drifted:
        if each.file is None or each.path not in before:
            continue
        crlf = b"\r\n" in before[each.path].content
        result[each.path] = each.file if crlf else with_plain_ends(each.file)
    return result
