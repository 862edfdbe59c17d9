"""The command line: arguments -> a command -> exit code. Each command imports only what it needs."""

# ruff: noqa: PLR0913 - a command has as many parameters as options

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaffold import __version__
from scaffold.commands.progress import teller
from scaffold.commands.report import Exit, Report
from scaffold.commands.wishes import Wishes
from scaffold.console import Console, can_ask
from scaffold.errors import ScaffoldError

if TYPE_CHECKING:
    from scaffold.spec import Answer

UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # wherever this Typer has its click

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take every default.")]
Trust = Annotated[bool, typer.Option("--trust", help="Let this template run its hooks.")]
Offline = Annotated[bool, typer.Option("--offline", help="Reach no network.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would happen, only.")]
Place = Annotated[Path, typer.Option("-C", help="The project's folder.", metavar="FOLDER")]
AnswersFile = Annotated[
    Path | None, typer.Option("--answers", help="Answers from a .toml, .json or .yml file.")
]
Set = Annotated[list[str] | None, typer.Option("--set", help="One answer.", metavar="NAME=VALUE")]
Directory = Annotated[str, typer.Option(help="The folder of the template in its repository.")]
Names = Annotated[list[str], typer.Argument(metavar="COMPONENT...", show_default=False)]

Command = Callable[..., Report]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A command: its function, and what makes it one for Typer, which costs milliseconds."""

    function: Command
    made: Callable[[], Callable[..., int]]


_commands: dict[str, _Entry] = {}


def run(arguments: list[str]) -> int:
    """Run `scaffold arguments` and return its exit code; nothing is raised."""
    console = Console(as_json="--json" in arguments)
    try:
        code = _invoke(arguments)
    except (ScaffoldError, UsageError) as error:
        refusal = error if isinstance(error, ScaffoldError) else _usage_error(error, arguments)
        console.error(refusal)
        return refusal.exit_code
    except (KeyboardInterrupt, typer.Abort):
        console.interrupted()
        return Exit.INTERRUPTED
    except SystemExit as done:  # Typer's completion ends this way
        return done.code if isinstance(done.code, int) else Exit.DONE
    except BrokenPipeError:  # the reader had enough: `scaffold diff | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except Exception as error:  # noqa: BLE001 - the boundary: a bug becomes a report, not a traceback
        return _bug(error, arguments, console)
    if code == Exit.INTERRUPTED:  # Typer has caught it
        console.interrupted()
    return code


def app_for(arguments: list[str]) -> typer.Typer:
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
    overview = named in ("-h", "--help")
    for name in [named] if named in _commands else _commands:
        app.command(name)(_described(name) if overview else _commands[name].made())
    return app


def _described(name: str) -> Callable[[], None]:
    """Return something that only has the command's description: all that an overview needs."""

    def described() -> None: ...

    described.__doc__ = _commands[name].function.__doc__
    return described


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


def _invoke(arguments: list[str]) -> int:
    if not arguments and "_SCAFFOLD_COMPLETE" not in os.environ:
        arguments = ["--help"]
    result = app_for(arguments)(arguments, prog_name="scaffold", standalone_mode=False)
    return result if isinstance(result, int) else Exit.DONE


def _usage_error(error: Exception, arguments: list[str]) -> ScaffoldError:
    message = getattr(error, "format_message", lambda: str(error))()
    known = arguments and arguments[0] in _commands
    about = f"scaffold {arguments[0]} --help" if known else "scaffold --help"
    message = message[:1].lower() + message[1:].removesuffix(".")
    return ScaffoldError(message, hint=f"see `{about}`", code="usage")


def _bug(error: Exception, arguments: list[str], console: Console) -> int:
    from scaffold.commands.bug import write_bug_report  # noqa: PLC0415

    file = write_bug_report(error, arguments)
    told = ScaffoldError(
        f"scaffold has a bug: {type(error).__name__}: {error}",
        hint=f"a report to send is in {file}",
        code="bug",
    )
    told.exit_code = Exit.BUG
    console.error(told)
    return Exit.BUG


def _command(function: Command) -> Command:
    """Register a function that returns a report as a command that prints it."""
    made = functools.partial(_printing, function)
    _commands[function.__name__.strip("_")] = _Entry(function, made)
    return function


