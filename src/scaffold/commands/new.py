"""`scaffold new`: start a repository from a template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scaffold import __version__
from scaffold.commands.known import check_known
from scaffold.commands.progress import step
from scaffold.commands.rendering import Rendered, render_spec
from scaffold.commands.report import Line, Report, Style, count
from scaffold.commands.secrets import without_secrets
from scaffold.commands.sources import stored_address
from scaffold.commands.wishes import Wishes
from scaffold.commands.writing import check_empty, command_to_add, write_project
from scaffold.errors import ScaffoldError
from scaffold.project import check_git, describe
from scaffold.questions import choose_components
from scaffold.rules import requiring
from scaffold.spec import BUILTIN, Answers, Source, Spec, write_spec
from scaffold.template import Template, open_template
from scaffold.tree import Tree
from scaffold.values import field, frozen, replace

if TYPE_CHECKING:
    from scaffold.questions import Questions


_LONGEST_PACKAGE = 30
"""The name of the package, which is made of the folder's, is no longer."""


@frozen
class Request:
    """What the command line of `scaffold new` says."""

    source: Source
    destination: Path | None = None
    ref: str = ""
    answers: Answers = field(default_factory=dict)
    with_: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    preset: str = ""
    ask: bool = False
    dry_run: bool = False
    offline: bool = False
    trust: bool = False


def new(request: Request) -> Report:
    """Render the template into an empty place and make it a git repository.

    Raises:
        ScaffoldError: It is refused; nothing was written.
    """
    check_git()
    if request.destination is not None:
        check_empty(request.destination.absolute())
    with step("fetching the template"):
        template = open_template(request.source, request.ref, offline=request.offline)
    components = _components(template, request)
    rendered = _rendered(template, components, request)
    destination = _destination(rendered, request)
    check_empty(destination)
    tree = describe(rendered.filled, _first_spec(rendered.spec), rendered.lock)
    made = False
    if not request.dry_run:
        message = f"Start from {_said(rendered)} with scaffold {__version__}"
        with step("writing the project"):
            made = write_project(tree, destination, message, rendered.spec.answers)
    report = _report(rendered, tree, destination, request, made=made)
    return without_secrets(report, rendered.secrets)


def chosen_components(questions: Questions, request: Request) -> tuple[str, ...]:
    """Return the components that the command line names: a preset's, more, less.

    Raises:
        ScaffoldError: There is no such preset or component, or one is both wanted and left out.
    """
    if request.preset and request.preset not in questions.presets:
        known = ", ".join(questions.presets)
        raise ScaffoldError(
            f"there is no preset {request.preset}",
            hint=f"there are {known}" if known else "this template has no presets",
            code="unknown-preset",
        )
    check_known(questions, (*request.with_, *request.without))
    for name in request.with_:
        if name in request.without:
            raise ScaffoldError(
                f"{name} is named by both --with and --without",
                hint="leave it out of one of them",
                code="component-clash",
            )
    first = next(iter(questions.presets), "")
    preset = questions.presets.get(request.preset or first, {"components": ()})
    return tuple(sorted({*preset["components"], *request.with_} - set(request.without)))


def _components(template: Template, request: Request) -> tuple[str, ...]:
    chosen = chosen_components(template.questions, request)
    if request.ask and not request.preset and template.questions.manifests:
        from scaffold.commands.asking import ask_components  # noqa: PLC0415 - 120 ms

        asked = ask_components(template.questions, request.with_)
        chosen = tuple(name for name in asked if name not in request.without)
    _refuse_needed(template.questions, chosen, request.without)
    return chosen


def _refuse_needed(questions: Questions, chosen: tuple[str, ...], without: tuple[str, ...]) -> None:
    """Refuse to leave out what comes back because others require it, or because one of its kind must be there."""
    completed = choose_components(questions, chosen) if without else ()
    for name in without:
        if name not in completed:
            continue
        needing = requiring(questions.manifests, name, completed)
        why = f"{', '.join(needing)} {'needs' if len(needing) == 1 else 'need'} it"
        hint = f"leave out what needs it too: --without {','.join([name, *needing])}"
        if not needing:
            why = f"a project has one {questions.manifests[name]['slot']}"
            hint = "choose another one: --with NAME"
        raise ScaffoldError(f"{name} cannot be left out: {why}", hint=hint, code="component-clash")


