"""The Jinja environment: cookiecutter's, but sandboxed with an allow-list of what templates may touch.

Importing this module imports Jinja, which a render from a warm cache can often do without.
"""

from __future__ import annotations

import json
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, StrictUndefined, Template, TemplateNotFound, nodes, pass_context
from jinja2.exceptions import UndefinedError
from jinja2.ext import Extension
from jinja2.runtime import BlockReference, LoopContext, Macro, TemplateReference, Undefined
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace
from markupsafe import Markup

from scaffold.sandbox.chance import Chance
from scaffold.sandbox.plain import COMPARISONS, Part

if TYPE_CHECKING:
    from jinja2.environment import Environment, TemplateModule
    from jinja2.parser import Parser
else:
    from jinja2.environment import TemplateModule


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILTERS = _names(
    "abs attr batch capitalize center count d default dictsort e escape filesizeformat first float"
    " forceescape format groupby indent int items join jsonify last length list lower map max min"
    " pprint random reject rejectattr replace reverse round safe select selectattr slice slugify"
    " sort string striptags sum title tojson trim truncate unique upper urlencode urlize wordcount"
    " wordwrap xmlattr"
)
TESTS = _names(
    "!= < <= == > >= boolean defined divisibleby eq equalto escaped even false filter float ge"
    " greaterthan gt in integer iterable le lessthan lower lt mapping ne none number odd sameas"
    " sequence string test true undefined upper"
)
GLOBALS = _names("cycler dict joiner namespace random_ascii_string range uuid4")

_PLAIN = frozenset(
    {str, int, float, bool, complex, bytes, type(None), list, tuple, dict, set, frozenset}
    | {range, slice, Markup, OrderedDict}
)
_OF_JINJA = (BlockReference, Cycler, Joiner, LoopContext, Macro, Namespace)
_OF_JINJA_MODULES = (TemplateModule, TemplateReference)


class Sandbox(SandboxedEnvironment):
    """Jinja as cookiecutter sets it up, without a way to anything but plain values.

    Args:
        options: Of `_jinja2_env_vars`.
        extensions: Names of Jinja's own extensions that only add statements.
        load: Name -> template, for includes and imports.
        chance: What `now`, `uuid4` and the like draw from.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        extensions: tuple[str, ...],
        load: Callable[[Sandbox, str], Template | None],
        chance: Chance,
    ) -> None:
        self.chance = chance
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            extensions=[Now, *extensions],
            loader=_Loader(load),
            cache_size=0,
            **options,
        )
        self.filters.update(jsonify=_jsonify, slugify=_slugify, random=self._choose)
        self.globals.update(random_ascii_string=chance.ascii_string, uuid4=chance.uuid4)
        _keep(self.filters, FILTERS)
        _keep(self.tests, TESTS)
        _keep(self.globals, GLOBALS)
        self._callables = frozenset(map(id, self.globals.values()))

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Allow what plain values and Jinja's own loops, macros and modules offer."""
        if not super().is_safe_attribute(obj, attr, value):
            return False
        return type(obj) in _PLAIN or isinstance(obj, (*_OF_JINJA, *_OF_JINJA_MODULES, Undefined))

    def is_safe_callable(self, obj: Any) -> bool:
        """Allow our globals, Jinja's own callables, and methods of plain values."""
        if isinstance(obj, (*_OF_JINJA, Undefined)) or id(obj) in self._callables:
            return True
        if isinstance(obj, types.FunctionType):  # the sandbox's own wrapper of `str.format`
            obj = getattr(obj, "__wrapped__", None)
        if not isinstance(obj, types.BuiltinMethodType | types.MethodType):
            return False
        return type(obj.__self__) in _PLAIN or isinstance(obj.__self__, (*_OF_JINJA, Now))

    @pass_context  # else Jinja would choose once, when it compiles
    def _choose(self, _: object, values: Any) -> object:
        return self.chance.choice(list(values))


