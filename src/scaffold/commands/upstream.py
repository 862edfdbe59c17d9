"""A project's changes as changes of the template's own files, so that they can be sent back to it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from scaffold.commands.drift import Drift, with_ends_of
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
    project: Project, drifted: tuple[Drift, ...], rendered: Tree, wishes: Wishes
) -> tuple[Tree, Tree, dict[str, str]]:
    """Return the template's files before and after the project's changes, and path -> why that cannot be sent.

    Of scaffold's own template, these are its sources. A change is carried over line by line; one to lines that the
    template makes of answers cannot be, nor can new lines that a template would take for Jinja. Of a file that was
    moved, the change of its content is sent and the move is named.
    """
    lock = project.applied
    template = open_again(lock, project.spec.source, wishes)
    origins = _origins(template, lock)
    sent_before: dict[str, File] = {}
    sent_after: dict[str, File] = {}
    unsent: dict[str, str] = {}
    for each in drifted:
        if each.file is None:
            unsent[each.path] = "deleted here"
            continue
        if each.moved_to:
            unsent[each.path] = f"moved here to {each.moved_to}"
        if each.path not in origins:
            unsent[each.path] = "since none of the template's files is it"
            continue
        name, own = _source(template, origins[each.path])
        before = rendered[each.path]
        after = with_ends_of(before, each.file)
        try:
            content = _carried(template, lock, own.content, before.content, after.content)
        except _UnsendableError as error:
            unsent[each.path] = str(error)
            continue
        sent_before[name] = own
        sent_after[name] = File(content, after.mode)
    return sent_before, sent_after, unsent


class _UnsendableError(Exception):
    """A change cannot be said in the template's own file; the message says why."""


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


def _carried(template: Template, lock: Lock, own: bytes, before: bytes, after: bytes) -> bytes:
    """Return `own` with what changed between `before` and `after`.

    Raises:
        _UnsendableError: That cannot be said.
    """
    names = _placeholders(lock) if template.own else {}
    if _replaced(before, names) == own:
        return _replaced(after, names)
    if own == before:
        return after
    if _has_new_jinja(before, after):
        raise _UnsendableError("since the template would take its new lines for Jinja")
    with tempfile.TemporaryDirectory(prefix="scaffold-diff-") as folder:
        for name, content in (("own", own), ("before", before), ("after", after)):
            (Path(folder) / name).write_bytes(content)
        merge = ("merge-file", "-p", "own", "before", "after")
        merged = Git(Path(folder))(*merge, expect=range(256))
    if merged.returncode:
        raise _UnsendableError("since the template makes those lines of answers")
    return merged.stdout


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
