"""A project's changes as changes of the template's own files, so that they can be sent back to it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from scaffold.commands.rendering import open_again
from scaffold.commands.wishes import Wishes
from scaffold.git import Git
from scaffold.project import Project
from scaffold.render import render_context
from scaffold.render.layout import Layout
from scaffold.sandbox.chance import Chance
from scaffold.sandbox.engine import Engine
from scaffold.spec import Lock
from scaffold.template import Template
from scaffold.tree import File, Tree


def upstream(
    project: Project, before: Tree, after: Tree, wishes: Wishes
) -> tuple[Tree, Tree, tuple[str, ...]]:
    """Return the template's files before and after the project's changes, and the paths that cannot be sent.

    A change is carried over line by line; one to lines that the template makes of answers cannot be.
    """
    lock = project.applied
    template = open_again(lock, project.spec.source, wishes)
    origins = _origins(template, lock)
    sent_before: dict[str, File] = {}
    sent_after: dict[str, File] = {}
    unsent = []
    with tempfile.TemporaryDirectory(prefix="scaffold-diff-") as folder:
        for path, rendered in before.items():
            source = origins.get(path)
            changed = after.get(path)
            if source is None or changed is None:
                unsent.append(path)
                continue
            own = template.files[source]
            merged = _carried(Path(folder), own.content, rendered.content, changed.content)
            if merged is None:
                unsent.append(path)
                continue
            name = f"{template.source.directory}/{source}".removeprefix("/")
            sent_before[name] = own
            sent_after[name] = File(merged, changed.mode)
    return sent_before, sent_after, tuple(unsent)


def _origins(template: Template, lock: Lock) -> dict[str, str]:
    """Return path in the project -> path in the template."""
    questions = template.questions
    layout = Layout.of(template.files, questions.raw, questions.settings)
    engine = Engine(questions.settings, layout.included, Chance(lock.seed))
    context = render_context(template, lock.spec.answers, lock.spec.components, engine)
    return {target: source for target, source, _ in layout.targets(engine, context)}


def _carried(folder: Path, own: bytes, before: bytes, after: bytes) -> bytes | None:
    """Return `own` with what changed between `before` and `after`, or nothing where they overlap."""
    if own == before:
        return after
    for name, content in (("own", own), ("before", before), ("after", after)):
        (folder / name).write_bytes(content)
    merged = Git(folder)("merge-file", "-p", "own", "before", "after", expect=range(256))
    return merged.stdout if merged.returncode == 0 else None
