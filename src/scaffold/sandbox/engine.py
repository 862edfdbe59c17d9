"""Text of a template -> text, with what Jinja compiled kept between runs."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from scaffold.errors import TO_MEND, ScaffoldError
from scaffold.sandbox.chance import Chance
from scaffold.sandbox.plain import Part, filled
from scaffold.trust.text import escape
from scaffold.values import field, frozen

if TYPE_CHECKING:
    from jinja2 import Template

    from scaffold.sandbox.environment import Sandbox

Context: TypeAlias = Mapping[str, Any]
Compiled: TypeAlias = "list[Part] | types.CodeType"
"""Plain parts, for most templates; else the code that Jinja made."""

# Jinja's own extensions that only add statements, and cookiecutter's, which are always there.
_KNOWN_EXTENSIONS = {"jinja2.ext.do", "jinja2.ext.loopcontrols"}
_OWN_EXTENSIONS = {
    "jinja2_time.TimeExtension",
    "cookiecutter.extensions.JsonifyExtension",
    "cookiecutter.extensions.RandomStringExtension",
    "cookiecutter.extensions.SlugifyExtension",
    "cookiecutter.extensions.TimeExtension",
    "cookiecutter.extensions.UUIDExtension",
}
_OPTIONS: Mapping[str, type] = {
    "block_start_string": str,
    "block_end_string": str,
    "variable_start_string": str,
    "variable_end_string": str,
    "comment_start_string": str,
    "comment_end_string": str,
    "line_statement_prefix": str,
    "line_comment_prefix": str,
    "trim_blocks": bool,
    "lstrip_blocks": bool,
    "newline_sequence": str,
    "autoescape": bool,
    "optimized": bool,
}


@frozen
class Settings:
    """How a template wants its Jinja: `_jinja2_env_vars` and `_extensions` of `cookiecutter.json`."""

    options: Mapping[str, Any] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()

    @classmethod
    def of(cls, context: Context) -> Settings:
        """Return the settings in `context`, the `cookiecutter.json` of a template.

        Raises:
            ScaffoldError: An option is unknown or of the wrong kind.
        """
        options = context.get("_jinja2_env_vars", {})
        if not isinstance(options, dict):
            raise ScaffoldError("_jinja2_env_vars of cookiecutter.json is no table", hint=TO_MEND)
        for name, value in options.items():
            if not isinstance(value, _OPTIONS.get(name, types.NoneType)):
                raise ScaffoldError(
                    f"_jinja2_env_vars of cookiecutter.json: {name} cannot be {value!r}",
                    hint=TO_MEND,
                )
        extensions = context.get("_extensions", [])
        if not isinstance(extensions, list):
            raise ScaffoldError("_extensions of cookiecutter.json is no list", hint=TO_MEND)
        return cls(options, tuple(str(name) for name in extensions))

    @property
    def foreign(self) -> tuple[str, ...]:
        """Return the extensions that are somebody's code."""
        return tuple(
            name for name in self.extensions if name not in _KNOWN_EXTENSIONS | _OWN_EXTENSIONS
        )

    @property
    def known(self) -> tuple[str, ...]:
        """Return the extensions that the sandbox can load."""
        return tuple(name for name in self.extensions if name in _KNOWN_EXTENSIONS)

    @property
    def marks(self) -> tuple[str, ...]:
        """Return the strings without any of which a text is no template."""
        starts = ("block_start_string", "variable_start_string", "comment_start_string")
        defaults = ("{%", "{{", "{#")
        prefixes = ("line_statement_prefix", "line_comment_prefix")
        newline = ("\n",) if self.options.get("newline_sequence", "\n") != "\n" else ()
        return (
            *(self.options.get(name, mark) for name, mark in zip(starts, defaults, strict=True)),
            *(self.options[name] for name in prefixes if self.options.get(name)),
            *newline,
        )

    def key(self) -> str:
        """Return a text that is equal for equal settings."""
        return repr((sorted(self.options.items()), self.extensions))


class NotPlain(Exception):  # noqa: N818 - no error: it asks for Jinja
    """A text needs Jinja, where an engine was to do without."""


