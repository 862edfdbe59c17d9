"""Which answers and components go together.

Only builtins are used: the compiler copies this module into `pre_gen_project.py`, so that users of stock cookiecutter
are held to the same rules as users of `scaffold`.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Collection, Mapping
from typing import Any


def answer_problem(questions: Mapping[str, Any], answers: Mapping[str, Any]) -> str:
    """Return in one line what is wrong with the first wrong answer, or nothing."""
    for name, question in questions.items():
        value = str(answers.get(name, ""))
        if question.get("required", True) and not value.strip():
            return f"{name} is empty"
        if "choices" in question and value not in question["choices"]:
            return f"{name} is {value!r}, not one of {', '.join(question['choices'])}"
        if "pattern" in question and not re.fullmatch(question["pattern"], value):
            return f"{name} is {value!r}, which does not match {question['pattern']}"
        if any(character < " " for character in value):
            return f"{name} has a control character: {value!r}"
        if is_taken(value, question.get("reserved", ()), module=question.get("module", False)):
            return f"{name} is {value!r}, a name that is taken"
    return ""


def is_taken(value: str, reserved: Collection[str], *, module: bool) -> bool:
    """Return whether an answer is reserved or, where it names a module, is a word or a module of Python's own."""
    if module and (keyword.iskeyword(value) or value in sys.stdlib_module_names):
        return True
    return value in reserved


def component_problem(
    manifests: Mapping[str, Any], slots: Mapping[str, Any], chosen: Collection[str]
) -> str:
    """Return in one line why the components `chosen` do not make a project, or nothing.

    Args:
        manifests: Component name -> its manifest (`slot`, `requires`, `conflicts`).
        slots: Slot name -> its settings; each holds exactly one component.
        chosen: Component names.
    """
    known = sorted(set(manifests) - {"base"})
    for name in sorted(chosen):
        if name not in known:
            return f"there is no component {name!r}; there are {', '.join(known)}"
    for slot in slots:
        fitting = [name for name in known if manifests[name]["slot"] == slot]
        taken = [name for name in fitting if name in chosen]
        if len(taken) != 1:
            found = " and ".join(taken) or "none"
            return f"choose exactly one {slot} of {', '.join(fitting)}, not {found}"
    for name in sorted(chosen):
        for other in manifests[name]["requires"]:
            if other not in chosen:
                return f"component {name} requires {other}"
        for other in manifests[name]["conflicts"]:
            if other in chosen:
                return f"component {name} conflicts with {other}"
    return ""


def requiring(manifests: Mapping[str, Any], name: str, among: Collection[str]) -> list[str]:
    """Return those of the components `among` that require `name` themselves, sorted."""
    return [each for each in sorted(among) if name in manifests.get(each, {}).get("requires", ())]


def with_required(manifests: Mapping[str, Any], chosen: Collection[str]) -> tuple[str, ...]:
    """Return `chosen` and all that they require, directly or not, sorted."""
    closed: set[str] = set()
    waiting = list(chosen)
    while waiting:
        name = waiting.pop()
        if name not in closed:
            closed.add(name)
            waiting += manifests.get(name, {}).get("requires", [])
    return tuple(sorted(closed))
