"""Guess what a repository was made of: answers from its files, the version by likeness."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from scaffold.commands.drift import read_file, with_plain_ends
from scaffold.commands.rendering import Rendered, fetched, render_spec
from scaffold.commands.wishes import Wishes
from scaffold.errors import ScaffoldError
from scaffold.project import Checkout
from scaffold.spec import BUILTIN, Answers, Source, Spec
from scaffold.template import Template, Version, versions
from scaffold.tree import File, Tree
from scaffold.trust import toml
from scaffold.values import frozen

_MOST_VERSIONS = 40
_LEAST_LIKENESS = 0.15
"""Below it a project shares with a template only what any two projects share: licences, ignore lists."""


@frozen
class Guess:
    """The version that a repository is nearest to.

    Args:
        rendered: That version, with the guessed answers.
        likeness: Which share of its lines the repository has, 0 to 1.
        others: Version -> likeness, nearest first.
        answers: What was guessed beside the version.
    """

    rendered: Rendered
    likeness: float
    others: Mapping[str, float]
    answers: Answers


def guess_version(  # noqa: PLR0913, PLR0917 - what a repository may have been made of
    checkout: Checkout,
    source: Source,
    ref: str,
    given: Answers,
    components: tuple[str, ...],
    wishes: Wishes,
) -> Guess:
    """Return the version of `source` whose render the repository is most like; the newer of equals.

    Raises:
        ScaffoldError: It is like none.
    """
    found: list[tuple[float, Rendered]] = []
    guessed: Answers = {}
    for name in [ref] if ref else [each.name for each in _candidates(source, wishes)]:
        template = fetched(source, name, wishes)
        guessed = {
            key: value
            for key, value in guess_answers(checkout, template).items()
            if key not in given
        }
        chosen = components or guess_components(checkout, template, {**guessed, **given})
        spec = Spec(source, template.version, guessed, chosen)
        rendered = _attempt(template, spec, wishes, given, needed=bool(ref))
        if rendered is not None:
            found.append((_likeness(checkout, rendered.tree), rendered))
    if not found or (not ref and max(score for score, _ in found) < _LEAST_LIKENESS):
        raise ScaffoldError(
            f"nothing here looks as if {_said(source)} had made it",
            hint="name another template (--template), or the version (--ref)",
            code="no-likeness",
        )
    ordered = sorted(found, key=lambda pair: -pair[0])
    others = {rendered.spec.version: score for score, rendered in ordered}
    return Guess(ordered[0][1], ordered[0][0], others, guessed)


def _said(source: Source) -> str:
    return "scaffold's template" if source.address == BUILTIN else source.address


def guess_answers(checkout: Checkout, template: Template) -> Answers:
    """Return answers that the repository's own files give: names, author, Python."""
    project = _pyproject(checkout)
    name = str(project.get("name") or checkout.folder.name)
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    authors = project.get("authors")
    author = authors[0] if isinstance(authors, list) and authors else {}
    guessed = {
        "project_name": name,
        "project_slug": slug,
        "package_name": _package(checkout) or slug.replace("-", "_"),
        "description": project.get("description"),
        "author_name": author.get("name") if isinstance(author, dict) else None,
        "author_email": author.get("email") if isinstance(author, dict) else None,
    }
    return {
        question: answer
        for question, answer in guessed.items()
        if question in template.questions and isinstance(answer, str) and answer
    }


def guess_components(checkout: Checkout, template: Template, answers: Answers) -> tuple[str, ...]:
    """Return the components most of whose own files the repository has; a slot's is not guessed."""
    found = []
    for name in template.questions.components:
        paths = [
            _plain_path(path, answers)
            for path in template.files
            if f"'{name}' in cookiecutter.components" in path
        ]
        there = sum(checkout.read(path) is not None for path in paths)
        if not template.questions.manifests[name].get("slot") and there * 2 > len(paths):
            found.append(name)
    return tuple(found)


def _plain_path(path: str, answers: Answers) -> str:
    """Return the path that a component's file has in a project."""
    inside = re.sub(r"\{%.*?%\}", "", path.partition("/")[2])
    return re.sub(
        r"\{\{ *cookiecutter\.(\w+) *\}\}", lambda name: str(answers.get(name[1], "")), inside
    )


def _candidates(source: Source, wishes: Wishes) -> list[Version]:
    return versions(source, offline=wishes.offline)[:_MOST_VERSIONS]


def _attempt(
    template: Template, spec: Spec, wishes: Wishes, given: Answers, *, needed: bool
) -> Rendered | None:
    known = {name: answer for name, answer in given.items() if name in template.questions}
    try:
        return render_spec(template, spec, wishes, given=known)
    except ScaffoldError as error:
        if needed or error.code == "over-limit":  # not once more for each of its versions
            raise
        return None  # an old version that cannot be rendered is no candidate


def _likeness(checkout: Checkout, tree: Tree) -> float:
    """Return which share of the render's lines the repository has in the same files."""
    total = sum(max(1, len(_lines(file))) for file in tree.values())
    return sum(_common(checkout, path, file) for path, file in tree.items()) / total


def _common(checkout: Checkout, path: str, file: File) -> int:
    ours = read_file(checkout, path)
    if ours is None:
        return 0
    if ours.content == file.content:
        return max(1, len(_lines(file)))
    shared = Counter(_lines(with_plain_ends(ours))) & Counter(_lines(file))
    return shared.total()


def _lines(file: File) -> list[bytes]:
    return [line for line in file.content.splitlines() if line.strip()]


def _pyproject(checkout: Checkout) -> dict[str, object]:
    content = checkout.read("pyproject.toml")
    try:
        document = toml.loads((content or b"").decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    project = document.get("project", {})
    return project if isinstance(project, dict) else {}


def _package(checkout: Checkout) -> str:
    """Return the one package under `src/`, or nothing."""
    found = [path.parent.name for path in checkout.folder.glob("src/*/__init__.py")]
    return found[0] if len(found) == 1 else ""