class Engine:
    """Renders texts and files of one template.

    Args:
        settings: The template's Jinja.
        read: Name of an included or imported file -> its text, or nothing where there is none.
        chance: Clock and random numbers.
        compiled: Source -> what Jinja made of it; grows with use and may be kept.
        plain: Jinja is not used: `NotPlain` is raised where it would have to be.
    """

    def __init__(
        self,
        settings: Settings,
        read: Callable[[str], str | None] = lambda _: None,
        chance: Chance | None = None,
        compiled: MutableMapping[str, Compiled] | None = None,
        *,
        plain: bool = False,
    ) -> None:
        self.chance = chance or Chance()
        self.compiled: MutableMapping[str, Compiled] = {} if compiled is None else compiled
        self._settings = settings
        self._marks = settings.marks
        self._read = read
        self._plain = plain
        self._sandbox: Sandbox | None = None

    def render(self, source: str, context: Context, *, key: str = "", where: str = "") -> str:
        """Return what the template `source` renders to.

        Args:
            source: The template's text.
            context: The variables that it sees.
            key: A name for the source that is unique, where it is long; the source itself otherwise.
            where: What the source is, for errors.

        Raises:
            ScaffoldError: The template does not render.
        """
        try:
            return self._render(source, context, key or source)
        except (ScaffoldError, MemoryError, NotPlain):
            raise
        except RecursionError:
            raise _failed(where, "it includes itself, or is too deep") from None
        except Exception as error:  # noqa: BLE001 - a template can raise anything that Python has
            raise _failed(where, _reason(error)) from None

    def _render(self, source: str, context: Context, key: str) -> str:
        if not self.is_template(source):
            return source
        compiled = self.compiled.get(key)
        if compiled is None:
            compiled = self.compiled[key] = self._compile(source)
        if isinstance(compiled, list):
            try:
                return filled(compiled, context)
            except (KeyError, TypeError):  # Jinja says better what is wrong
                compiled = self._code(source)
        return self._template(compiled).render(context)

    def is_template(self, source: str) -> bool:
        """Return whether rendering `source` could change it."""
        return "\r" in source or any(mark in source for mark in self._marks)

    def _compile(self, source: str) -> Compiled:
        if self._settings.options.get("autoescape"):
            return self._code(source)
        parsed = self.sandbox.parse(source)
        from scaffold.sandbox.environment import plain_parts  # noqa: PLC0415 - imports Jinja

        parts = plain_parts(parsed)
        return self._code(source) if parts is None else parts

    def _code(self, source: str) -> types.CodeType:
        return self.sandbox.compile(source)

    def _template(self, code: types.CodeType) -> Template:
        sandbox = self.sandbox
        return sandbox.template_class.from_code(sandbox, code, sandbox.make_globals(None))

    def _load(self, _: Sandbox, name: str) -> Template | None:
        source = self._read(name)
        if source is None:
            return None
        key = f"included {source}"
        code = self.compiled.get(key)
        if not isinstance(code, types.CodeType):
            code = self.compiled[key] = self._code(source)
        return self._template(code)

    @property
    def sandbox(self) -> Sandbox:
        """Return the Jinja environment, made at the first use."""
        if self._plain:
            raise NotPlain
        if self._sandbox is None:
            from scaffold.sandbox.environment import Sandbox  # noqa: PLC0415 - imports Jinja

            settings = self._settings
            self._sandbox = Sandbox(settings.options, settings.known, self._load, self.chance)
        return self._sandbox


def _reason(error: Exception) -> str:
    name = type(error).__name__
    line = getattr(error, "lineno", None)
    text = (getattr(error, "message", None) or str(error)).strip().partition("\n")[0] or name
    if name == "TemplateNotFound":
        text = f"there is no file {text} to include"
    return f"{text} (line {line})" if line else text


def _failed(where: str, reason: str) -> ScaffoldError:
    place = f"{escape(where)} of the template" if where else "the template"
    return ScaffoldError(
        f"{place} does not render: {escape(reason)}",
        hint=TO_MEND,
        code="render-failed",
    )
