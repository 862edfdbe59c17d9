"""The commands as a Typer application: help, completion, and command lines that are not plain or not right."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Protocol

import typer

from scaffold import __version__
from scaffold.arguments import Argument, Option, Parameter
from scaffold.errors import ScaffoldError

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # wherever this Typer has its click


class Command(Protocol):
    """A command of ours."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Return what it takes."""

    @property
    def help(self) -> str:
        """Return what it does."""

    def run(self, values: dict[str, Any]) -> int:
        """Run it and return its exit code."""


def invoke(commands: Mapping[str, Command], arguments: list[str]) -> Any:
    """Run `scaffold arguments` and return what the command returned.

    Raises:
        ScaffoldError: The command line is wrong.
        KeyboardInterrupt: It was interrupted.
    """
    if not arguments and "_SCAFFOLD_COMPLETE" not in os.environ:
        arguments = ["--help"]
    app = app_for(commands, arguments)
    try:
        return app(arguments, prog_name="scaffold", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except _UsageError as error:
        raise _usage_error(error, commands, arguments) from None


def app_for(commands: Mapping[str, Command], arguments: list[str]) -> typer.Typer:
    """Return the application; with one command alone where `arguments` name it, to start faster."""
    app = typer.Typer(
        name="scaffold",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Start an ML team's repository in one command and keep it up to date for years.",
    )
    app.callback()(_top)
    completing = "_SCAFFOLD_COMPLETE" in os.environ
    named = arguments[0] if arguments and not completing else ""
    is_overview = named in ("-h", "--help")
    for name in [named] if named in commands else commands:
        app.command(name)(_function(commands[name], described=is_overview))
    return app


def _function(command: Command, *, described: bool) -> Callable[..., int]:
    """Return `command` as Typer wants one; `described` alone, that is all that an overview needs."""

    def function(**values: Any) -> int:
        return command.run(values)

    function.__doc__ = command.help
    taken = [] if described else [*_signature(command)]
    function.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    function.__annotations__ = {each.name: each.annotation for each in taken}
    return function


def _signature(command: Command) -> Iterator[inspect.Parameter]:
    for each in command.parameters:
        yield inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if each.default is ... else each.default,
            annotation=Annotated[each.kind, _typed(each.declared)],
        )


def _typed(declared: Option | Argument) -> Any:
    if isinstance(declared, Option):
        return typer.Option(*declared.names, **declared.settings)
    return typer.Argument(**declared.settings)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - Typer's calling convention
    if wanted:
        sys.stdout.write(f"scaffold {__version__}\n")
        raise typer.Exit


def _top(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_say_version),
    ] = False,
) -> None:
    """Take what stands before the command."""


def _usage_error(
    error: Exception, commands: Mapping[str, Command], arguments: list[str]
) -> ScaffoldError:
    message = getattr(error, "format_message", lambda: str(error))()
    known = arguments and arguments[0] in commands
    about = f"scaffold {arguments[0]} --help" if known else "scaffold --help"
    message = message[:1].lower() + message[1:].removesuffix(".")
    return ScaffoldError(message, hint=f"see `{about}`", code="usage")
