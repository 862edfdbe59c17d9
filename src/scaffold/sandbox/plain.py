"""What most templates are made of, evaluated without Jinja: text, plain variables, and conditions on them.

Importing Jinja costs five times what starting Python does; `environment.plain_parts` makes these of what it parsed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Part: TypeAlias = "str | tuple[Any, ...]"
"""Text; a key of a variable (`("cookiecutter", "name")`); or `("if", ((test, parts), …))`, the first that holds.

A test is `("cookiecutter", "name")`, `("is", constant)`, `("not", test)`, or a test, an operator and a test.
"""


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "in": lambda one, all_: one in all_,
    "notin": lambda one, all_: one not in all_,
}


def filled(parts: list[Part], context: Mapping[str, Any]) -> str:
    """Return the text that `parts` are in `context`.

    Raises:
        KeyError: A variable is not defined; Jinja says that better.
        TypeError: Two values cannot be compared; Jinja says that better, too.
    """
    return "".join(
        [part if isinstance(part, str) else _filled_part(part, context) for part in parts]
    )


def _filled_part(part: tuple[Any, ...], context: Mapping[str, Any]) -> str:
    if part[0] == "if":
        return filled(next(below for test, below in part[1] if _value(test, context)), context)
    return str(context[part[0]][part[1]])


def _value(test: tuple[Any, ...], context: Mapping[str, Any]) -> Any:
    match test:
        case ("is", constant):
            return constant
        case ("not", below):
            return not _value(below, context)
        case (left, "and", right):
            return _value(left, context) and _value(right, context)
        case (left, "or", right):
            return _value(left, context) or _value(right, context)
        case (left, comparison, right):
            return COMPARISONS[comparison](_value(left, context), _value(right, context))
    name, key = test
    return context[name][key]
