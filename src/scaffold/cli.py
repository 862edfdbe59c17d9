"""The command line: arguments -> a command -> exit code. Each command imports only what it needs."""

# ruff: noqa: PLR0913 - a command has as many parameters as options

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from scaffold.arguments import (
    Argument,
    Option,
    Parameter,
    parameters_of,
    plain_values,
    refuse_empty,
)
from scaffold.commands.progress import teller
from scaffold.commands.report import Exit, Report
from scaffold.commands.wishes import Wishes
from scaffold.console import Console, can_ask
from scaffold.errors import ScaffoldError
from scaffold.values import frozen

if TYPE_CHECKING:
    from scaffold.spec import Answer

_OUTSIDE = {errno.EACCES, errno.EDQUOT, errno.EIO, errno.ENOSPC, errno.EPERM, errno.EROFS}
"""What a system says that is no bug of ours, wherever it says it."""

Yes = Annotated[bool, Option("--yes", "-y", help="Ask nothing; take every default.")]
Trust = Annotated[bool, Option("--trust", help="Let this template run its hooks.")]
Offline = Annotated[bool, Option("--offline", help="Reach no network.")]
DryRun = Annotated[bool, Option("--dry-run", "-n", help="Say what would happen, only.")]
Place = Annotated[Path, Option("-C", help="The project's folder.", metavar="FOLDER")]
AnswersFile = Annotated[
    Path | None, Option("--answers", help="Answers from a .toml, .json or .yml file.")
]
With = Annotated[
    list[str] | None, Option("--with", help="Components, separated by commas.", metavar="A,B")
]
Set = Annotated[list[str] | None, Option("--set", help="One answer.", metavar="NAME=VALUE")]
Directory = Annotated[str, Option(help="The folder of the template in its repository.")]
Names = Annotated[list[str], Argument(metavar="COMPONENT...", show_default=False)]
_AS_JSON = Parameter("as_json", bool, Option("--json", help="Print the result as JSON."), False)  # noqa: FBT003 - its default


