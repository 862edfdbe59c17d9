"""`scaffold adopt`: take over a repository that scaffold did not make."""

from __future__ import annotations

from collections.abc import Collection

from scaffold.commands.alone import needed_answers
from scaffold.commands.change import carry_out_prepared
from scaffold.commands.cruft import CRUFT_FILE, CruftState, read_cruft
from scaffold.commands.guess import Guess, guess_answers, guess_version
from scaffold.commands.known import check_known
from scaffold.commands.notes import Note
from scaffold.commands.operation import OWN_REASONS, Prepared, ignoring, in_own_words, policy_of
from scaffold.commands.rendering import Rendered, fetched, render_spec
from scaffold.commands.report import Report
from scaffold.commands.sources import stored_address
from scaffold.commands.wishes import Wishes
from scaffold.errors import ScaffoldError
from scaffold.merge import merge
from scaffold.project import Checkout, Project, check_git, describe, edited, locked_files
from scaffold.questions import migrate
from scaffold.rules import with_required
from scaffold.spec import (
    BUILTIN,
    LOCK_FILE,
    SPEC_FILE,
    Answers,
    Lock,
    Source,
    Spec,
    read_spec,
    write_spec,
)
from scaffold.template import Template, versions
from scaffold.tree import File, Tree
from scaffold.undo import Undone
from scaffold.values import replace

_MARKER = "# Written by `scaffold adopt`: edit it and run `scaffold sync`, or let `scaffold upgrade` do both.\n"
_REASONS = {**OWN_REASONS, CRUFT_FILE: f"{SPEC_FILE} and {LOCK_FILE} take its place"}


def adopt(  # noqa: PLR0913 - as many wishes as the command has
    wishes: Wishes,
    *,
    template: str = "",
    directory: str = "",
    ref: str = "",
    answers: Answers | None = None,
    components: tuple[str, ...] = (),
) -> Report:
    """Write spec and lock for a repository that has none.

    Raises:
        ScaffoldError: It has them, or it does not look like anything that the template makes.
    """
    checkout = _ready(wishes)
    _refuse_adopted(checkout)
    state = checkout.read(CRUFT_FILE)
    if state is not None:
        given = answers or {}
        return _from_cruft(
            checkout,
            read_cruft(state, checkout.read("pyproject.toml") or b""),
            wishes,
            template,
            given,
            ref=ref,
        )
    written = checkout.read(SPEC_FILE)
    if written is not None:
        return _from_spec(checkout, written.decode("utf-8", "replace"), wishes, ref, answers or {})
    source = Source(stored_address(template) or BUILTIN, directory)
    return _from_content(checkout, source, wishes, ref, answers or {}, components)


def add_to_foreign(wishes: Wishes, names: tuple[str, ...], given: Answers) -> Report:
    """Add components to a repository that scaffold did not make: their own files, and nothing else.

    Raises:
        ScaffoldError: A component is unknown, or a file of its is in the way.
    """
    checkout = _ready(wishes)
    template = fetched(Source(), "", wishes)
    check_known(template.questions, names)
    needed = needed_answers(template, with_required(template.questions.manifests, names))
    found = guess_answers(checkout, template)
    guessed = {name: value for name, value in found.items() if name in needed}
    spec = Spec(Source(), template.version, guessed, names)
    rendered = render_spec(template, spec, wishes, given=given, alone=True, begins=True)
    notes = [
        Note("guessed-answer", name, f"{name} was taken to be {value!r}; change it with --set")
        for name, value in rendered.spec.answers.items()
        if name not in given and (name in guessed or not wishes.ask)
    ]
    theirs = describe(rendered.filled, _MARKER + write_spec(rendered.spec), rendered.lock)
    return _write(checkout, "add", rendered, {}, theirs, wishes, tuple(notes))


def _ready(wishes: Wishes) -> Checkout:
    check_git()
    checkout = Checkout.discover(wishes.place)
    checkout.check_ready(leaves_files=wishes.dry_run or bool(wishes.branch))
    return checkout


def _refuse_adopted(checkout: Checkout) -> None:
    if checkout.read(SPEC_FILE) is not None and checkout.read(LOCK_FILE) is not None:
        raise ScaffoldError(
            f"the project has a {SPEC_FILE} already",
            hint="bring it up to date with `scaffold upgrade`",
            code="already-adopted",
        )