def _change(function: Command) -> Command:
    """Register a function of `wishes` as a command with the options that every change has."""
    made = functools.partial(_changing, function)
    _commands[function.__name__.strip("_")] = _Entry(function, made)
    return function


def _changing(function: Command) -> Callable[..., int]:
    shared = _parameters(_wishes)

    @functools.wraps(function)
    def change(**arguments: Any) -> Report:
        wishes = _wishes(**{each.name: arguments.pop(each.name) for each in shared})
        return function(wishes=wishes, **arguments)

    own = [each for each in _parameters(function) if each.name != "wishes"]
    return _printing(change, [*own, *shared])


def _printing(
    function: Command, parameters: list[inspect.Parameter] | None = None
) -> Callable[..., int]:
    if parameters is None:
        parameters = _parameters(function)

    @functools.wraps(function)
    def command(**arguments: Any) -> int:
        console = Console(as_json=arguments.pop("as_json"))
        teller.set(console.tell)
        report = function(**arguments)
        console.report(report)
        return report.exit_code

    as_json = inspect.Parameter(
        "as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json
    )
    taken = [*parameters, as_json]
    command.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in taken}
    return command


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(function, eval_str=True).parameters.values())


def _wishes(
    *,
    place: Place = Path(),
    dry_run: DryRun = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print the change as a patch.")] = False,
    plan: Annotated[
        Path | None, typer.Option(help="Save what would happen, for `scaffold apply`.")
    ] = None,
    commit: Annotated[bool, typer.Option("--commit", help="Commit the change.")] = False,
    branch: Annotated[
        str, typer.Option(help="Commit on this new branch; leave the work tree alone.")
    ] = "",
    offline: Offline = False,
    trust: Trust = False,
    yes: Yes = False,
) -> Wishes:
    return Wishes(
        place,
        trust=trust,
        offline=offline,
        ask=can_ask() and not yes,
        dry_run=dry_run or diff,
        diff=diff,
        plan=plan,
        commit=commit,
        branch=branch,
    )


@_command
def _new(
    destination: Annotated[Path | None, typer.Argument(metavar="[DEST]")] = None,
    *,
    template: Annotated[
        str, typer.Option(help="A git address or folder of another cookiecutter template.")
    ] = "",
    directory: Directory = "",
    ref: Annotated[str, typer.Option(help="A release, branch or commit of the template.")] = "",
    answers: AnswersFile = None,
    set_: Set = None,
    with_: Annotated[
        str, typer.Option("--with", help="Components, separated by commas.", metavar="A,B")
    ] = "",
    without: Annotated[
        str, typer.Option(help="Components to leave out.", metavar="A,B", show_default=False)
    ] = "",
    preset: Annotated[str, typer.Option(help="A named list of components.")] = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    offline: Offline = False,
    trust: Trust = False,
) -> Report:
    """Start a repository from a template."""
    from scaffold.commands.new import Request, new  # noqa: PLC0415
    from scaffold.spec import BUILTIN, Source  # noqa: PLC0415

    request = Request(
        Source(template or BUILTIN, directory),
        destination,
        ref=ref,
        answers=_given(answers, set_),
        with_=_names(with_),
        without=_names(without),
        preset=preset,
        ask=can_ask() and not yes,
        dry_run=dry_run,
        offline=offline,
        trust=trust,
    )
    return new(request)


@_change
def _upgrade(
    wishes: Wishes,
    *,
    to: Annotated[str, typer.Option(help="A release, branch or commit.", metavar="VERSION")] = "",
    template: Annotated[str, typer.Option(help="Where the template is now.")] = "",
    directory: Directory = "",
    answers: AnswersFile = None,
    set_: Set = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Upgrade these alone.", metavar="GLOB|COMPONENT")
    ] = None,
    continue_: Annotated[
        bool, typer.Option("--continue", help="Go on after conflicts are resolved.")
    ] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Undo the last change.")] = False,
) -> Report:
    """Bring the project to another version of its template."""
    from scaffold.commands import upgrade as module  # noqa: PLC0415

    if abort:
        return module.abort(wishes)
    if continue_:
        return module.go_on(wishes)
    return module.upgrade(
        wishes,
        to=to,
        template=template,
        directory=directory,
        answers=_given(answers, set_),
        only=tuple(only or ()),
    )


