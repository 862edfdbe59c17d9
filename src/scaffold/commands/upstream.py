"""A project's changes as changes of the template's own files, so that they can be sent back to it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
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
from scaffold.trust.limits import Limits, confined


def upstream(
    project: Project, before: Tree, after: Tree, wishes: Wishes
) -> tuple[Tree, Tree, tuple[str, ...]]:
    """Return the template's files before and after the project's changes, and the paths that cannot be sent.

    Of scaffold's own template, these are its sources. A change is carried over line by line; one to lines that the
    template makes of answers cannot be, nor can new lines that a template would take for Jinja.
    """
    lock = project.applied
    template = open_again(lock, project.spec.source, wishes)
    origins = _origins(template, lock)
    sent_before: dict[str, File] = {}
    sent_after: dict[str, File] = {}
    unsent = []
    for path, rendered in before.items():
        changed = after.get(path)
        if path not in origins or changed is None:
            unsent.append(path)
            continue
        name, own = _source(template, origins[path])
        content = _carried(template, lock, own.content, rendered.content, changed.content)
        if content is None:
            unsent.append(path)
            continue
        sent_before[name] = own
        sent_after[name] = File(content, changed.mode)
    return sent_before, sent_after, tuple(unsent)


def _source(template: Template, path: str) -> tuple[str, File]:
    """Return where people edit a file of the template, and what it holds there."""
    file = template.files[path]
    if template.own:
        from scaffold.compile import source_of  # noqa: PLC0415

        name, source = source_of(path, file)
        return f"template/{name}", source
    return f"{template.source.directory}/{path}".removeprefix("/"), file


def _origins(template: Template, lock: Lock) -> dict[str, str]:
    """Return path in the project -> path in the template."""
    questions = template.questions
    layout = Layout.of(template.files, questions.raw, questions.settings)
    engine = Engine(questions.settings, layout.included, Chance(lock.seed))

    def found() -> dict[str, str]:
        context = render_context(template, lock.spec.answers, lock.spec.components, engine)
        return {target: source for target, source, _ in layout.targets(engine, context)}

    return found() if template.own else confined(found, Limits.from_environment())


def _carried(
    template: Template, lock: Lock, own: bytes, before: bytes, after: bytes
) -> bytes | None:
    """Return `own` with what changed between `before` and `after`, or nothing where that cannot be said."""
    names = _placeholders(lock) if template.own else {}
    if _replaced(before, names) == own:
        return _replaced(after, names)
    if own == before:
        return after
    if _has_new_jinja(before, after):
        return None
    with tempfile.TemporaryDirectory(prefix="scaffold-diff-") as folder:
        for name, content in (("own", own), ("before", before), ("after", after)):
            (Path(folder) / name).write_bytes(content)
        merge = ("merge-file", "-p", "own", "before", "after")
        merged = Git(Path(folder))(*merge, expect=range(256))
    return merged.stdout if merged.returncode == 0 else None


def _placeholders(lock: Lock) -> dict[bytes, bytes]:
    """Return answer -> the name that stands for it in a literal source."""
    from scaffold.compile import PLACEHOLDERS  # noqa: PLC0415

    answers = lock.spec.answers
    return {
        str(answers[question]).encode(): placeholder.encode()
        for placeholder, question in PLACEHOLDERS.items()
    }


def _replaced(content: bytes, names: Mapping[bytes, bytes]) -> bytes:
    for answer, placeholder in names.items():
        content = content.replace(answer, placeholder)
    return content


def _has_new_jinja(before: bytes, after: bytes) -> bool:
    known = set(before.splitlines())
    return any(
        mark in line
        for line in after.splitlines()
        if line not in known
        for mark in (b"{{", b"{%", b"{#")
    )
