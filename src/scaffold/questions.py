"""What a template asks: the questions of `cookiecutter.json`, their defaults, and how answers are checked.

The rules are cookiecutter's own, with one difference: an answer is a value and never rendered as a template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Literal, TypeAlias, cast

from scaffold.errors import TO_MEND, ScaffoldError
from scaffold.rules import component_problem, is_taken, with_required
from scaffold.sandbox.engine import Engine, Settings
from scaffold.spec import Answer, Answers
from scaffold.trust.limits import Limits, confined
from scaffold.trust.text import escape
from scaffold.values import field, frozen

Kind: TypeAlias = Literal["text", "yes_no", "choice", "table"]
Renderer: TypeAlias = Callable[[str, Mapping[str, Any]], str]

YES = frozenset({"1", "true", "t", "yes", "y", "on"})
NO = frozenset({"0", "false", "f", "no", "n", "off"})

_LONGEST = 4_000_000
"""Of a `cookiecutter.json`: parsed, it takes up to a hundred times as much memory."""

_INTERNAL = ("preset", "components")
"""Questions of our own template for users of stock cookiecutter; here components are chosen by name."""


@frozen
class Question:
    """One question.

    Args:
        name: What the template calls the answer.
        kind: What an answer is: text, yes or no, one of `choices`, or a table.
        default: As `cookiecutter.json` has it; text in it is a template.
        prompt: The question as people read it.
        choices: What a choice chooses from; text in it is a template.
        labels: Choice -> how people read it.
        frozen: The answer cannot change after `new`.
        pattern: A regular expression that the whole answer must match.
        reserved: Answers that are taken.
        module: The answer names a Python module: what Python itself needs is taken, too.
        required: The answer may not be empty.
        renamed_from: Earlier names of the question.
        choice_map: Choice that is gone -> what replaces it.
        secret: The answer is asked without echo and never stored or shown.
        own: It is of scaffold's own template: its pattern is trusted to end.
    """

    name: str
    kind: Kind
    default: Any
    prompt: str = ""
    choices: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    frozen: bool = False
    pattern: str = ""
    reserved: tuple[str, ...] = ()
    module: bool = False
    required: bool = False
    renamed_from: tuple[str, ...] = ()
    choice_map: Mapping[str, str] = field(default_factory=dict)
    secret: bool = False
    own: bool = False


Ask: TypeAlias = Callable[[Question, Answer, tuple[str, ...]], Answer]
"""Asks a person: the question, its default, and its rendered choices -> the answer."""


@frozen
class Questions:
    """All that a template asks.

    Args:
        asked: The questions, in order.
        raw: `cookiecutter.json` without its prompts.
        settings: How the template wants its Jinja.
        manifests: Component name -> manifest; empty for a template without components.
        slots: Slot -> its settings (`default`, `frozen`); each holds one component.
        presets: Preset -> its settings (`title`, `components`).
        own: The template is scaffold's own: trusted to end.
    """

    asked: tuple[Question, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    manifests: Mapping[str, Any] = field(default_factory=dict)
    slots: Mapping[str, Any] = field(default_factory=dict)
    presets: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False

    def __iter__(self) -> Iterator[Question]:
        return iter(self.asked)

    def __getitem__(self, name: str) -> Question:
        return next(question for question in self.asked if question.name == name)

    def __contains__(self, name: object) -> bool:
        return any(question.name == name for question in self.asked)

    def current(self, name: str) -> Question | None:
        """Return the question that is called `name`, or was in an earlier version; nothing where there is none."""
        for question in self.asked:
            if name == question.name or name in question.renamed_from:
                return question
        return None

    @property
    def secrets(self) -> frozenset[str]:
        """Return the names of the questions whose answers are secret."""
        return frozenset(question.name for question in self.asked if question.secret)

    @property
    def components(self) -> tuple[str, ...]:
        """Return the names of the components that can be chosen."""
        return tuple(sorted(set(self.manifests) - {"base"}))


@frozen
class Migration:
    """What became of one recorded answer that does not fit any more.

    Args:
        code: `renamed`, `mapped`, `removed` or `not-offered`.
        name: The recorded question.
        told: The sentence for people.
    """

    code: str
    name: str
    told: str


def read_questions(text: str, *, own: bool = False) -> Questions:
    """Return what the `cookiecutter.json` document `text` asks.

    Raises:
        ScaffoldError: It is no JSON object.
    """
    if len(text) > _LONGEST:
        raise ScaffoldError(
            f"cookiecutter.json of the template is longer than {_LONGEST:,} characters",
            hint=TO_MEND,
            code="over-limit",
        )
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise ScaffoldError(
            f"cookiecutter.json of the template is broken: {reason}", hint=TO_MEND
        ) from None
    if not isinstance(raw, dict):
        raise ScaffoldError("cookiecutter.json of the template is no JSON object", hint=TO_MEND)
    if Limits.from_environment().is_too_deep(raw):
        raise ScaffoldError(
            "cookiecutter.json of the template has tables too deep in each other",
            hint="if you know why, raise SCAFFOLD_LIMIT_DEPTH",
            code="over-limit",
        )
    prompts = raw.pop("__prompts__", {})
    ours = _ours(raw)
    manifests = _whole(raw.get("_components", {})) if ours else {}
    details = ours.get("questions", {})
    asked = tuple(
        _question(name, default, prompts, details.get(name, {}), own=own)
        for name, default in raw.items()
        if not name.startswith("_") and not (manifests and name in _INTERNAL)
    )
    settings = Settings.of(raw)
    slots = ours.get("slots", {})
    presets = {
        name: {"components": [], **preset} for name, preset in ours.get("presets", {}).items()
    }
    return Questions(asked, raw, settings, manifests, slots, presets, own)


def resolve(
    questions: Questions,
    given: Answers,
    ask: Ask | None = None,
    render: Renderer | None = None,
) -> Answers:
    """Return an answer for every question: the given one, else a person's, else the default.

    A secret that nobody gave is left out: its default only holds its place. No default is made of a secret, since
    what the other questions are answered with is stored. Defaults are rendered in the sandbox, unless `render` of a
    trusted template is given.

    Raises:
        ScaffoldError: An answer is to no question or does not fit its own, or a default does not render.
    """
    for name in given:
        if name not in questions:
            raise unknown_answer(questions, name)
    secrets = {name: given[name] for name in questions.secrets if name in given}
    public = {name: answer for name, answer in given.items() if name not in secrets}
    context = _context(questions, public, ask and _keeping_secrets(ask, secrets), render)
    answers = {question.name: context[question.name] for question in questions}
    return {**storable(questions, answers), **_checked_secrets(questions, secrets)}


def unknown_answer(questions: Questions, name: str, where: str = "") -> ScaffoldError:
    """Return the refusal of an answer, given in the file `where` or by a person, to no question of the template."""
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes alone

    known = [question.name for question in questions]
    nearest = get_close_matches(name, known, 1)
    meant = f"did you mean {nearest[0]}? " if nearest else ""
    return ScaffoldError(
        f"{where}{': ' if where else ''}the template has no question {escape(name)}",
        hint=f"{meant}it asks: {', '.join(known)}" if known else "",
        code="unknown-answer",
    )


def check_offered(questions: Questions, name: str, answer: Answer, where: str) -> None:
    """Refuse an answer, given in the file `where`, that its question offers under no name, old or new.

    Raises:
        ScaffoldError: It is not offered.
    """
    question = questions.current(name)
    if question is None:
        return
    note = _fitting(questions, question, answer)[1]
    if note is not None and note.code == "not-offered":
        raise _unfit(question, answer, _choose(question.choices), where)


def require_secrets(questions: Questions, answers: Answers) -> None:
    """Refuse to start a project without a secret that its template needs.

    Raises:
        ScaffoldError: One is not among `answers`.
    """
    for question in questions:
        if question.secret and question.required and question.name not in answers:
            raise ScaffoldError(
                f"{question.name} has no answer: it is a secret, which is stored nowhere",
                hint=f"answer it at a terminal, or give it with --set {question.name}=…",
                code="bad-answer",
            )


def full_context(
    questions: Questions, answers: Answers, components: Collection[str], render: Renderer
) -> dict[str, Any]:
    """Return the variable `cookiecutter` that a template sees: every answer and private value.

    Args:
        questions: Of the template.
        answers: Answers; questions without one get their default.
        components: Chosen components.
        render: Renders a default or a private value.
    """
    chosen = dict(answers)
    if questions.manifests:
        chosen["components"] = ",".join(sorted(components))
    return _walk(questions, chosen, None, render)


def choose_components(questions: Questions, wanted: Collection[str]) -> tuple[str, ...]:
    """Return `wanted` with the default of each empty slot and all that they require.

    Raises:
        ScaffoldError: A component is unknown, or they do not go together.
    """
    if not questions.manifests:
        if wanted:
            raise ScaffoldError(
                "this template has no components", hint="leave them out", code="unknown-component"
            )
        return ()
    chosen = set(with_required(questions.manifests, wanted))
    for slot, settings in questions.slots.items():
        if not any(questions.manifests.get(name, {}).get("slot") == slot for name in chosen):
            chosen.add(str(settings.get("default", "")))
    problem = component_problem(questions.manifests, questions.slots, chosen)
    if problem:
        unknown = chosen - set(questions.components)
        raise ScaffoldError(
            problem,
            hint="see `scaffold list`" if unknown else "leave out one of them",
            code="unknown-component" if unknown else "component-clash",
        )
    return tuple(sorted(chosen))


def migrate(questions: Questions, recorded: Answers) -> tuple[Answers, tuple[Migration, ...]]:
    """Return recorded answers as this version of the template asks for them, and what was changed.

    An answer that fits no more is left out, so that the question gets its default or is asked again.
    """
    kept: dict[str, Answer] = {}
    notes: list[Migration] = []
    for name, answer in recorded.items():
        if name.startswith("_"):
            continue
        question = questions.current(name)
        if question is None:
            notes.append(Migration("removed", name, f"the template asks for {name} no more"))
            continue
        if question.name != name:
            if question.name in recorded:
                continue
            told = f"{name} is now called {question.name}"
            notes.append(Migration("renamed", name, told))
        value, note = _fitting(questions, question, answer)
        if note:
            notes.append(note)
        if value is not None:
            kept[question.name] = value
    return kept, tuple(notes)


def storable(questions: Questions, answers: Answers) -> Answers:
    """Return `answers` without the secret ones, which are never written down."""
    return {name: answer for name, answer in answers.items() if name not in questions.secrets}


def _keeping_secrets(ask: Ask, secrets: dict[str, Answer]) -> Ask:
    """Return what asks as `ask` does, and puts what is secret into `secrets` instead of answering with it."""

    def asking(question: Question, default: Answer, choices: tuple[str, ...]) -> Answer:
        if not question.secret:
            return ask(question, default, choices)
        if question.name not in secrets:
            answer = ask(question, default, choices)
            if answer not in ("", default):
                secrets[question.name] = answer
        return default

    return asking


def _checked_secrets(questions: Questions, secrets: Answers) -> dict[str, Answer]:
    """Return `secrets` as the kind of their questions has them, once they fit."""
    known = {question.name: question for question in questions}
    return {
        name: _checked(known[name], _fit_choice(known[name], known[name].choices, answer))
        for name, answer in secrets.items()
    }


def _whole(manifests: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return manifests that have what is asked of every one; the compiler writes it, others may leave it out."""
    empty: Mapping[str, Any] = {"slot": "", "requires": [], "conflicts": []}
    return {name: {**empty, **manifest} for name, manifest in manifests.items()}


