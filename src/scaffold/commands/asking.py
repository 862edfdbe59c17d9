"""Questions to the person at the terminal."""

from __future__ import annotations

import getpass
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import questionary

from scaffold.errors import ScaffoldError
from scaffold.git import Git
from scaffold.questions import Ask, Question, Questions
from scaffold.spec import Answer
from scaffold.trust import Limits, confined, escape
from scaffold.trust.text import one_line

# What templates call the author; git knows better than a template's default.
_NAME_QUESTIONS = {"author_name", "author", "full_name"}
_EMAIL_QUESTIONS = {"author_email", "email"}

_CUSTOM = "custom"


def terminal_asker(place: Path, name: str = "") -> Ask:
    """Return what asks a question at the terminal; git's settings at `place` know the author.

    Our own template is offered `name`, if there is one, as what the project is called.
    """
    git = Git(place)
    author = {
        **dict.fromkeys(_NAME_QUESTIONS, _setting(git, "user.name")),
        **dict.fromkeys(_EMAIL_QUESTIONS, _setting(git, "user.email")),
    }

    def ask(question: Question, default: Answer, choices: tuple[str, ...]) -> Answer:
        if question.own and question.name == "project_name":
            return _ask(question, name or default, choices)
        return _ask(question, author.get(question.name) or default, choices)

    return ask


def ask_components(questions: Questions, given: Collection[str] = ()) -> tuple[str, ...]:
    """Return the components that a person chose: a preset's, or one by one."""
    slots = [_ask_slot(questions, slot, given) for slot in questions.slots]
    taken = {name for name in slots if name}
    preset = _ask_preset(questions)
    if preset != _CUSTOM:
        return tuple(sorted({*taken, *given, *questions.presets[preset]["components"]}))
    first = next(iter(questions.presets.values()), {"components": ()})
    checked = {*given, *first["components"]}
    rest = [name for name in questions.components if not questions.manifests[name].get("slot")]
    choices = [
        questionary.Choice(
            _described(name, questions.manifests[name]), name, checked=name in checked
        )
        for name in sorted(rest, key=lambda name: _order(name, questions.manifests[name]))
    ]
    chosen = questionary.checkbox("Components", choices=choices).unsafe_ask()
    return tuple(sorted({*taken, *chosen}))


def confirm(text: str) -> bool:
    """Return whether a person says yes; no is the default."""
    return bool(questionary.confirm(escape(text), default=False).unsafe_ask())


def _ask(question: Question, default: Answer, choices: tuple[str, ...]) -> Answer:
    prompt = one_line(question.prompt)
    if question.secret:
        return _ask_unseen(question, prompt)
    if question.kind == "choice":
        shown = [
            questionary.Choice(one_line(question.labels.get(choice, choice)), choice)
            for choice in choices
        ]
        return str(questionary.select(prompt, choices=shown, default=str(default)).unsafe_ask())
    if question.kind == "yes_no":
        return bool(questionary.confirm(prompt, default=bool(default)).unsafe_ask())
    if question.kind == "table":
        return default
    text = "" if default is None else str(default)
    return str(questionary.text(prompt, default=text, validate=_validator(question)).unsafe_ask())


def _ask_unseen(question: Question, prompt: str) -> str:
    """Return what a person typed, of which the terminal shows nothing, not even how long it is."""
    validate = _validator(question)
    rule = f"it must match {escape(question.pattern)}" if question.pattern else "it is needed"
    asked = f"? {prompt} (not shown) "
    answer = getpass.getpass(asked)
    while (answer or question.required) and validate(answer) is not True:
        answer = getpass.getpass(f"  {rule}\n{asked}")
    return answer


def _validator(question: Question) -> Any:
    """Return what tells a person at once that an answer does not fit."""
    from scaffold.rules import answer_problem  # noqa: PLC0415

    rules: dict[str, Any] = {
        "required": question.required,
        "reserved": question.reserved,
        "module": question.module,
    }
    if question.pattern:
        rules["pattern"] = question.pattern

    def validate(text: str) -> bool | str:
        def problem() -> str:
            return answer_problem({question.name: rules}, {question.name: text})

        if question.own:
            return problem() or True
        try:
            return confined(problem, Limits.from_environment()) or True
        except ScaffoldError as error:  # its pattern is broken, or takes for ever
            return error.message

    return validate


def _ask_slot(questions: Questions, slot: str, given: Collection[str]) -> str:
    names = [name for name in questions.components if questions.manifests[name].get("slot") == slot]
    taken = [name for name in names if name in given]
    if taken:
        return taken[0]
    settings = questions.slots[slot]
    choices = [
        questionary.Choice(_described(name, questions.manifests[name]), name) for name in names
    ]
    prompt = escape(settings.get("prompt", slot))
    default = settings.get("default")
    return str(questionary.select(prompt, choices=choices, default=default).unsafe_ask())


def _ask_preset(questions: Questions) -> str:
    if not questions.presets:
        return _CUSTOM
    choices = [
        questionary.Choice(_one_line(f"{name}: {escape(preset.get('title', ''))}"), name)
        for name, preset in questions.presets.items()
    ]
    choices.append(questionary.Choice(f"{_CUSTOM}: choose one by one", _CUSTOM))
    return str(questionary.select("Preset", choices=choices).unsafe_ask())


def _described(name: str, manifest: Mapping[str, Any]) -> str:
    return _one_line(escape(f"{name}: {manifest.get('summary', '')}"))


def _one_line(text: str) -> str:
    """Return `text` so short that a choice stays on its line."""
    most = max(20, shutil.get_terminal_size().columns - 8)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _order(name: str, manifest: Mapping[str, Any]) -> tuple[str, str]:
    return manifest.get("category", ""), name


def _setting(git: Git, name: str) -> str:
    try:
        return git("config", "--get", name, expect=(0, 1)).text
    except ScaffoldError:  # a broken setting of git's is no reason not to ask
        return ""
