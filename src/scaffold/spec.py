"""What a project is: `scaffold.toml` (wanted) and `scaffold.lock` (applied), frozen, TOML in and out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

from scaffold.errors import ScaffoldError
from scaffold.tree import Mode
from scaffold.trust import toml
from scaffold.trust.addresses import strip_userinfo
from scaffold.trust.limits import Limits
from scaffold.trust.paths import check_inside
from scaffold.values import field, frozen

SPEC_FILE = "scaffold.toml"
LOCK_FILE = "scaffold.lock"
OWN_FILES = frozenset({SPEC_FILE, LOCK_FILE})
"""What makes a folder a project of scaffold's."""
BUILTIN = "scaffold"
"""The template source that travels inside the package."""

LOCK_FORMAT = 1
_MARK = re.compile(r"^(<<<<<<<|=======|>>>>>>>)( |$)", re.MULTILINE)
_FILE_LINE = re.compile(
    r'^(?:"([^"\\\x00-\x1f\x7f]+)"|([A-Za-z0-9_-]+)) = "([0-9a-f ]+)"$', re.MULTILINE
)
_LOCKED = re.compile(r"(100644|100755|120000) ([0-9a-f]{40})")
_LONGEST = 16_000_000
"""Of a spec or a lock, which anybody may have edited: twice what 50,000 files take."""
_LONGEST_SEED = 200
_KEYS = ("template", "answers", "components", "skip", "owned")
_TEMPLATE_KEYS = ("source", "directory", "version", "gives_commit")

Answer: TypeAlias = "str | bool | int | float | list[Answer] | dict[str, Answer] | None"
Answers: TypeAlias = Mapping[str, Answer]


@frozen
class Source:
    """Where a template is, and how it is seen.

    Args:
        address: `scaffold` for our own, else a git address or a folder.
        directory: The template's folder there.
        gives_commit: Whether the template is told its commit id as `_commit`, as cruft tells it.
    """

    address: str = BUILTIN
    directory: str = ""
    gives_commit: bool = False


@frozen
class Spec:
    """What a project wants to be.

    Args:
        source: Of the template.
        version: A tag, a branch, or the start of a commit id.
        answers: Question -> answer.
        components: Names of the chosen components.
        skip: Globs of files that an upgrade leaves alone.
        owned: Globs of prose that the project owns: where both sides changed the same lines, its own stand.
    """

    source: Source
    version: str
    answers: Answers = field(default_factory=dict)
    components: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()


@frozen
class LockedFile:
    """One file of the pristine render."""

    blob: str
    mode: Mode


@frozen
class Lock:
    """What was last applied: a spec with every answer, at a full commit id, and its pristine render.

    Args:
        spec: The spec, complete: every question has its answer.
        commit: The template's full commit id.
        seed: What a trusted template's random numbers are seeded with, so that a render repeats.
        files: Path -> blob id and mode of the pristine render, without spec and lock.
        behind: Paths that a partial upgrade left at an older render.
        behind_commit: The template's commit that those were rendered from.
        trusted: The template's hooks or extensions ran, so a render without them would be another.
    """

    spec: Spec
    commit: str
    seed: str = ""
    files: Mapping[str, LockedFile] = field(default_factory=dict)
    behind: tuple[str, ...] = ()
    behind_commit: str = ""
    trusted: bool = False


def read_spec(text: str, name: str = SPEC_FILE) -> Spec:
    """Return the spec that the TOML document `text` holds.

    Raises:
        ScaffoldError: The document is broken, holds conflict marks, or says something unknown.
    """
    table = _Table(_parse(text, name), name)
    table.refuse_others(_KEYS)
    table.table("template").refuse_others(_TEMPLATE_KEYS)
    return _spec(table)