@_command
def _apply(
    plan: Annotated[Path, typer.Argument(help="A file that `--plan` wrote.")],
    *,
    place: Place = Path(),
    offline: Offline = False,
    trust: Trust = False,
    commit: Annotated[bool, typer.Option("--commit", help="Commit the change.")] = False,
) -> Report:
    """Do what a saved plan says."""
    from scaffold.commands.plan import apply_plan  # noqa: PLC0415

    return apply_plan(plan, Wishes(place, trust=trust, offline=offline, commit=commit))


@_change
def _add(wishes: Wishes, names: Names, *, answers: AnswersFile = None, set_: Set = None) -> Report:
    """Add components, at the version that the project has."""
    from scaffold.commands.components import add  # noqa: PLC0415

    return add(wishes, tuple(names), _given(answers, set_))


@_change
def _remove(wishes: Wishes, names: Names) -> Report:
    """Remove components; what you edited of them is kept and named."""
    from scaffold.commands.components import remove  # noqa: PLC0415

    return remove(wishes, tuple(names))


@_change
def _set(
    wishes: Wishes,
    answers: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", show_default=False)],
) -> Report:
    """Change answers, at the version that the project has."""
    from scaffold.commands.set import set_answers  # noqa: PLC0415

    return set_answers(wishes, _given(None, answers))


@_change
def _sync(wishes: Wishes) -> Report:
    """Make the project what scaffold.toml says."""
    from scaffold.commands.sync import sync_spec  # noqa: PLC0415

    return sync_spec(wishes)


@_change
def _adopt(
    wishes: Wishes,
    *,
    template: Annotated[str, typer.Option(help="The template that the repository came from.")] = "",
    directory: Directory = "",
    ref: Annotated[str, typer.Option(help="The version that it came from.")] = "",
    answers: AnswersFile = None,
    set_: Set = None,
    with_: Annotated[
        str, typer.Option("--with", help="Components, separated by commas.", metavar="A,B")
    ] = "",
) -> Report:
    """Put a repository that scaffold did not make under its care."""
    from scaffold.commands.adopt import adopt  # noqa: PLC0415

    return adopt(
        wishes,
        template=template,
        directory=directory,
        ref=ref,
        answers=_given(answers, set_),
        components=_names(with_),
    )


@_command
def _check(
    *,
    place: Place = Path(),
    strict: Annotated[
        bool, typer.Option("--drift", help="Files that you changed are a negative answer too.")
    ] = False,
    offline: Offline = False,
) -> Report:
    """Say if the project is behind, has drifted, or has conflicts."""
    from scaffold.commands.check import check  # noqa: PLC0415

    return check(place, offline=offline, strict=strict)


@_command
def _diff(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH...]")] = None,
    *,
    place: Place = Path(),
    reverse: Annotated[
        bool, typer.Option("--reverse", help="As a patch of the template itself.")
    ] = False,
    offline: Offline = False,
    trust: Trust = False,
) -> Report:
    """Show what you changed of the template's files, as a patch."""
    from scaffold.commands.diff import diff  # noqa: PLC0415

    wishes = Wishes(place, trust=trust, offline=offline)
    return diff(wishes, tuple(paths or ()), reverse=reverse)


@_command
def _list(
    *,
    template: Annotated[str, typer.Option(help="Another template.")] = "",
    directory: Directory = "",
    ref: Annotated[str, typer.Option(help="A version of the template.")] = "",
    versions: Annotated[bool, typer.Option("--versions", help="List releases.")] = False,
    new_since: Annotated[
        str, typer.Option(help="What came after this version.", metavar="VERSION")
    ] = "",
    place: Place = Path(),
    offline: Offline = False,
) -> Report:
    """List the components of the template, or its versions."""
    from scaffold.commands import list as module  # noqa: PLC0415

    source = module.source_of(template, directory, place)
    if new_since:
        return module.news(source, new_since, ref, offline=offline)
    if versions:
        return module.versions_of(source, offline=offline)
    return module.components_of(source, ref, place, offline=offline)


def _given(file: Path | None, settings: list[str] | None) -> dict[str, Answer]:
    from scaffold.commands.given import given_answers  # noqa: PLC0415

    return given_answers(file, settings or [])


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