def _from_cruft(  # noqa: PLR0913 - one step of `adopt`, with its wishes
    checkout: Checkout,
    state: CruftState,
    wishes: Wishes,
    template: str,
    given: Answers,
    *,
    ref: str,
) -> Report:
    address = stored_address(template or state.template)
    source = Source(address, state.directory, state.gives_commit)
    opened = fetched(source, ref or state.commit, wishes)
    kept, migrations = migrate(opened.questions, state.answers)
    spec = Spec(source, "", state.answers, (), state.skip)
    rendered = render_spec(opened, spec, replace(wishes, ask=False), given=given)
    version = state.checkout or _tag_of(source, opened, wishes)
    rendered = _named(rendered, version)
    before: Tree = {CRUFT_FILE: File(checkout.read_committed(CRUFT_FILE) or b"")}
    theirs = describe({}, _MARKER + write_spec(rendered.spec), rendered.lock)
    told = {each.name for each in migrations}
    notes = _default_notes(rendered, {*kept, *given, *told})
    return _write(checkout, "adopt", rendered, before, theirs, wishes, notes)


def _from_spec(checkout: Checkout, text: str, wishes: Wishes, ref: str, given: Answers) -> Report:
    """Write the lock that a project lost: what its spec says is taken to be applied."""
    spec = read_spec(text)
    opened = fetched(spec.source, ref or spec.version, wishes)
    rendered = render_spec(opened, spec, replace(wishes, ask=False), given=given)
    before: Tree = {SPEC_FILE: File(checkout.read_committed(SPEC_FILE) or b"")}
    theirs = describe({}, edited(text, spec, rendered.spec), rendered.lock)
    return _write(checkout, "adopt", rendered, before, theirs, wishes, ())


def _tag_of(source: Source, template: Template, wishes: Wishes) -> str:
    """Return the name of the release that the template is, or the start of its commit id."""
    for version in versions(source, offline=wishes.offline):
        if version.commit == template.commit:
            return version.name
    return template.version


def _named(rendered: Rendered, version: str) -> Rendered:
    spec = replace(rendered.spec, version=version)
    return replace(rendered, spec=spec, lock=replace(rendered.lock, spec=spec))


def _from_content(  # noqa: PLR0913, PLR0917 - one step of `adopt`, with its wishes
    checkout: Checkout,
    source: Source,
    wishes: Wishes,
    ref: str,
    given: Answers,
    components: tuple[str, ...],
) -> Report:
    guess = guess_version(checkout, source, ref, given, components, wishes)
    version = _tag_of(source, guess.rendered.template, wishes)
    rendered = _named(guess.rendered, version)
    theirs = describe({}, _MARKER + write_spec(rendered.spec), rendered.lock)
    notes = _guess_notes(guess, version)
    if not wishes.ask:
        notes += _default_notes(rendered, {*guess.answers, *given})
    return _write(checkout, "adopt", rendered, {}, theirs, wishes, notes)


def _default_notes(rendered: Rendered, known: Collection[str]) -> tuple[Note, ...]:
    """Return what to tell of the answers that nobody gave and nothing gave away."""
    taken = {name: value for name, value in rendered.spec.answers.items() if name not in known}
    shown = ", ".join(f"{name} = {value!r}" for name, value in taken.items())
    told = f"the template's defaults were taken: {shown}; change them with --set"
    return (Note("default-answers", ", ".join(taken), told),) if taken else ()


def _guess_notes(guess: Guess, version: str) -> tuple[Note, ...]:
    told = f"the project is nearest to {version}: {guess.likeness:.0%} of its lines are there"
    notes = [Note("guessed-version", version, told)]
    notes += [
        Note("guess", name, f"{name}: {likeness:.0%}")
        for name, likeness in guess.others.items()
        if name != version
    ]
    notes += [
        Note("guessed-answer", name, f"{name} was taken to be {value!r}; change it with --set")
        for name, value in guess.answers.items()
    ]
    return tuple(notes)


def _write(  # noqa: PLR0913, PLR0917 - everything that a change is made of
    checkout: Checkout,
    verb: str,
    rendered: Rendered,
    base: Tree,
    theirs: Tree,
    wishes: Wishes,
    notes: tuple[Note, ...],
) -> Report:
    outcome = merge(
        checkout.git,
        base=base,
        theirs=theirs,
        head=checkout.head,
        prefix=checkout.prefix.rstrip("/"),
        policy=policy_of(rendered.template, rendered.spec),
        ignoring=ignoring(checkout, wishes),
    )
    outcome = in_own_words(outcome, _REASONS)
    before = Lock(rendered.spec, rendered.lock.commit, files=locked_files({}))
    if verb == "add":
        before = replace(before, spec=replace(rendered.spec, components=()))
    not_run = () if rendered.lock.trusted else rendered.template.left_out
    left_out = (
        Note("not-run", text.partition(" ")[0], f"{text}; --trust runs it") for text in not_run
    )
    prepared = Prepared(verb, before, rendered, outcome, (*rendered.notes, *notes, *left_out))
    project = Project(checkout, rendered.spec, "", rendered.lock)
    return carry_out_prepared(project, prepared, wishes, Undone())