def read_lock(text: str, name: str = LOCK_FILE) -> Lock:
    """Return the lock that the TOML document `text` holds.

    Raises:
        ScaffoldError: The document is broken, holds conflict marks, or is of a newer scaffold.
    """
    table = _Table(_parse_lock(text, name), name)
    found = table.take("format", int)
    if found > LOCK_FORMAT:
        raise ScaffoldError(
            f"{name} has format {found}; this scaffold reads up to {LOCK_FORMAT}",
            hint="upgrade scaffold itself",
            code="newer-lock",
        )
    seed = table.take("seed", str, "")
    behind = tuple(table.strings("behind"))
    behind_commit = table.take("behind_commit", str, "")
    files = {
        _locked_path(path, name): _locked_file(path, value, name)
        for path, value in table.take("files", dict, {}).items()
    }
    commit = table.table("template").take("commit", str)
    if not all(
        re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}|", each) for each in (commit, behind_commit)
    ):
        raise _broken(name, "commit is not the full id of one")
    if len(seed) > _LONGEST_SEED or not seed.isprintable():
        raise _broken(name, "seed is none that scaffold wrote")
    trusted = table.take("trusted", bool, False)  # noqa: FBT003 - the default of a key
    return Lock(_spec(table), commit, seed, files, behind, behind_commit, trusted)


def write_spec(spec: Spec) -> str:
    """Return `spec` as the TOML document of a new project; equal specs give equal text."""
    return "\n".join(_spec_lines(spec, {})) + "\n"


def write_lock(lock: Lock) -> str:
    """Return `lock` as a TOML document, one line for each file; equal locks give equal text."""
    lines = ["# Written by scaffold; edit scaffold.toml instead.", f"format = {LOCK_FORMAT}"]
    if lock.seed:
        lines.append(f"seed = {_value(lock.seed)}")
    if lock.trusted:
        lines.append("trusted = true")
    if lock.behind:
        lines.append(f"behind = {_strings(lock.behind)}")
        lines.append(f"behind_commit = {_value(lock.behind_commit)}")
    lines += _spec_lines(lock.spec, {"commit": lock.commit})
    lines += ["", "[files]"]
    files = lock.files
    lines += [f'{_key(path)} = "{files[path].mode} {files[path].blob}"' for path in sorted(files)]
    return "\n".join(lines) + "\n"


T = TypeVar("T")
_REQUIRED: Any = object()