def _ours(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the template says in scaffold's own terms; another's `_settings` are none of ours."""
    settings = raw.get("_settings")
    if not isinstance(settings, dict):
        return {}
    tables = [settings.get(name, {}) for name in ("questions", "slots", "presets")]
    tables.append(raw.get("_components", {}))
    if not all(isinstance(table, dict) for table in tables):
        return {}
    entries = [entry for table in tables for entry in table.values()]
    return settings if all(_is_entry(entry) for entry in entries) else {}


def _is_entry(entry: Any) -> bool:
    """Return whether a question, slot, preset or manifest has values of the kinds that are used here."""
    if not isinstance(entry, dict):
        return False
    texts = [entry.get(key, "") for key in ("slot", "pattern", "title", "summary", "category")]
    lists = [
        entry.get(key, []) for key in ("requires", "conflicts", "components", "reserved", "once")
    ]
    flat = [item for each in lists if isinstance(each, list) for item in each]
    return (
        all(isinstance(text, str) for text in (*texts, *flat))
        and all(isinstance(each, list) for each in lists)
        and isinstance(entry.get("choice_map", {}), dict)
        and isinstance(entry.get("renamed_from", ""), str | list)
    )


def _question(
    name: str, default: Any, prompts: Any, details: Mapping[str, Any], *, own: bool
) -> Question:
    prompt = prompts.get(name, "") if isinstance(prompts, dict) else ""
    labels = {}
    if isinstance(prompt, dict):
        labels = {str(key): str(label) for key, label in prompt.items() if key != "__prompt__"}
        prompt = prompt.get("__prompt__", "")
    renamed = details.get("renamed_from", ())
    return Question(
        name=name,
        kind=_kind(default),
        default=default,
        prompt=str(prompt) or name,
        choices=tuple(str(choice) for choice in default) if isinstance(default, list) else (),
        labels=labels,
        frozen=bool(details.get("frozen", False)),
        pattern=str(details.get("pattern", "")),
        reserved=tuple(details.get("reserved", ())),
        module=bool(details.get("module", False)),
        required=bool(details.get("required", bool(details))),
        renamed_from=(renamed,) if isinstance(renamed, str) else tuple(renamed),
        choice_map=dict(details.get("choice_map", {})),
        secret=bool(details.get("secret", False)),
        own=own,
    )


def _kind(default: Any) -> Kind:
    if isinstance(default, bool):
        return "yes_no"
    if isinstance(default, list):
        return "choice"
    return "table" if isinstance(default, dict) else "text"


def _context(
    questions: Questions, given: Answers, ask: Ask | None, trusted: Renderer | None
) -> dict[str, Any]:
    if trusted is not None:
        return _walk(questions, given, ask, trusted)
    engine = Engine(questions.settings)

    def render(text: str, values: Mapping[str, Any]) -> str:
        return engine.render(text, {"cookiecutter": values}, where="cookiecutter.json")

    def render_confined(text: str, values: Mapping[str, Any]) -> str:
        if not engine.is_template(text):
            return text
        return confined(lambda: render(text, values), Limits.from_environment())

    if questions.own or not any(map(engine.is_template, _texts(questions.raw))):
        return _walk(questions, given, ask, render)
    if ask is None:
        return confined(lambda: _walk(questions, given, None, render), Limits.from_environment())
    return _walk(questions, given, ask, render_confined)


def _texts(raw: Any) -> Iterator[str]:
    """Yield every text that a value holds; in JSON a mark such as `«` would look otherwise."""
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from (str(key), *_texts(value))
    elif isinstance(raw, list):
        for value in raw:
            yield from _texts(value)


def _walk(
    questions: Questions, given: Answers, ask: Ask | None, render: Renderer
) -> dict[str, Any]:
    """Return the context, made in cookiecutter's order: all but tables first, then the tables."""
    by_name = {question.name: question for question in questions}
    context: dict[str, Any] = {}
    for name, raw in questions.raw.items():
        if name.startswith("_"):
            private = name.startswith("__")
            context[name] = _rendered(raw, context, render) if private else raw
        elif name not in by_name:
            context[name] = given.get(name, _rendered(_first(raw), context, render))
        elif by_name[name].kind != "table":
            context[name] = _answer(by_name[name], given, ask, context, render)
    for question in questions:
        if question.kind == "table":
            context[question.name] = _answer(question, given, ask, context, render)
    return {name: context[name] for name in questions.raw}


def _answer(
    question: Question,
    given: Answers,
    ask: Ask | None,
    context: Mapping[str, Any],
    render: Renderer,
) -> Answer:
    choices = tuple(str(_rendered(choice, context, render)) for choice in question.choices)
    if question.name in given:
        answer = _fit_choice(question, choices, given[question.name])
        if question.kind == "table":
            default = _rendered(question.default, context, render)
            answer = _laid_over(default, cast("dict[str, Answer]", answer))
    else:
        default = choices[0] if choices else _rendered(question.default, context, render)
        answer = default if ask is None else ask(question, default, choices)
        answer = _fit_choice(question, choices, answer)
        if question.secret:  # what holds its place need not fit
            return answer
    return _checked(question, answer, is_given=question.name in given or ask is not None)


def _rendered(raw: Any, context: Mapping[str, Any], render: Renderer) -> Any:
    """Return a default as cookiecutter renders it: numbers become text, tables and lists are entered."""
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, dict):
        return {
            _rendered(key, context, render): _rendered(value, context, render)
            for key, value in raw.items()
        }
    if isinstance(raw, list):
        return [_rendered(value, context, render) for value in raw]
    return render(str(raw), context)


