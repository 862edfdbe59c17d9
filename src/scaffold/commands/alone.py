"""Components without a base: their own files alone, in a repository that scaffold did not make."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from scaffold.questions import Ask, Question
from scaffold.spec import Answer
from scaffold.template import Template
from scaffold.trust.limits import Limits, confined
from scaffold.values import replace

_JINJA = rb"(?s)\{[{%](.*?)[}%]\}"
_PRELUDE = rb"\{% set (\w+) = cookiecutter\.\1 %\}"
_INCLUDED = rb'\{%-?\s*(?:from|import|include)\s+"([^"]+)"'


def is_alone(template: Template, components: Collection[str]) -> bool:
    """Return whether components without a base are meant: no slot of the template is filled."""
    manifests = template.questions.manifests
    filled = {manifests.get(name, {}).get("slot") for name in components}
    return bool(components) and bool(template.questions.slots) and not filled - {None, ""}


def without_base(template: Template) -> Template:
    """Return the template with nothing but its components' own files."""
    files = {
        path: file
        for path, file in template.files.items()
        if not path.startswith("{{") or "/{% if '" in path
    }
    questions = template.questions
    manifests = {name: each for name, each in questions.manifests.items() if name != "base"}
    raw = {**questions.raw, "_components": manifests}
    return replace(template, files=files, questions=replace(questions, raw=raw))


def needed_answers(template: Template, components: Collection[str]) -> frozenset[str]:
    """Return the questions whose answers the components' own files use; no others are worth asking."""
    if template.own:
        return frozenset(_used_names(template, components))
    limits = Limits.from_environment()
    return frozenset(confined(lambda: sorted(_used_names(template, components)), limits))


def _used_names(template: Template, components: Collection[str]) -> Iterator[str]:
    files = without_base(template).files
    waiting = [
        path.partition("/")[2].encode() + re.sub(_PRELUDE, b"", file.content)
        for path, file in files.items()
        if any(f"'{name}' in cookiecutter.components" in path for name in components)
    ]
    used: set[bytes] = set()
    included: set[bytes] = set()
    while waiting:
        text = waiting.pop()
        used.update(re.findall(rb"\w+", b" ".join(re.findall(_JINJA, text))))
        fresh = set(re.findall(_INCLUDED, text)) - included
        included |= fresh
        waiting += [files[f"templates/{name.decode()}"].content for name in fresh]
    return (each.name for each in template.questions if each.name.encode() in used)


def asking_only(ask: Ask | None, names: Collection[str]) -> Ask | None:
    """Return what asks a person the questions `names` and takes the default of every other."""
    if ask is None:
        return None

    def asked(question: Question, default: Answer, choices: tuple[str, ...]) -> Answer:
        return ask(question, default, choices) if question.name in names else default

    return asked
