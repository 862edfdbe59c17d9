"""`scaffold diff`: what a project changed of the template's files, as a patch."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from scaffold.commands.drift import Drift, drift, with_ends_of
from scaffold.commands.notes import Note
from scaffold.commands.patch import patch_between
from scaffold.commands.rendering import applied_tree
from scaffold.commands.report import Exit, Line, Report, Style
from scaffold.commands.wishes import Wishes
from scaffold.errors import ScaffoldError
from scaffold.merge.globs import matches
from scaffold.project import Project
from scaffold.tree import File, Tree


def diff(wishes: Wishes, paths: tuple[str, ...] = (), *, reverse: bool = False) -> Report:
    """Return the patch from the pristine render to the project's files.

    What the patch lacks is told beside it: files whose pristine render is gone, and changes that cannot be sent.

    Args:
        wishes: Where, and whether the template may be reached.
        paths: Globs of files, seen from the wished place or from the project's folder; all where empty.
        reverse: As a patch of the template's own files, to be sent back to it.

    Raises:
        ScaffoldError: There is no project, or a path is no file of the template's.
    """
    project = Project.find(wishes.place)
    lock = project.applied
    drifted = drift(project.checkout, lock)
    if paths:
        there = {*lock.files, *(each.moved_to for each in drifted if each.moved_to)}
        globs = [_glob(path, project.checkout.folder, wishes.place, there) for path in paths]
        drifted = tuple(
            each
            for each in drifted
            if matches(each.path, globs) or matches(each.moved_to or each.path, globs)
        )
    rendered, lost = applied_tree(
        project.checkout.git, lock, project.spec.source, wishes, looking=True
    )
    named = {each.path for each in drifted}
    notes = tuple(note for note in lost if note.subject in named)
    known = tuple(each for each in drifted if each.path in rendered)
    unsent: dict[str, str] = {}
    if reverse:
        from scaffold.commands.upstream import upstream  # noqa: PLC0415

        before, after, unsent = upstream(project, known, rendered, wishes)
    else:
        before = {each.path: rendered[each.path] for each in known}
        after = dict(_after(known, rendered))
    patch = patch_between(before, after)
    data = {
        "command": "diff",
        "reverse": reverse,
        "files": [each.to_json() for each in drifted],
        "unsent": list(unsent),
        "notes": [note.to_json() for note in notes],
        "patch": patch.decode("utf-8", "replace"),
    }
    lines = tuple(_lines(drifted, notes, unsent))
    return Report(data, lines, Exit.DONE, patch if drifted else None)


def _glob(path: str, folder: Path, place: Path, known: Collection[str]) -> str:
    """Return `path` as a glob of `known` files in the project's `folder`, as it is seen from `place` or from there."""
    seen = os.path.relpath(os.path.normpath(place.resolve() / path), folder)
    for glob in ("**" if seen == "." else seen, path):
        if any(matches(each, (glob,)) for each in known):
            return glob
    raise ScaffoldError(
        f"{path} is no file of the template's",
        hint="name a file, a folder or a glob; `scaffold diff` alone shows every change",
        code="no-such-part",
    )


def _after(drifted: tuple[Drift, ...], rendered: Tree) -> Iterator[tuple[str, File]]:
    for each in drifted:
        if each.file is not None:
            yield each.moved_to or each.path, with_ends_of(rendered[each.path], each.file)


def _lines(
    drifted: tuple[Drift, ...], notes: tuple[Note, ...], unsent: dict[str, str]
) -> Iterator[Line]:
    if not drifted:
        yield Line("no file of the template was changed")
    for note in notes:
        yield Line(f"note: {note.told}", Style.WARN)
    for path, reason in unsent.items():
        yield Line(f"not in the patch: {path}, {reason}", Style.WARN)