@frozen
class _Table:
    """A TOML table whose values are taken by key and kind, with errors that name the file."""

    values: dict[str, Any]
    name: str

    def take(self, key: str, kind: type[T], default: T = _REQUIRED) -> T:
        value = self.values.get(key, default)
        if value is _REQUIRED:
            raise _broken(self.name, f"{key} is missing")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise _broken(self.name, f"{key} must be a {kind.__name__}")
        return value

    def table(self, key: str) -> _Table:
        return _Table(self.take(key, dict), self.name)

    def refuse_others(self, keys: tuple[str, ...]) -> None:
        for key in sorted(self.values.keys() - set(keys)):
            from difflib import get_close_matches  # noqa: PLC0415 - for mistakes alone

            nearest = get_close_matches(key, keys, 1)
            meant = f"did you mean {nearest[0]}? " if nearest else ""
            raise ScaffoldError(
                f"{self.name} has an unknown key {key}",
                hint=f"{meant}there are {', '.join(keys)}",
                code="broken-spec",
            )

    def strings(self, key: str) -> list[str]:
        values: list[Any] = self.take(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise _broken(self.name, f"{key} must be a list of strings")
        return values


def _parse_lock(text: str, name: str) -> dict[str, Any]:
    """Return what `_parse` does, several times faster where the files are listed as scaffold lists them.

    Nearly all of a lock is one plain line for each file, at its end.
    """
    head, _, lines = text.partition("\n[files]\n")
    files = {quoted or bare: value for quoted, bare, value in _FILE_LINE.findall(lines)}
    is_all = bool(files) and len(files) == lines.count("\n") and lines.endswith("\n")
    if is_all and len(text) <= _LONGEST:
        with suppress(ScaffoldError):  # what is wrong is told of the whole text, with its line
            document = _parse(head, name)
            if "files" not in document:
                return {**document, "files": files}
    return _parse(text, name)


def _parse(text: str, name: str) -> dict[str, Any]:
    if _MARK.search(text):
        raise ScaffoldError(
            f"{name} has conflict marks",
            hint=f"resolve them, or take one side: git checkout --ours {name}",
            code="conflict-marks",
        )
    if len(text) > _LONGEST:
        raise _broken(name, f"it is longer than {_LONGEST:,} characters")
    try:
        document = toml.loads(text)
    except (ValueError, RecursionError) as error:  # Python refuses some numbers that TOML has
        raise _broken(name, str(error).partition("\n")[0]) from None
    if Limits.from_environment().is_too_deep(document):
        raise _broken(name, "its tables lie too deep in each other (SCAFFOLD_LIMIT_DEPTH)")
    return document


def _broken(name: str, reason: str) -> ScaffoldError:
    again = f"bring back one that was whole (git log -- {name})"
    lost = " or remove it and run `scaffold adopt`" if name == LOCK_FILE else ""
    return ScaffoldError(f"{name} cannot be read: {reason}", hint=again + lost, code="broken-spec")


def _spec(table: _Table) -> Spec:
    template = table.table("template")
    # A password that somebody wrote down is not written again, nor shown: git's credential helper knows it.
    address = strip_userinfo(template.take("source", str))
    gives_commit = template.take("gives_commit", bool, False)  # noqa: FBT003 - the default of a key
    source = Source(address, template.take("directory", str, ""), gives_commit)
    answers = table.take("answers", dict, {})
    for name, value in answers.items():
        if not _is_answer(value):
            raise _broken(table.name, f"the answer {name} is a {type(value).__name__}")
    components = tuple(sorted(set(table.strings("components"))))
    skip, owned = (tuple(sorted(set(table.strings(name)))) for name in ("skip", "owned"))
    return Spec(source, template.take("version", str, ""), answers, components, skip, owned)


def _is_answer(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_answer(item) for item in value)
    if isinstance(value, dict):
        return all(_is_answer(item) for item in value.values())
    return isinstance(value, str | bool | int | float)


def _locked_path(path: str, name: str) -> str:
    """Return a path of the lock, which names only what lies inside: no other file is ever read for it."""
    try:
        return check_inside(path)
    except ScaffoldError as error:
        raise _broken(name, error.message) from None


def _locked_file(path: str, value: object, name: str) -> LockedFile:
    match = _LOCKED.fullmatch(str(value))
    if match is None:
        raise _broken(name, f"the entry of {path} is not a mode and a blob id")
    mode: Any = match[1]
    return LockedFile(match[2], mode)


def _spec_lines(spec: Spec, more: Mapping[str, str]) -> Iterator[str]:
    if spec.components:
        yield f"components = {_strings(spec.components)}"
    if spec.skip:
        yield f"skip = {_strings(spec.skip)}"
    if spec.owned:
        yield f"owned = {_strings(spec.owned)}"
    if spec.components or spec.skip or spec.owned:
        yield ""
    yield "[template]"
    yield f"source = {_value(spec.source.address)}"
    if spec.source.directory:
        yield f"directory = {_value(spec.source.directory)}"
    if spec.source.gives_commit:
        yield "gives_commit = true"
    yield f"version = {_value(spec.version)}"
    for key, text in more.items():
        yield f"{key} = {_value(text)}"
    yield ""
    yield "[answers]"
    for name, answer in spec.answers.items():
        if answer is not None:  # TOML has no null; a missing answer means the same
            yield f"{_key(name)} = {_value(answer)}"


_TEXT = json.JSONEncoder(ensure_ascii=False)


def _strings(values: tuple[str, ...]) -> str:
    return _value([*sorted(values)])


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: Answer) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's string escapes are a subset of TOML's, but for DEL, which TOML wants escaped.
        return _TEXT.encode(value).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        pairs = ", ".join(
            f"{_key(key)} = {_value(item)}" for key, item in value.items() if item is not None
        )
        return f"{{ {pairs} }}" if pairs else "{}"
    return repr(value)