@frozen
class Command:
    """One command.

    Args:
        function: Does it and returns a report.
        shares: Whether it takes the options that every change has, as `wishes`.
    """

    function: Callable[..., Report]
    shares: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Return what it takes on the command line."""
        shared = parameters_of(_wishes) if self.shares else ()
        return (*parameters_of(self.function), *shared, _AS_JSON)

    @property
    def help(self) -> str:
        """Return what it does."""
        return self.function.__doc__ or ""

    def run(self, values: dict[str, Any]) -> int:
        """Run it, print its report, and return its exit code."""
        console = Console(as_json=values.pop(_AS_JSON.name))
        teller.set(console.tell)
        if self.shares:
            names = [each.name for each in parameters_of(_wishes)]
            values["wishes"] = _wishes(**{name: values.pop(name) for name in names})
        report = self.function(**values)
        console.report(report)
        return report.exit_code


COMMANDS: dict[str, Command] = {}
"""Name -> command, in the order of the help."""


def run(arguments: list[str]) -> int:
    """Run `scaffold arguments` and return its exit code; nothing is raised."""
    called = arguments[0] if arguments and arguments[0] in COMMANDS else ""
    console = Console("--json" in arguments, called)
    try:
        code = _invoke(arguments)
    except ScaffoldError as refusal:
        console.error(refusal)
        return refusal.exit_code
    except KeyboardInterrupt:
        console.interrupted()
        return Exit.INTERRUPTED
    except SystemExit as done:  # Typer's completion ends this way
        return done.code if isinstance(done.code, int) else Exit.DONE
    except BrokenPipeError:  # the reader had enough: `scaffold diff | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except Exception as error:  # noqa: BLE001 - the boundary: a bug becomes a report, not a traceback
        told = _of_the_machine(error) or _bug(error, arguments)
        console.error(told)
        return told.exit_code
    if code == Exit.INTERRUPTED:  # Typer has caught it
        console.interrupted()
    return code


def _invoke(arguments: list[str]) -> int:
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is not None and "_SCAFFOLD_COMPLETE" not in os.environ:
        refuse_empty(command.parameters, arguments[1:])
        values = plain_values(command.parameters, arguments[1:])
        if values is not None:
            return command.run(values)
    if _is_for_help(arguments):
        from scaffold.help_text import kept  # noqa: PLC0415

        sys.stdout.write(kept(arguments, lambda: _help(arguments)))
        return Exit.DONE
    from scaffold.app import invoke  # noqa: PLC0415 - imports Typer

    result = invoke(COMMANDS, arguments)
    return result if isinstance(result, int) else Exit.DONE


def _is_for_help(arguments: list[str]) -> bool:
    if "_SCAFFOLD_COMPLETE" in os.environ:
        return False
    rest = arguments[1:] if arguments and arguments[0] in COMMANDS else arguments
    return rest in (["-h"], ["--help"]) or not arguments


def _help(arguments: list[str]) -> str:
    from scaffold.app import invoke  # noqa: PLC0415 - imports Typer

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        invoke(COMMANDS, arguments)
    return out.getvalue()


def _of_the_machine(error: Exception) -> ScaffoldError | None:
    """Return how to tell that the system would not write, lacks memory or our folder; nothing of any other error."""
    if isinstance(error, MemoryError):
        return ScaffoldError("there is not enough memory for this", code="out-of-memory")
    if isinstance(error, FileNotFoundError) and not _is_somewhere():
        hint = "go to one that is there"
        return ScaffoldError("the current folder is gone", hint=hint, code="not-a-folder")
    if not isinstance(error, OSError) or error.errno not in _OUTSIDE:
        return None
    place = error.filename2 or error.filename or "a file"
    return ScaffoldError(
        f"{place}: {error.strerror}",
        hint="try again when that is mended",
        code="unwritable",
    )


def _is_somewhere() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _bug(error: Exception, arguments: list[str]) -> ScaffoldError:
    from scaffold.commands.bug import without_answers, write_bug_report  # noqa: PLC0415
    from scaffold.trust import strip_userinfo  # noqa: PLC0415

    file = write_bug_report(error, arguments)
    told = ScaffoldError(
        without_answers(
            strip_userinfo(f"scaffold has a bug: {type(error).__name__}: {error}"), arguments
        ),
        hint=f"a report to send is in {file}",
        code="bug",
    )
    told.exit_code = Exit.BUG
    return told


def _command(function: Callable[..., Report]) -> Callable[..., Report]:
    """Register a function that returns a report as a command that prints it."""
    COMMANDS[function.__name__.strip("_")] = Command(function)
    return function


def _change(function: Callable[..., Report]) -> Callable[..., Report]:
    """Register a function of `wishes` as a command with the options that every change has."""
    COMMANDS[function.__name__.strip("_")] = Command(function, shares=True)
    return function


def _wishes(
    *,
    place: Place = Path(),
    dry_run: DryRun = False,
    diff: Annotated[
        bool, Option("--diff", help="Print the change as a patch; nothing is changed.")
    ] = False,
    plan: Annotated[
        Path | None, Option(help="Save what would happen, for `scaffold apply`.")
    ] = None,
    commit: Annotated[bool, Option("--commit", help="Commit the change.")] = False,
    branch: Annotated[
        str, Option(help="Commit on this new branch; leave the work tree alone.")
    ] = "",
    settle: Annotated[
        bool, Option("--settle", help="Settle versions, indentation and lock files; name each.")
    ] = False,
    offline: Offline = False,
    trust: Trust = False,
    yes: Yes = False,
) -> Wishes:
    if plan is not None and branch:
        raise ScaffoldError(
            "--plan and --branch exclude each other",
            hint="a plan is for the work tree: switch to a new branch, then scaffold apply it",
            code="usage",
        )
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
        settle=settle,
    )


@_command
def _new(
    destination: Annotated[Path | None, Argument(metavar="[DEST]")] = None,
    *,
    template: Annotated[
        str, Option(help="A git address or folder of another cookiecutter template.")
    ] = "",
    directory: Directory = "",
    ref: Annotated[str, Option(help="A release, branch or commit of the template.")] = "",
    answers: AnswersFile = None,
    set_: Set = None,
    with_: With = None,
    without: Annotated[
        list[str] | None, Option(help="Components to leave out.", metavar="A,B")
    ] = None,
    preset: Annotated[str, Option(help="A named list of components.")] = "",
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
    to: Annotated[str, Option(help="A release, branch or commit.", metavar="VERSION")] = "",
    template: Annotated[str, Option(help="Where the template is now.")] = "",
    directory: Directory = "",
    answers: AnswersFile = None,
    set_: Set = None,
    only: Annotated[
        list[str] | None, Option(help="Upgrade these alone.", metavar="GLOB|COMPONENT")
    ] = None,
    continue_: Annotated[
        bool, Option("--continue", help="Go on after conflicts are resolved.")
    ] = False,
    abort: Annotated[bool, Option("--abort", help="Undo the last change.")] = False,
) -> Report:
    """Bring the project to another version of its template."""
    from scaffold.commands import upgrade as module  # noqa: PLC0415

    if abort and continue_:
        raise ScaffoldError(
            "--continue and --abort exclude each other", hint="give one of them", code="usage"
        )
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
    plan: Annotated[Path, Argument(help="A file that `--plan` wrote.")],
    *,
    place: Place = Path(),
    offline: Offline = False,
    trust: Trust = False,
    commit: Annotated[bool, Option("--commit", help="Commit the change.")] = False,
) -> Report:
    """Do what a saved plan says."""
    from scaffold.commands.plan import apply_plan  # noqa: PLC0415

    return apply_plan(plan, Wishes(place, trust=trust, offline=offline, commit=commit))


@_change
def _add(wishes: Wishes, names: Names, *, answers: AnswersFile = None, set_: Set = None) -> Report:
    """Add components, or those of a preset, at the version that the project has."""
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
    answers: Annotated[list[str], Argument(metavar="NAME=VALUE...", show_default=False)],
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
    template: Annotated[str, Option(help="The template that the repository came from.")] = "",
    directory: Directory = "",
    ref: Annotated[str, Option(help="The version that it came from.")] = "",
    answers: AnswersFile = None,
    set_: Set = None,
    with_: With = None,
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
        bool, Option("--drift", help="Files that you changed are a negative answer too.")
    ] = False,
    offline: Offline = False,
) -> Report:
    """Say if the project is behind, has drifted, or has conflicts."""
    from scaffold.commands.check import check  # noqa: PLC0415

    return check(place, offline=offline, strict=strict)


@_command
def _diff(
    paths: Annotated[list[str] | None, Argument(metavar="[PATH...]")] = None,
    *,
    place: Place = Path(),
    reverse: Annotated[
        bool, Option("--reverse", help="As a patch of the template itself.")
    ] = False,
    offline: Offline = False,
) -> Report:
    """Show what you changed of the template's files, as a patch."""
    from scaffold.commands.diff import diff  # noqa: PLC0415

    wishes = Wishes(place, offline=offline)
    return diff(wishes, tuple(paths or ()), reverse=reverse)


@_command
def _list(
    *,
    template: Annotated[str, Option(help="Another template.")] = "",
    directory: Directory = "",
    ref: Annotated[str, Option(help="A version of the template.")] = "",
    versions: Annotated[bool, Option("--versions", help="List releases.")] = False,
    new_since: Annotated[str, Option(help="What came after this version.", metavar="VERSION")] = "",
    place: Place = Path(),
    offline: Offline = False,
) -> Report:
    """List the components of the template, or its versions."""
    from scaffold.commands import list as module  # noqa: PLC0415

    project = module.project_at(place, template)
    source = module.source_of(template, directory, project)
    if new_since:
        return module.news(source, new_since, ref, offline=offline)
    if versions:
        return module.versions_of(source, offline=offline)
    return module.components_of(source, ref, project, offline=offline)


def _given(file: Path | None, settings: list[str] | None) -> dict[str, Answer]:
    from scaffold.commands.given import given_answers  # noqa: PLC0415

    return given_answers(file, settings or [])


def _names(texts: list[str] | None) -> tuple[str, ...]:
    names = (name.strip() for text in texts or () for name in text.split(","))
    return tuple(name for name in names if name)
