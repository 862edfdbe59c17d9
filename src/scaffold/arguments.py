"""What a command takes, and how a plain command line is read: without Typer, which costs more than most commands.

Plain is what scripts and people write nearly always: whole names of options, apart from their values. All else, help,
completion and what is wrong, is Typer's, to which the same declarations are handed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

from scaffold.errors import ScaffoldError
from scaffold.values import frozen


class Option:
    """An option, declared as for `typer.Option`."""

    def __init__(self, *names: str, **settings: Any) -> None:
        self.names = names
        self.settings = settings


class Argument:
    """An argument, declared as for `typer.Argument`."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings


@frozen
class Parameter:
    """One parameter of a command.

    Args:
        name: In the function.
        kind: Its type.
        declared: As what it stands on the command line.
        default: Its default; an ellipsis where it must be given.
    """

    name: str
    kind: Any
    declared: Option | Argument
    default: Any = ...

    @property
    def names(self) -> tuple[str, ...]:
        """Return how an option is written."""
        given = self.declared.names if isinstance(self.declared, Option) else ()
        return given or (f"--{self.name.replace('_', '-')}",)

    @property
    def is_list(self) -> bool:
        """Return whether it takes any number of values."""
        return any(getattr(kind, "__origin__", None) is list for kind in self._kinds)

    def value(self, text: str) -> str | Path:
        """Return a value as the function wants it."""
        return Path(text) if Path in self._kinds else text

    @property
    def _kinds(self) -> tuple[Any, ...]:
        return (self.kind, *get_args(self.kind))


@cache
def parameters_of(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return the parameters of a function whose annotations declare them (`Annotated[str, Option(…)]`)."""
    return tuple(_parameters(function))


def _parameters(function: Callable[..., Any]) -> Iterator[Parameter]:
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    hints = get_type_hints(function, include_extras=True)
    places = names[: code.co_argcount][::-1]
    last = dict(zip(places, reversed(function.__defaults__ or ()), strict=False))
    defaults = {**last, **(function.__kwdefaults__ or {})}
    for name in names:
        declared = next(iter(getattr(hints[name], "__metadata__", ())), None)
        if declared is not None:
            yield Parameter(name, hints[name].__origin__, declared, defaults.get(name, ...))


def refuse_empty(parameters: Sequence[Parameter], words: Sequence[str]) -> None:
    """Refuse an empty value, as of a variable that is not set: it would pass for one that was not given.

    Raises:
        ScaffoldError: There is one; it is named.
    """
    valued = {name for each in parameters if each.kind is not bool for name in _written(each)}
    before = ""
    for word in words:
        if word == "--":
            before, valued = "", set()
            continue
        name, is_joined, value = word.partition("=")
        is_empty = not word or (is_joined and not value and name in valued)
        if is_empty:
            raise ScaffoldError(
                f"{before or name or 'an argument'} is empty",
                hint="give a value, or leave it out",
                code="usage",
            )
        before = word if word in valued else ""


def plain_values(parameters: Sequence[Parameter], words: Sequence[str]) -> dict[str, Any] | None:
    """Return name -> value of a plain command line, or nothing for one that Typer has to read."""
    options = {name: each for each in parameters for name in _written(each)}
    found: dict[str, Any] = {}
    rest: list[str] = []
    left = iter(words)
    for word in left:
        option = options.get(word)
        if option is None:
            rest.append(word)
        elif option.kind is bool:
            found[option.name] = True
        elif not _put(found, option, next(left, "-")):
            return None
    arguments = [each for each in parameters if isinstance(each.declared, Argument)]
    for each in arguments:
        taken, rest = (rest, []) if each.is_list else (rest[:1], rest[1:])
        if not all(_put(found, each, word) for word in taken):
            return None
    defaults = {each.name: each.default for each in parameters if each.default is not ...}
    values = {**defaults, **found}
    return values if not rest and len(values) == len(parameters) else None


def _written(parameter: Parameter) -> tuple[str, ...]:
    return parameter.names if isinstance(parameter.declared, Option) else ()


def _put(found: dict[str, Any], parameter: Parameter, word: str) -> bool:
    """Take a value; return whether it is a plain one."""
    if word.startswith("-") or (parameter.name in found and not parameter.is_list):
        return False
    value = parameter.value(word)
    if parameter.is_list:
        found.setdefault(parameter.name, []).append(value)
    else:
        found[parameter.name] = value
    return True