def _fit_choice(question: Question, choices: tuple[str, ...], answer: Answer) -> Answer:
    """Return `answer` as the kind of its question has it."""
    if question.kind == "choice":
        return _chosen(question, choices, answer)
    if question.kind == "yes_no":
        return _yes_or_no(question, answer)
    if question.kind == "table":
        return _table(question, answer)
    if isinstance(answer, list | dict):
        raise _unfit(question, answer, "it must be text")
    return answer if answer is None or isinstance(answer, bool) else str(answer)


def _chosen(question: Question, choices: tuple[str, ...], answer: Answer) -> str:
    if isinstance(answer, bool):
        answer = _saying(choices, answer)
    for raw, choice in zip(question.choices, choices, strict=True):
        if str(answer) in (choice, raw):
            return choice
    if not choices:
        raise ScaffoldError(f"the template offers no choice for {question.name}", hint=TO_MEND)
    raise _unfit(question, answer, _choose(choices))


def _saying(choices: tuple[str, ...], answer: bool) -> Answer:  # noqa: FBT001 - an answer
    """Return the choice that says yes or no, as the answer is; the answer itself unless exactly one does."""
    words = YES if answer else NO
    saying = [choice for choice in choices if choice.strip().lower() in words]
    return saying[0] if len(saying) == 1 else answer


