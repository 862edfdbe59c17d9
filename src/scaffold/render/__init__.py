"""(template, answers) -> tree: the bytes and modes that cookiecutter would write, without writing any."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from scaffold.errors import ScaffoldError
from scaffold.questions import Questions, Renderer, full_context
from scaffold.render.compiled import Kept
from scaffold.render.layout import Layout, project_folder
from scaffold.render.text import rendered_file
from scaffold.sandbox.chance import Chance, new_seed
from scaffold.sandbox.engine import Engine, NotPlain
from scaffold.spec import Answers
from scaffold.tree import File, Tree
from scaffold.trust.limits import Limits, confined
from scaffold.trust.paths import check_name, check_tree

if TYPE_CHECKING:
    from scaffold.template import Template

__all__ = ["new_seed", "project_name", "render"]

_Written: TypeAlias = "dict[str, tuple[bytes | str, str]]"
"""Path -> bytes or, for a file that is the template's own, its name there; and a mode."""


def render(
    template: Template,
    answers: Answers,
    *,
    components: Collection[str] = (),
    seed: str = "",
    trusted: bool = False,
) -> Tree:
    """Return the project that `template` and `answers` make, without spec and lock.

    Args:
        template: Of `open_template`.
        answers: Of `questions.resolve`; a question without an answer gets its default.
        components: Chosen components, for a template that has some.
        seed: Of `new_seed`, where the template draws clock or chance: equal seeds, equal bytes.
        trusted: Run the template's hooks and extensions; else hooks are left out
            (`Template.left_out` says which).

    Raises:
        ScaffoldError: The template does not render, needs code that is not trusted, asks for a path
            that it may not have, or goes over a limit.
    """
    if trusted and template.runs_code:
        from scaffold.render.hooked import render_hooked  # noqa: PLC0415 - starts cookiecutter

        tree = render_hooked(template, answers, components, seed)
    else:
        tree = _render_alone(template, answers, components, seed)
    check_tree(tree)
    limits = Limits.from_environment()
    limits.check_size(len(tree), sum(len(file.content) for file in tree.values()))
    if not tree:
        raise ScaffoldError(
            "the template renders no file",
            hint="other answers may make some; else it is the template's to mend",
            code="empty-render",
        )
    return tree


def project_name(
    template: Template,
    answers: Answers,
    *,
    components: Collection[str] = (),
    seed: str = "",
    renderer: Renderer | None = None,
) -> str:
    """Return the name of the folder that cookiecutter would make for the project.

    It is rendered in the sandbox, unless the `renderer` of a trusted template is given.

    Raises:
        ScaffoldError: It does not render, or is no name for a folder.
    """
    folder = project_folder(template.files, template.questions.settings)

    def name() -> str:
        engine = Engine(template.questions.settings, chance=Chance(seed))
        context = render_context(template, answers, components, engine)
        return engine.render(folder, context, where=folder)

    if renderer is not None:
        values = full_context(template.questions, answers, components, renderer)
        found = renderer(folder, values)
    else:
        found = name() if template.own else confined(name, Limits.from_environment())
    check_tree([check_name(found)])
    return found


def render_context(
    template: Template, answers: Answers, components: Collection[str], engine: Engine
) -> dict[str, Any]:
    """Return all variables that a template sees, as cookiecutter names them."""
    questions = template.questions

    def rendered(text: str, values: Any) -> str:
        return engine.render(text, {"cookiecutter": values}, where="cookiecutter.json")

    engine.chance.restart("cookiecutter.json")
    values = full_context(questions, answers, components, rendered)
    offered = {
        name: _with_first(raw, values[name]) if isinstance(raw, list) else values[name]
        for name, raw in questions.raw.items()
        if not name.startswith("_")
    }
    values["_template"] = template.source.address
    values["_output_dir"] = "."
    values["_repo_dir"] = template.source.address
    values["_checkout"] = (
        None  # the version is in the lock; here it would change files at every upgrade
    )
    if template.source.gives_commit:
        values["_commit"] = template.commit
    return {"cookiecutter": values, "_cookiecutter": offered}