class Now(Extension):
    """cookiecutter's `{% now 'utc', '%Y' %}`, with the clock of the render."""

    tags = {"now"}  # noqa: RUF012 - as Jinja declares it

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(datetime_format="%Y-%m-%d")

    def parse(self, parser: Parser) -> nodes.Output:
        """Parse `now TIMEZONE [+|- OFFSET] [, FORMAT]`."""
        line = next(parser.stream).lineno
        zone = parser.parse_expression()
        comma = parser.stream.skip_if("comma")
        form = parser.parse_expression() if comma else nodes.Const(None)
        sign, shift = "", nodes.Const("")
        if isinstance(zone, nodes.Add | nodes.Sub):
            sign, shift, zone = ("+" if isinstance(zone, nodes.Add) else "-"), zone.right, zone.left  # type: ignore[assignment]
        call = self.call_method("now", [zone, nodes.Const(sign), shift, form], lineno=line)
        return nodes.Output([call], lineno=line)

    def now(self, zone: str, sign: str, offset: str, form: str | None) -> str:
        """Return the time in `zone`, `offset` (`days=1,hours=2`) before or after the render's clock."""
        shift = {}
        for item in offset.split(",") if sign else ():
            interval, value = item.split("=")
            shift[interval.strip()] = float(sign + value.strip())
        chosen = form or self.environment.datetime_format  # type: ignore[attr-defined]
        return self.environment.chance.now(zone, chosen, shift)  # type: ignore[attr-defined, no-any-return]


class _Loader(BaseLoader):
    def __init__(self, load: Callable[[Sandbox, str], Template | None]) -> None:
        self._load = load

    def load(self, environment: Any, name: str, _globals: object = None) -> Template:
        template = None if ".." in name.split("/") else self._load(environment, name)
        if template is None:
            raise TemplateNotFound(name)
        return template


def plain_parts(parsed: nodes.Template) -> list[Part] | None:
    """Return a template of text, plain variables and conditions on them as parts, or nothing if it has more."""
    try:
        return [*_parts(parsed.body)]
    except _NotPlainError:
        return None


class _NotPlainError(Exception):
    """A template does what only Jinja can."""


def _parts(body: list[nodes.Node]) -> Iterator[Part]:
    for node in body:
        if isinstance(node, nodes.Output):
            yield from map(_part, node.nodes)
        elif isinstance(node, nodes.If):
            branches = [(each.test, each.body) for each in (node, *node.elif_)]
            chosen = [(_test(test), [*_parts(below)]) for test, below in branches]
            yield "if", (*chosen, (("is", True), [*_parts(node.else_)]))
        else:
            raise _NotPlainError


def _part(node: nodes.Expr) -> Part:
    return node.data if isinstance(node, nodes.TemplateData) else _variable(node)


def _variable(node: nodes.Node) -> tuple[str, str]:
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        # Jinja looks for an attribute before a key: `cookiecutter.items` is a method.
        is_key = node.node.name == "cookiecutter" and not hasattr(dict, node.attr)
        if is_key:
            return node.node.name, node.attr
    raise _NotPlainError


def _test(node: nodes.Node) -> tuple[Any, ...]:
    match node:
        case nodes.Const():
            return "is", node.value
        case nodes.Not():
            return "not", _test(node.node)
        case nodes.And() | nodes.Or():
            return _test(node.left), node.operator, _test(node.right)
        case nodes.Compare(ops=[operand]) if operand.op in COMPARISONS:
            return _test(node.expr), operand.op, _test(operand.expr)
    return _variable(node)


def _keep(names: dict[str, Any], allowed: frozenset[str]) -> None:
    for name in set(names) - allowed:
        del names[name]


def _jsonify(value: object, indent: int = 4) -> str:
    return json.dumps(value, sort_keys=True, indent=indent)


def _slugify(value: Any, *arguments: Any, **options: Any) -> str:
    from slugify import slugify  # noqa: PLC0415 - for the few templates that use it

    if isinstance(value, Undefined):
        raise UndefinedError(str(value))
    return str(slugify(value, *arguments, **options))
