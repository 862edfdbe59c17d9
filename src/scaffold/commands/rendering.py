"""What a project was made of, and what it would be made of: base and theirs of every merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scaffold.commands.alone import asking_only, is_alone, needed_answers, without_base
from scaffold.commands.notes import Note
from scaffold.commands.progress import step
from scaffold.commands.secrets import masking
from scaffold.commands.wishes import Wishes
from scaffold.errors import ScaffoldError
from scaffold.git import Git
from scaffold.project import locked_files
from scaffold.questions import (
    Ask,
    Migration,
    Question,
    Renderer,
    choose_components,
    migrate,
    require_secrets,
    resolve,
    storable,
)
from scaffold.rules import with_required
from scaffold.sandbox.chance import new_seed
from scaffold.spec import Answer, Answers, Lock, Source, Spec
from scaffold.template import Template, open_template
from scaffold.tree import File, Tree
from scaffold.trust.limits import Limits
from scaffold.values import field, frozen, replace

if TYPE_CHECKING:
    from scaffold.merge.store import Store

_FEW = 200
"""Objects that are asked for one by one; more are worth a git of their own."""


@frozen
class Rendered:
    """A template, rendered for one project.

    Args:
        template: What was rendered.
        spec: What the project says it wants from now on: every answer is in it.
        lock: The same, resolved, with the files' ids.
        tree: The files, without spec and lock; where a secret belongs, what holds its place.
        filled: The same with the secrets that somebody gave, as they are to be written.
        notes: What the user must be told of answers and components.
        name: What the template calls the project's folder, where that was asked for.
        secrets: Answers that are neither stored nor shown.
    """

    template: Template
    spec: Spec
    lock: Lock
    tree: Tree
    filled: Tree
    notes: tuple[Note, ...] = ()
    name: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_parted(self) -> bool:
        """Return whether nothing of the template is left: the last component of a repository that had no base."""
        return not self.tree


def fetched(source: Source, ref: str, wishes: Wishes) -> Template:
    """Return the template of `source` at `ref`, the newest where it is empty.

    Raises:
        ScaffoldError: It cannot be reached, or has no such version.
    """
    with step("fetching the template"):
        return open_template(source, ref, offline=wishes.offline)


def render_spec(  # noqa: PLR0913 - keywords only, beyond the three that it takes
    template: Template,
    spec: Spec,
    wishes: Wishes,
    *,
    applied: Lock | None = None,
    given: Answers | None = None,
    alone: bool = False,
    begins: bool = False,
    named: bool = False,
) -> Rendered:
    """Return what `spec` makes of `template`.

    Args:
        template: Opened at the version that is wanted.
        spec: What is wanted; its answers may be to an older version's questions.
        wishes: Whether somebody can be asked, and whether the template's code may run.
        applied: What the project has now; its seed is kept and its frozen answers stay.
        given: Answers of the command line, which win.
        alone: The components' own files are all that is wanted, in a project that scaffold did not make.
        begins: The project begins with this render, so that it needs every secret.
        named: Its folder's name is wanted too.

    Raises:
        ScaffoldError: An answer or component does not fit, or the template does not render.
    """
    seed = _seed(template, applied)
    trusted = _may_run(template, wishes, needed=applied is not None and applied.trusted)
    alone = alone or (applied is not None and is_alone(template, applied.spec.components))
    components, gone = _components(template, spec.components, alone=alone)
    with asked(template, seed, trusted=trusted) as (template, defaults):  # noqa: PLR1704 - the same, completed
        recorded, migrations = migrate(template.questions, spec.answers)
        wanted = {**recorded, **(given or {})}
        ask = _asker(wishes) if begins else _without_need_of_secrets(_asker(wishes), applied)
        needed = {question.name for question in template.questions}
        if alone:
            needed = {*wanted, *needed_answers(template, components)}
            ask = asking_only(ask, needed)
        answers = resolve(template.questions, wanted, ask, defaults)
        public = storable(template.questions, answers)
        name = _name(template, public, components, seed, defaults) if named else ""
    if begins:
        require_secrets(template.questions, answers)
    kept = {name: answer for name, answer in answers.items() if name in needed}
    notes = [Note(each.code, each.name, _told(each, kept)) for each in migrations]
    if applied is not None:
        _refuse_frozen(template, applied, answers)
        told = {each.subject for each in notes}
        notes += [
            each for each in _new_questions(template, wanted, kept) if each.subject not in told
        ]
    notes += gone
    if applied is not None:
        _refuse_other_slots(template, applied.spec.components, components)
    tree: Tree = {}
    if components or not alone:
        tree = _render(template, public, components, seed, trusted=trusted)
    filled = tree
    secrets = _secrets(answers, public)
    if tree and public != answers:
        with masking(secrets):
            filled = _render(template, answers, components, seed, trusted=trusted)
    full = Spec(
        replace(spec.source, directory=template.source.directory),
        _version(template, applied),
        storable(template.questions, kept),
        components,
        spec.skip,
        spec.owned,
    )
    lock = Lock(full, template.commit, seed, locked_files(tree), trusted=trusted)
    return Rendered(template, full, lock, tree, filled, tuple(notes), name, secrets)


def _secrets(answers: Answers, public: Answers) -> tuple[str, ...]:
    return tuple(str(each) for name, each in answers.items() if public.get(name) != each)


def _name(
    template: Template,
    answers: Answers,
    components: tuple[str, ...],
    seed: str,
    renderer: Renderer | None,
) -> str:
    from scaffold.render import project_name  # noqa: PLC0415 - where a project begins

    return project_name(template, answers, components=components, seed=seed, renderer=renderer)


def applied_tree(  # noqa: PLR0913 - keywords only, beyond the four that it takes
    git: Git,
    lock: Lock,
    wanted: Source,
    wishes: Wishes,
    *,
    looking: bool = False,
    rendered: Rendered | None = None,
    store: Store | None = None,
) -> tuple[Tree, tuple[Note, ...]]:
    """Return the pristine render that the lock stands for.

    Its files are found by their ids among the project's own objects. What is not there any more is rendered again;
    where the template's past is gone too, the file is left out and named.

    Args:
        git: Of the project.
        lock: Of the project.
        wanted: Where the template is now.
        wishes: Whether the network may be reached, and whether the template's code may run.
        looking: Nothing may run, whoever is trusted.
        rendered: What is wanted; what has the same id there is not looked for.
        store: Beside the project's repository, where one is open; it is asked for a few objects.
    """
    known = _contents(rendered) if rendered is not None else {}
    files = _stored_files(git, lock, known, store)
    Limits.from_environment().check_size(
        len(files), sum(len(each.content) for each in files.values())
    )
    missing = sorted(lock.files.keys() - files.keys())
    if not missing:
        return files, ()
    try:
        if looking and lock.trusted:
            raise ScaffoldError("its template's own code made it, and only an upgrade runs that")
        again = _render_again(lock, wanted, wishes)
    except ScaffoldError as error:
        return files, tuple(_lost(path, error.message) for path in missing)
    notes: list[Note] = []
    for path in missing:
        if path not in again:
            notes.append(_lost(path, "the template's render does not have it"))
            continue
        files[path] = again[path]
        if again[path].blob_id != lock.files[path].blob:
            told = "the lock's id of it is not what its template renders; the render is taken"
            notes.append(Note("lock-mismatch", path, f"{path}: {told}"))
    return dict(sorted(files.items())), tuple(notes)


def open_again(lock: Lock, wanted: Source, wishes: Wishes) -> Template:
    """Return the template that was applied, from where it was or, if that is gone, from where it is now.

    Raises:
        ScaffoldError: Its commit is in neither place.
    """
    try:
        return fetched(lock.spec.source, lock.commit, wishes)
    except ScaffoldError:
        if wanted == lock.spec.source:
            raise
        return fetched(wanted, lock.commit, wishes)


def rendered_without(rendered: Rendered, component: str) -> Tree:
    """Return the files of the same project without one of its components."""
    others = tuple(name for name in rendered.spec.components if name != component)
    answers = rendered.lock.spec.answers
    seed, trusted = rendered.lock.seed, rendered.lock.trusted
    return _render(rendered.template, answers, others, seed, trusted=trusted)


def _render_again(lock: Lock, wanted: Source, wishes: Wishes) -> Tree:
    tree = dict(_render_at(lock, lock.commit, wanted, wishes))
    if lock.behind:
        older = _render_at(lock, lock.behind_commit or lock.commit, wanted, wishes)
        tree.update({path: older[path] for path in lock.behind if path in older})
    return tree


def _render_at(lock: Lock, commit: str, wanted: Source, wishes: Wishes) -> Tree:
    template = open_again(replace(lock, commit=commit), wanted, wishes)
    trusted = lock.trusted and _may_run(template, wishes, needed=True)
    with asked(template, lock.seed, trusted=trusted) as (template, defaults):
        recorded, _ = migrate(template.questions, lock.spec.answers)
        answers = resolve(template.questions, recorded, render=defaults)
    known = template.questions.components
    components = tuple(name for name in lock.spec.components if name in known)
    return _render(template, answers, components, lock.seed, trusted=trusted)


def _render(
    template: Template,
    answers: Answers,
    components: tuple[str, ...],
    seed: str,
    *,
    trusted: bool,
) -> Tree:
    from scaffold.render import render  # noqa: PLC0415 - not needed where nothing is missing

    chosen = without_base(template) if is_alone(template, components) else template
    with step("rendering the template"):
        return render(chosen, answers, components=components, seed=seed, trusted=trusted)


@contextmanager
def asked(
    template: Template, seed: str, *, trusted: bool
) -> Iterator[tuple[Template, Renderer | None]]:
    """Yield the template as its own code completes its questions, and what renders their defaults."""
    if not (trusted and template.runs_code):
        yield template, None
        return
    from scaffold.render.prepared import prepared  # noqa: PLC0415 - for templates with code alone

    with prepared(template, seed, trusted=trusted) as found:
        yield found


def _may_run(template: Template, wishes: Wishes, *, needed: bool) -> bool:
    if not template.runs_code:
        return False
    from scaffold.trust.store import may_run  # noqa: PLC0415 - for templates with code alone

    ask = None
    if wishes.ask:
        from scaffold.commands.asking import confirm  # noqa: PLC0415 - 120 ms

        ask = confirm
    return may_run(template, this_once=wishes.trust, ask=ask, needed=needed)


def _contents(rendered: Rendered) -> Mapping[str, bytes]:
    return {file.blob: rendered.tree[path].content for path, file in rendered.lock.files.items()}


def _stored_files(
    git: Git, lock: Lock, known: Mapping[str, bytes], store: Store | None
) -> dict[str, File]:
    """Return those files of the lock whose blobs are `known`, or in the repository."""
    wanted = sorted({file.blob for file in lock.files.values()} - known.keys())
    if store is not None and len(wanted) <= _FEW:
        blobs = {**known, **store.blobs(wanted)}
    else:
        blobs = {**known, **(_stored_blobs(git, wanted) if wanted else {})}
    return {
        path: File.of_blob(file.blob, blobs[file.blob], file.mode)
        for path, file in lock.files.items()
        if file.blob in blobs
    }


def _stored_blobs(git: Git, wanted: list[str]) -> Mapping[str, bytes]:
    batch = "".join(f"{blob}\n" for blob in wanted).encode()
    answer = git("cat-file", "--batch", "--buffer", stdin=batch, expect=(0, 128))
    # A clone that has no old blobs ends with the first of them: what was applied is rendered again.
    return _parse_batch(answer.stdout) if answer.returncode == 0 else {}


def _parse_batch(output: bytes) -> Mapping[str, bytes]:
    blobs = {}
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        name, kind, *size = output[at:end].split()
        at = end + 1
        if kind != b"missing":
            length = int(size[0])
            blobs[name.decode()] = output[at : at + length]
            at += length + 1
    return blobs


def _asker(wishes: Wishes) -> Ask | None:
    if not wishes.ask:
        return None
    from scaffold.commands.asking import terminal_asker  # noqa: PLC0415 - 120 ms

    return terminal_asker(wishes.place, wishes.name)


def _without_need_of_secrets(ask: Ask | None, applied: Lock | None) -> Ask | None:
    """Return what asks as `ask` does, in a project that has its secrets where the template wrote them.

    A change may write some more; where nothing but the lock is written, they are not asked for.
    """
    if ask is None:
        return None

    def asked(question: Question, default: Answer, choices: tuple[str, ...]) -> Answer:
        if not question.secret:
            return ask(question, default, choices)
        prompt = f"{question.prompt} (empty: leave it as it is)"
        optional = replace(question, prompt=prompt, required=False)
        return default if applied is None else ask(optional, default, choices)

    return asked


def _refuse_frozen(template: Template, applied: Lock, answers: Answers) -> None:
    for question in template.questions:
        before = applied.spec.answers.get(question.name)
        after = answers.get(question.name)
        if question.frozen and before is not None and after != before:
            raise ScaffoldError(
                f"{question.name} cannot change from {before!r} to {after!r}: "
                "names of files and imports follow it",
                hint="rename it in the code by hand, or start a new project with `scaffold new`",
                code="frozen-answer",
            )


def _told(migration: Migration, answers: Answers) -> str:
    """Return what is told of a recorded answer, and of what took the place of one that is offered no more."""
    if migration.code != "not-offered" or migration.name not in answers:
        return migration.told
    return f"{migration.told}; it is {_shown(answers[migration.name])} now"


def _new_questions(template: Template, wanted: Answers, answers: Answers) -> list[Note]:
    return [
        Note(
            "new-question",
            question.name,
            f"the template asks a new question, {question.name}; "
            f"it was answered with {_shown(answers[question.name])}",
        )
        for question in template.questions
        if question.name in answers and question.name not in wanted and not question.secret
    ]


def _refuse_other_slots(
    template: Template, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    manifests = template.questions.manifests
    for name in before:
        slot = manifests.get(name, {}).get("slot")
        if slot and template.questions.slots.get(slot, {}).get("frozen") and name not in after:
            raise ScaffoldError(
                f"the project's {slot} is {name}, which was decided when it began",
                hint=f"put {name} back into components, or start a new project",
                code="frozen-answer",
            )


def _components(
    template: Template, wanted: tuple[str, ...], *, alone: bool
) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """Return the components of `wanted` that the template has, completed, and what is gone."""
    known = template.questions.components
    gone = tuple(
        Note("component-gone", name, f"the template has no component {name} any more")
        for name in wanted
        if name not in known
    )
    left = [name for name in wanted if name in known]
    if alone:
        return with_required(template.questions.manifests, left), gone
    return choose_components(template.questions, left), gone


def _version(template: Template, applied: Lock | None) -> str:
    """Return what to call the version; one that was opened by its commit keeps the name that it has."""
    same = applied is not None and template.commit == applied.commit
    if applied is not None and same and template.commit.startswith(template.version):
        return applied.spec.version
    return template.version


def _seed(template: Template, applied: Lock | None) -> str:
    if applied is not None and applied.seed:
        return applied.seed
    return new_seed() if template.draws_chance else ""


def changed_defaults(before: Template, after: Template, answers: Answers) -> tuple[Note, ...]:
    """Return what to tell of defaults that the template changed: the project's answers stay."""
    notes = []
    for question in not_default(after, answers):
        names = (question.name, *question.renamed_from)
        earlier = next((before.questions[name] for name in names if name in before.questions), None)
        default, answer = _default(question), answers[question.name]
        if earlier is None or default == _default(earlier):
            continue
        told = (
            f"the default of {question.name} is now {_shown(default)}; yours stays {_shown(answer)}"
        )
        notes.append(Note("default-changed", question.name, told))
    return tuple(notes)


def not_default(template: Template, answers: Answers) -> list[Question]:
    """Return the questions that are answered with something else than their default."""
    return [
        question
        for question in template.questions
        if question.name in answers and answers[question.name] != _default(question)
    ]


def _default(question: Question) -> Any:
    return question.choices[0] if question.choices else question.default


def _shown(answer: Answer) -> str:
    return repr(answer) if isinstance(answer, str) else str(answer)


def _lost(path: str, reason: str) -> Note:
    told = f"{path}: the old render is gone ({reason}): what you changed there is not known"
    return Note("base-lost", path, told)