def _with_first(choices: list[Any], chosen: Any) -> list[Any]:
    return [chosen, *(choice for choice in choices if choice != chosen)]


def _render_alone(
    template: Template, answers: Answers, components: Collection[str], seed: str
) -> Tree:
    if template.foreign_extensions:
        names = ", ".join(template.foreign_extensions)
        raise ScaffoldError(
            f"the template needs code to render: the Jinja extensions {names}",
            hint="read them, then say --trust",
            code="not-trusted",
        )
    kept = Kept.of(template)

    def work(*, plain: bool = False) -> tuple[_Written, Any]:
        return _rendered_files(template, answers, components, seed, kept, plain=plain)

    written, fresh = work() if template.own else _rendered_safely(work, template, answers, kept)
    kept.save(fresh)
    return {path: _file(template, content, mode) for path, (content, mode) in written.items()}


def _rendered_safely(
    work: Callable[..., tuple[_Written, Any]], template: Template, answers: Answers, kept: Kept
) -> tuple[_Written, Any]:
    """Return what `work` renders: in a child with limits, unless it needs neither those nor Jinja."""
    limits = Limits.from_environment()
    if kept.is_plain and _is_bounded(template, answers, limits):
        with suppress(NotPlain, RecursionError):
            return work(plain=True)
    return confined(work, limits)


def _is_bounded(template: Template, answers: Answers, limits: Limits) -> bool:
    """Return whether texts with variables and conditions alone, as this template's, stay within the limits.

    A child costs as much as the render of many templates. Such texts take no more time and memory than the template's
    length times its longest value.
    """
    questions = template.questions
    if (
        questions.raw.get("_copy_without_render")
        or any(file.mode == "120000" for file in template.files.values())
        or _asks_for_rendering(questions, answers)
    ):
        return False
    lengths = [len(str(value)) for value in (*questions.raw.values(), *answers.values())]
    length = sum(lengths) + sum(len(path) + len(f.content) for path, f in template.files.items())
    most = len("cookiecutter.a") * limits.megabytes * 1_000_000
    return length * max(lengths, default=0) <= most


def _asks_for_rendering(questions: Questions, answers: Answers) -> bool:
    """Return whether a variable is made of others, which could double in length from one to the next."""
    made = [
        str(raw)
        for name, raw in questions.raw.items()
        if name.startswith("__")
        or not (name.startswith("_") or (isinstance(raw, str) and name in answers))
    ]
    return any(mark in text for text in made for mark in questions.settings.marks)


def _rendered_files(  # noqa: PLR0913 - keywords only, beyond the five that it takes
    template: Template,
    answers: Answers,
    components: Collection[str],
    seed: str,
    kept: Kept,
    *,
    plain: bool = False,
) -> tuple[_Written, Any]:
    """Return path -> (bytes, mode), with the name of the template's file for bytes that are its own.

    Names instead of bytes keep what crosses from the confined child small.
    """
    files = template.files
    chance = Chance(seed)
    layout = Layout.of(files, template.questions.raw, template.questions.settings)
    compiled = kept.compiled()
    settings = template.questions.settings
    engine = Engine(settings, layout.included, chance, compiled, plain=plain)
    context = render_context(template, answers, components, engine)
    written: _Written = {}
    limits, size = Limits.from_environment(), 0
    for target, source, verbatim in layout.targets(engine, context):
        file = files[source]
        if target in written:
            raise ScaffoldError(
                f"the template has two files named {target}",
                hint="give other answers, if their names are made of some; else tell its author",
                code="bad-path",
            )
        if verbatim or kept.is_binary(source, file):
            written[target] = (source, file.mode)
        else:
            chance.restart(target)
            content = rendered_file(source, file, engine, context)
            written[target] = (source if content is None else content, file.mode)
            size += len(content or b"")
            limits.check_size(len(written), size)
    return written, kept.fresh(compiled)


def _file(template: Template, content: bytes | str, mode: Any) -> File:
    return template.files[content] if isinstance(content, str) else File(content, mode)