def _choose(choices: tuple[str, ...]) -> str:
    return f"choose one of {', '.join(choices)}"


def _yes_or_no(question: Question, answer: Answer) -> bool:
    if isinstance(answer, bool):
        return answer
    text = str(answer).strip().lower()
    if text not in YES | NO:
        raise _unfit(question, answer, "say yes or no")
    return text in YES


def _table(question: Question, answer: Answer) -> dict[str, Answer]:
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except (ValueError, RecursionError):
            raise _unfit(question, answer, "it must be a JSON object") from None
    if not isinstance(answer, dict):
        raise _unfit(question, answer, "it must be a table")
    return answer


def _laid_over(default: Any, given: dict[str, Answer]) -> dict[str, Answer]:
    """Return `default` with what `given` says, tables entered, as cookiecutter overwrites a table."""
    result = dict(default)
    for key, value in given.items():
        below = result.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[key] = _laid_over(below, cast("dict[str, Answer]", value)) if both else value
    return result


def _checked(question: Question, answer: Answer, *, is_given: bool = True) -> Answer:
    rule = _broken_rule(question, answer)
    if rule and not is_given:
        rule += f"; give another with --set {question.name}=…"
    if rule:
        raise _unfit(question, answer, rule)
    return answer


def _broken_rule(question: Question, answer: Answer) -> str:
    """Return the first rule that `answer` breaks, or nothing."""
    if question.required and not str(answer).strip():
        return "it may not be empty"
    if question.pattern and not _matches(question, str(answer)):
        return f"it must match {question.pattern}"
    if is_taken(str(answer), question.reserved, module=question.module):
        return "that name is taken"
    if any("\0" in text for text in _texts(answer)):
        return "it has a NUL"
    if any(not text.isascii() and re.search("[\ud800-\udfff]", text) for text in _texts(answer)):
        return "it is not UTF-8"
    return ""


