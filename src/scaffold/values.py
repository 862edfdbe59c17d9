"""Frozen values: `dataclasses.dataclass(frozen=True)`, without compiling six methods for each class at each start.

docs/architecture.md has the numbers, and what else was measured.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


class _Field:
    def __init__(self, make: Callable[[], Any], *, is_shown: bool) -> None:
        self.make = make
        self.is_shown = is_shown


def field(
    *,
    default: Any = None,
    default_factory: Callable[[], Any] | None = None,
    repr: bool = True,  # noqa: A002 - the name that dataclasses give it
) -> Any:
    """Return a field whose default is made anew for each value, or which `repr` leaves out."""
    return _Field(default_factory or (lambda: default), is_shown=repr)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make `cls` a frozen value: its annotations are its fields, in the order of its arguments."""
    names = tuple(cls.__annotations__)
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    made = {name: each for name, each in defaults.items() if isinstance(each, _Field)}
    shown = [name for name in names if name not in made or made[name].is_shown]
    content = attrgetter(*names)

    def show(self: Any) -> str:
        return (
            f"{cls.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"
        )

    def equals(self: Any, other: object) -> Any:
        return content(self) == content(other) if type(other) is type(self) else NotImplemented

    def refuse(_: Any, name: str, *__: object) -> None:
        raise AttributeError(f"{cls.__name__} is frozen: {name} cannot be set")

    methods = {
        "__init__": _starting(cls.__name__, names, defaults, made),
        "__repr__": show,
        "__eq__": equals,
    }
    methods["__hash__"] = lambda self: hash(content(self))
    methods["__setattr__"] = methods["__delattr__"] = refuse
    for name, method in {**methods, "__match_args__": names}.items():
        setattr(cls, name, method)
    return cls


def _starting(
    title: str, names: tuple[str, ...], defaults: dict[str, Any], made: dict[str, _Field]
) -> Callable[..., None]:
    """Return what makes a value of the class `title` from its arguments."""
    count = len(names)

    def start(self: Any, *arguments: Any, **named: Any) -> None:
        own = self.__dict__
        for name, value in zip(names, arguments):  # noqa: B905 - `strict` costs as much as the loop
            own[name] = value
        if len(arguments) == count and not named:
            return  # most values are made this way, ten thousand of some
        rest = names[len(arguments) :]
        for name in rest:
            if name in named:
                own[name] = named[name]
            elif name in defaults:
                own[name] = made[name].make() if name in made else defaults[name]
        if len(own) != len(names) or len(arguments) > len(names) or named.keys() - set(rest):
            given = ", ".join([*names[: len(arguments)], *named])
            raise TypeError(f"{title} takes {', '.join(names)}, not {given}")

    return start


def fields(of: object) -> tuple[str, ...]:
    """Return the names of the fields of a value, or of a class of values."""
    return tuple(getattr(of, "__match_args__", ()))


def replace(of: T, **changes: Any) -> T:
    """Return the value `of` with other values in some fields."""
    return type(of)(**{**{name: getattr(of, name) for name in fields(of)}, **changes})
