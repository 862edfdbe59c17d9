"""Answers that would become code: cookiecutter renders hooks as text, so a quote in an answer can end a string."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from scaffold.errors import ScaffoldError
from scaffold.spec import Answer, Answers
from scaffold.trust.store import is_alone
from scaffold.trust.text import escape

Rendering: TypeAlias = Callable[[str, Answers], str]
"""(text of a hook, answers) -> what would run."""

_HARMLESS = re.compile(r"[\w .,:/@+=-]*")


def refuse_code(hooks: Mapping[str, str], answers: Answers, render: Rendering) -> None:
    """Check that no answer changes what the hooks do, as far as anybody can tell without running them.

    An answer of letters, digits and plain punctuation may stand anywhere. Any other may stand in a literal or a comment
    of a Python hook that starts nothing else.

    Raises:
        ScaffoldError: An answer would become code.
    """
    for name, answer in answers.items():
        if _is_harmless(answer):
            continue
        tamed = {**answers, name: _tamed(answer)}
        for path, source in hooks.items():
            rendered, plain = render(source, answers), render(source, tamed)
            if rendered != plain and not _is_literal(path, source, rendered, plain):
                raise ScaffoldError(
                    f"the answer to {escape(name)} would become code of {escape(path)}, which runs with trust",
                    hint="leave out of it all but letters, digits and plain punctuation",
                    code="bad-answer",
                )


def _is_harmless(answer: Answer) -> bool:
    if isinstance(answer, dict):
        return all(_is_harmless(each) for pair in answer.items() for each in pair)
    if isinstance(answer, list):
        return all(map(_is_harmless, answer))
    return _HARMLESS.fullmatch(str(answer)) is not None and not str(answer).startswith("-")


def _tamed(answer: Answer) -> Answer:
    """Return `answer` with the rest of its characters taken out."""
    if isinstance(answer, dict):
        return {str(_tamed(key)): _tamed(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [_tamed(each) for each in answer]
    return re.sub(r"^-|[^\w .,:/@+=-]", "", answer) if isinstance(answer, str) else answer


def _is_literal(path: str, source: str, rendered: str, plain: str) -> bool:
    if not path.endswith(".py") or not is_alone(source.encode()):
        return False
    shape = _shape(rendered)
    return bool(shape) and shape == _shape(plain)


def _shape(source: str) -> str:
    """Return the syntax of a Python source without the values of its literals, or nothing if it has none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = _same_kind(node.value)
    return ast.dump(tree)


def _same_kind(value: Any) -> Any:
    return type(value)() if isinstance(value, str | bytes | int | float | complex) else value