def _rendered(template: Template, components: tuple[str, ...], request: Request) -> Rendered:
    source = Source(stored_address(request.source.address), template.source.directory)
    wishes = Wishes(Path(), trust=request.trust, offline=request.offline, ask=request.ask)
    wishes = replace(wishes, name=_called(template, request))
    spec = Spec(source, template.version, {}, components)
    named = request.destination is None
    return render_spec(template, spec, wishes, given=request.answers, begins=True, named=named)


def _called(template: Template, request: Request) -> str:
    """Return what the folder's name makes of the project's: nothing where it fits none, or another template's."""
    if not template.own or request.destination is None:
        return ""
    name = request.destination.absolute().name.replace("_", "-")
    fits = re.fullmatch(template.questions["project_slug"].pattern, name)
    return name.replace("-", " ").title() if fits and len(name) <= _LONGEST_PACKAGE else ""


def _destination(rendered: Rendered, request: Request) -> Path:
    if request.destination is not None:
        return request.destination.absolute()
    return Path.cwd() / rendered.name


def _first_spec(spec: Spec) -> str:
    return (
        "# What this project wants to be. Edit it and run `scaffold sync`, or let `scaffold upgrade`,\n"
        "# `add`, `remove` and `set` do both. What was applied is in scaffold.lock.\n"
        + write_spec(replace(spec, components=tuple(sorted(spec.components))))
    )


def _said(rendered: Rendered) -> str:
    source, version = rendered.spec.source, rendered.spec.version
    if source.address == BUILTIN:
        return f"scaffold's template {version}"
    return f"{source.address} {version}"


def _report(
    rendered: Rendered, tree: Tree, destination: Path, request: Request, *, made: bool
) -> Report:
    data = {
        "command": "new",
        "destination": str(destination),
        "template": rendered.spec.source.address,
        "directory": rendered.spec.source.directory,
        "version": rendered.spec.version,
        "commit": rendered.lock.commit,
        "components": list(rendered.spec.components),
        "answers": dict(rendered.spec.answers),
        "files": {path: file.mode for path, file in sorted(tree.items())},
        "dry_run": request.dry_run,
        "repository": made,
        "left_out": list(_left_out(rendered)),
    }
    lines = (
        _preview(tree, destination)
        if request.dry_run
        else _next(rendered, tree, destination, made=made)
    )
    left_out = [Line(f"note: {text}; --trust runs it", Style.WARN) for text in data["left_out"]]  # type: ignore[attr-defined]
    return Report(data, (*lines, *left_out))


def _left_out(rendered: Rendered) -> tuple[str, ...]:
    return () if rendered.lock.trusted else rendered.template.left_out


def _preview(tree: Tree, destination: Path) -> Iterator[Line]:
    yield Line(f"would write {count(len(tree), 'file')} to {_near(destination)}", Style.STRONG)
    shown: tuple[str, ...] = ()
    for path in sorted(tree, key=lambda path: path.split("/")):
        *folders, name = path.split("/")
        for depth, folder in enumerate(folders):
            if shown[: depth + 1] != tuple(folders[: depth + 1]):
                yield Line(f"{'  ' * (depth + 1)}{folder}/", Style.FAINT)
        shown = tuple(folders)
        mark = "*" if tree[path].mode == "100755" else ""
        yield Line(f"{'  ' * (len(folders) + 1)}{name}{mark}")


def _next(rendered: Rendered, tree: Tree, destination: Path, *, made: bool) -> Iterator[Line]:
    yield Line(
        f"made {_near(destination)}: {count(len(tree), 'file')} from {_said(rendered)}", Style.GOOD
    )
    if rendered.spec.components:
        yield Line(f"components: {', '.join(rendered.spec.components)}", Style.FAINT)
    yield Line()
    yield Line("next:")
    import shlex  # noqa: PLC0415 - once all is done

    yield Line(f"  cd {shlex.quote(_near(destination))}", Style.STRONG)
    if not made:
        add = command_to_add(destination)
        yield Line(f"  {add} && git commit  (it is a folder of the repository around it)")
    if rendered.template.own:
        yield Line("  make demo   train, serve, ask for one prediction", Style.STRONG)
        yield Line("  make test   the project's own tests", Style.STRONG)
        yield Line("  make        everything else")


def _near(destination: Path) -> str:
    try:
        return str(destination.relative_to(Path.cwd())) or "."
    except ValueError:
        return str(destination)