def _matches(question: Question, text: str) -> bool:
    def match() -> bool:
        try:
            return re.fullmatch(question.pattern, text) is not None
        except re.error as error:
            raise ScaffoldError(
                f"the pattern of {question.name} is broken: {escape(str(error))}",
                hint=TO_MEND,
                code="render-failed",
            ) from None

    return match() if question.own else confined(match, Limits.from_environment())


def _unfit(question: Question, answer: Answer, rule: str, where: str = "") -> ScaffoldError:
    shown = "what was given" if question.secret else repr(escape(str(answer)))
    place = f"{where}: " if where else ""
    return ScaffoldError(f"{place}{question.name} cannot be {shown}", hint=rule, code="bad-answer")


def _first(raw: Any) -> Any:
    return raw[0] if isinstance(raw, list) and raw else raw


def _fitting(
    questions: Questions, question: Question, answer: Answer
) -> tuple[Answer, Migration | None]:
    """Return what a recorded answer is now, or nothing where it fits no more, and what to say."""
    name = question.name
    if question.kind != "choice":
        return answer, None
    engine = Engine(questions.settings)
    if any(engine.is_template(choice) for choice in question.choices):
        return answer, None  # only a full context can tell
    if isinstance(answer, bool):
        answer = _saying(question.choices, answer)
    if str(answer) in question.choices:
        return answer, None
    new = question.choice_map.get(str(answer))
    if new is not None:
        told = f"{name} was {escape(str(answer))}, which the template now calls {new}"
        return new, Migration("mapped", name, told)
    offered = ", ".join(question.choices)
    told = f"{name} was {escape(str(answer))}, which is offered no more, but {offered}"
    return None, Migration("not-offered", name, told)
