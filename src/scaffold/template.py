"""Find a template, open it at a version, and say what it asks and what of it would run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import scaffold
from scaffold import cache
from scaffold.digests import sha1, sha256
from scaffold.errors import ScaffoldError
from scaffold.questions import Questions, read_questions
from scaffold.repositories import References, Repository, is_repository
from scaffold.spec import BUILTIN, Source
from scaffold.tree import File
from scaffold.trust.addresses import check_ref, exists, is_remote, local_path, strip_userinfo
from scaffold.trust.limits import Limits
from scaffold.trust.paths import is_inside, open_regular
from scaffold.trust.text import escape
from scaffold.values import field, frozen, replace

CONTEXT_FILE = "cookiecutter.json"
HOOKS = ("pre_prompt", "pre_gen_project", "post_gen_project")

_RELEASE = re.compile(r"(?:[vV](?=\d))?((?<=[vV])\d+(?:\.\d+)*|\d+(?:\.\d+)+)(.*)")
_BEFORE = {"dev": "", "a": "a", "alpha": "a", "b": "b", "beta": "b"}
_BEFORE |= dict.fromkeys(("c", "rc", "pre", "preview"), "rc")
"""Pre-releases in PEP 440's spellings -> what they sort as."""
_AFTER = {"post", "rev", "r", "patch"}
_BUNDLE = Path(__file__).parent / "history" / "template.bundle"
_CHECKOUT = Path(__file__).parents[2]


@frozen
class Version:
    """A version that a template offers.

    Args:
        name: Its tag, or the start of its commit id.
        commit: Its full commit id.
        released: It is a release, not a development version.
    """

    name: str
    commit: str
    released: bool = True


@frozen
class Template:
    """A cookiecutter template at one version.

    Args:
        source: Where it is, without a password.
        version: The tag or branch that was asked for, or the start of the commit id.
        commit: The full commit id; of a folder that is no repository, one made from its content.
        files: Path -> file, relative to the folder of `cookiecutter.json`.
        questions: What it asks.
        own: It is scaffold's own template: trusted, and without hooks to run.
    """

    source: Source
    version: str
    commit: str
    files: Mapping[str, File]
    questions: Questions = field(default_factory=Questions)
    own: bool = False

    @property
    def address(self) -> str:
        """Return where it comes from, without a password."""
        return self.source.address

    @cached_property
    def hooks(self) -> tuple[str, ...]:
        """Return the paths of the hooks that cookiecutter would run."""
        if self.own:
            return ()
        inside = [path for path in self.files if path.startswith("hooks/")]
        return tuple(sorted(filter(_is_hook, inside)))

    @property
    def foreign_extensions(self) -> tuple[str, ...]:
        """Return the Jinja extensions that are somebody's code."""
        return self.questions.settings.foreign

    @property
    def runs_code(self) -> bool:
        """Return whether a complete render runs code of the template's."""
        return bool(self.hooks or self.foreign_extensions)

    @property
    def draws_chance(self) -> bool:
        """Return whether a render may depend on clock or chance, and so needs a seed."""
        if self.own:
            return False
        contents = [file.content for file in self.files.values()]
        words = (
            b"now ",
            b"random",
            b"uuid",
        )  # plain searches, since some templates have 10,000 files
        return self.runs_code or any(word in content for content in contents for word in words)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return what a render without trust leaves out, one sentence each."""
        return tuple(f"{path} was not run" for path in self.hooks)


def open_template(source: Source, ref: str = "", *, offline: bool = False) -> Template:
    """Return the template of `source` at `ref`: a tag, a branch, a commit id, or the newest release.

    Raises:
        ScaffoldError: The template cannot be reached, has no such version, or is no cookiecutter template.
    """
    directory = _checked_directory(source.directory)
    if source.address == BUILTIN:
        return _open_own(ref)
    if _is_plain_folder(source):
        return _open_folder(source, local_path(source.address), directory, ref)
    repository = Repository.at(source.address, offline=offline)
    version = _resolve(repository, check_ref(ref))
    files = _read(repository, version.commit, directory)
    return _template(source, version, files)


def versions(source: Source, *, offline: bool = False) -> list[Version]:
    """Return the versions of `source`, newest first.

    Raises:
        ScaffoldError: The template cannot be reached.
    """
    if source.address == BUILTIN:
        return _own_versions()
    if _is_plain_folder(source):
        template = open_template(source)
        return [Version(template.version, template.commit, released=False)]
    return _listed(Repository.at(source.address, offline=offline).references())


def newest(source: Source, *, offline: bool = False) -> Version:
    """Return the newest release of `source`, or where its default branch is.

    Raises:
        ScaffoldError: The template cannot be reached, or has no version.
    """
    found = versions(source, offline=offline)
    if not found and source.address == BUILTIN:
        raise _without_template()
    if not found:
        shown = escape(strip_userinfo(source.address))
        raise ScaffoldError(
            f"the template at {shown} has no commit",
            hint="make one there, or name another template",
            code="no-template",
        )
    return found[0]


def find_version(source: Source, ref: str, *, offline: bool = False) -> Version:
    """Return the version of `source` that `ref` names: a tag, a branch or a commit id.

    Raises:
        ScaffoldError: The template cannot be reached, or has no such version.
    """
    if not _has_history(source):
        template = open_template(source, ref)
        return Version(template.version, template.commit, released=False)
    return _resolve(Repository.at(source.address, offline=offline), check_ref(ref))


def is_before(source: Source, older: str, newer: str, *, offline: bool = False) -> bool:
    """Return whether the commit `older` lies in the history of another one, `newer`, of `source`.

    Raises:
        ScaffoldError: The template cannot be reached.
    """
    if older == newer or not _has_history(source):
        return False
    return Repository.at(source.address, offline=offline).is_before(older, newer)


def _has_history(source: Source) -> bool:
    return source.address != BUILTIN and not _is_plain_folder(source)


def _is_plain_folder(source: Source) -> bool:
    folder = local_path(source.address)
    return not is_remote(source.address) and exists(folder) and not is_repository(folder)


def _open_own(ref: str) -> Template:
    source = Source()
    if not ref or ref == scaffold.__version__:
        if _is_checkout():
            return _working_tree(source)
        ref = newest(source).name
    kept = _kept(ref, own=True) if re.fullmatch(r"[0-9a-f]{12,40}", ref) else None
    if kept is not None:
        return _template(source, Version(ref[:12], kept[0], released=False), kept[1], own=True)
    if not _BUNDLE.is_file() and not _is_checkout():
        raise _without_template()
    if not _BUNDLE.is_file():
        raise ScaffoldError(
            f"scaffold's template has no version {escape(ref)}",
            hint=f"it was not released yet; the working tree is {scaffold.__version__}",
            code="unknown-version",
        )
    repository = _own_history()
    version = _resolve(repository, check_ref(ref))
    return _template(source, version, _read(repository, version.commit, "", own=True), own=True)


def _without_template() -> ScaffoldError:
    return ScaffoldError(
        "this copy of scaffold was built without its template",
        hint="install a release of scaffold, run it from a checkout, or name a template with --template",
        code="no-template",
    )


def _own_versions() -> list[Version]:
    current = []
    if _is_checkout():
        template = _working_tree(Source())
        current = [Version(template.version, template.commit, released=False)]
    released = _listed(_own_history().references()) if _BUNDLE.is_file() else []
    return current + [version for version in released if version.released]


def _own_history() -> Repository:
    return Repository.at(str(_BUNDLE))


def _is_checkout() -> bool:
    return (_CHECKOUT / "template" / "template.toml").is_file()


def _working_tree(source: Source) -> Template:
    """Return the template that the checkout's sources stand for; they are compiled when one of them changed."""
    key = sha256(repr((_CHECKOUT, [*_stamps()])).encode("utf-8", "surrogateescape"))
    kept = cache.folder("sources") / key.hexdigest()[:32]
    commit = cache.load(kept)
    files = _load(_pack(commit, "", own=True)) if commit else None
    if files is not None:
        return _template(source, Version(commit[:12], commit, released=False), files, own=True)
    from scaffold.compile import compile_template  # noqa: PLC0415 - maintainers only

    template = _snapshot(source, dict(compile_template(_CHECKOUT / "template")), own=True)
    cache.save(kept, template.commit)
    return template


def _stamps() -> Iterator[tuple[str, int, int, int]]:
    """Yield what tells one state of the sources, and of what compiles them, from another."""
    for folder in (_CHECKOUT / "template", _CHECKOUT / "hooks", Path(__file__).parent):
        for root, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(names):
                path = os.path.join(root, name)  # noqa: PTH118 - a thousand files, at every command
                status = os.lstat(path)
                yield path, status.st_mode, status.st_size, status.st_mtime_ns


def _open_folder(source: Source, folder: Path, directory: str, ref: str) -> Template:
    kept = _kept(ref) if re.fullmatch(r"[0-9a-f]{12,40}", ref) else None
    if kept is not None:
        return _template(source, Version(ref[:12], kept[0], released=False), kept[1])
    if not is_inside(folder / directory, folder):
        raise _not_inside(directory)
    if not exists(folder / directory / CONTEXT_FILE):  # before all of `/` is read
        place = folder / directory
        elsewhere = exists(place) and any(place.glob(f"*/{CONTEXT_FILE}"))
        raise _no_template(replace(source, address=strip_userinfo(source.address)), elsewhere)
    template = _snapshot(source, _folder_files(folder / directory))
    if ref and not template.commit.startswith(ref):
        raise ScaffoldError(
            f"{escape(source.address)} is a folder without versions, so it has no {escape(ref)}",
            hint="leave the version out, or make the folder a git repository",
            code="unknown-version",
        )
    return template


def _snapshot(source: Source, files: Mapping[str, File], *, own: bool = False) -> Template:
    """Return a template without history, kept under its content's id so that it can be opened again."""
    commit = _content_id(files)
    if cache.load(_pack(commit, "", own=own)) is None:  # not there, or of another user's key
        _keep(commit, "", files, own=own)
    return _template(source, Version(commit[:12], commit, released=False), files, own=own)


def _content_id(files: Mapping[str, File]) -> str:
    digest = sha1()
    for path, file in sorted(files.items()):
        digest.update(f"{file.mode} {file.blob_id} {path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _resolve(repository: Repository, ref: str) -> Version:
    if re.fullmatch(r"[0-9a-f]{40}", ref):
        return Version(ref[:12], ref, released=False)
    references = repository.references()
    if not ref:
        listed = _listed(references)
        if not listed:
            raise ScaffoldError(
                "the template has no commit",
                hint="make one there, or name another template",
                code="no-template",
            )
        return listed[0]
    for name in (ref, f"v{ref}", ref.removeprefix("v")):
        if name in references.tags:
            return Version(name, references.tags[name], released=_order(name) is not None)
    if ref in references.branches:
        return Version(ref, references.branches[ref], released=False)
    try:
        commit = repository.find(ref)
    except ScaffoldError as error:
        raise ScaffoldError(
            error.message, hint=_offered(references) or error.hint, code=error.code
        ) from None
    return Version(commit[:12], commit, released=False)


def _offered(references: References) -> str:
    listed = _listed(references)
    return f"the newest is {listed[0].name}; `scaffold list --versions` has all" if listed else ""


def _listed(references: References) -> list[Version]:
    """Return releases newest first (before their own pre-releases); without any, the default branch."""
    numbered = [(order, name) for name in references.tags if (order := _order(name)) is not None]
    numbered.sort(reverse=True)
    releases = [name for order, name in numbered if order[1] >= _FINAL]
    earlier = [name for order, name in numbered if order[1] < _FINAL]
    if releases or earlier:
        return [Version(name, references.tags[name]) for name in releases + earlier]
    head = references.head
    return [Version(head[:12], head, released=False)] if head else []


_FINAL = (1,)


def _order(name: str) -> tuple[tuple[int, ...], tuple[Any, ...]] | None:
    """Return a key that sorts release tags by their numbers, or nothing for a tag that is no release."""
    match = _RELEASE.fullmatch(name)
    if match is None:
        return None
    stage = _stage(match[2].partition("+")[0].lower(), is_semantic=match[1].count(".") == 2)  # noqa: PLR2004
    numbers = tuple(int(number[:18]) for number in match[1].split("."))
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    return None if stage is None else (numbers, stage)


def _stage(suffix: str, *, is_semantic: bool) -> tuple[Any, ...] | None:
    """Return a key that sorts what follows a tag's numbers: a pre-release, the final one, or what came after that.

    A pre-release has one of PEP 440's spellings, or a hyphen (SemVer, section 9), unless a word such as `post` or,
    beside numbers that are not SemVer's three, a number follows that.
    """
    parts = re.findall(r"\d+|[a-z]+", suffix)
    first, hyphened = parts[0] if parts else "", suffix.startswith("-")
    if first in _AFTER or (hyphened and first.isdigit() and not is_semantic):
        return 2, _identifiers(parts)
    if first in _BEFORE or (hyphened and first):
        return 0, _identifiers(parts)
    return _FINAL if suffix[:1] in {"", "-", "_", "."} else None


def _identifiers(parts: Iterable[str]) -> tuple[tuple[bool, int, str], ...]:
    """Return a key that sorts numbers by what they are, before words."""
    return tuple(
        (False, int(part[:18]), "") if part.isdigit() else (True, 0, _BEFORE.get(part, part))
        for part in parts
    )


def newest_first(names: Iterable[str]) -> list[str]:
    """Return tags in order: releases, the newest first and its pre-releases after it, then what is no release."""
    orders = {name: _order(name) for name in names}
    releases = [(order, name) for name, order in orders.items() if order is not None]
    others = [name for name, order in orders.items() if order is None]
    return [name for _, name in sorted(releases, reverse=True)] + others


def _read(
    repository: Repository, commit: str, directory: str, *, own: bool = False
) -> Mapping[str, File]:
    kept = _load(_pack(commit, directory, own=own))
    if kept is not None:
        return kept
    files = repository.read(commit, directory, Limits.from_environment())
    _keep(commit, directory, files, own=own)
    return files


def _pack(commit: str, directory: str, *, own: bool = False) -> Path:
    """Return where a template is kept; nobody else's has a name that scaffold's own is looked for under."""
    key = sha256(directory.encode()).hexdigest()[:8] if directory else _kind(own=own)
    return cache.folder("templates") / f"{commit}-{key}"


def _kind(*, own: bool) -> str:
    return "own" if own else "root"


def _kept(ref: str, *, own: bool = False) -> tuple[str, Mapping[str, File]] | None:
    kind = _kind(own=own)
    for path in sorted(cache.folder("templates").glob(f"{ref}*-{kind}")):
        files = _load(path)
        if files is not None:
            return path.name.removesuffix(f"-{kind}"), files
    return None


def _keep(commit: str, directory: str, files: Mapping[str, File], *, own: bool) -> None:
    plain = {path: (file.blob_id, file.content, file.mode) for path, file in files.items()}
    cache.save(_pack(commit, directory, own=own), plain)


def _load(path: Path) -> Mapping[str, File] | None:
    plain = cache.load(path)
    if plain is None:
        return None
    return {path: File.of_blob(*file) for path, file in plain.items()}


def _folder_files(folder: Path) -> dict[str, File]:
    files: dict[str, File] = {}
    limits = Limits.from_environment()
    size = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__"))
        links = [name for name in folders if Path(root, name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(root, name)
            file = _folder_file(path, folder, limits.megabytes * 1_000_000 - size)
            size += len(file.content)
            files[path.relative_to(folder).as_posix()] = file
            limits.check_size(len(files), size)
    return files


def _folder_file(path: Path, folder: Path, most: int) -> File:
    """Return a file of a template's folder; of a larger one than `most` bytes, as many and one more."""
    is_link = path.is_symlink()
    if is_link:
        target = Path(os.path.realpath(path))  # of a loop, its own name
        if not target.is_relative_to(folder.resolve()) or not target.is_file():
            return File(os.fsencode(path.readlink()), "120000")
        path = target
    try:
        with open_regular(path) as stream:
            status = os.fstat(stream.fileno())
            content = stream.read(
                most + 1
            )  # what says that it is empty, as in /proc, may be endless
    except OSError as error:
        shown = escape(str(path.relative_to(folder.resolve() if is_link else folder)))
        raise ScaffoldError(
            f"the template has {shown}, which cannot be read: {error.strerror}",
            hint="make it a file that can be read, or take it away",
            code="bad-path",
        ) from None
    return File(content, "100755" if status.st_mode & 0o100 else "100644")


def _template(
    source: Source, version: Version, files: Mapping[str, File], *, own: bool = False
) -> Template:
    shown = replace(source, address=strip_userinfo(source.address))
    context = files.get(CONTEXT_FILE)
    if context is None:
        raise _no_template(shown, any(path.endswith(f"/{CONTEXT_FILE}") for path in files))
    questions = read_questions(context.content.decode("utf-8", "replace"), own=own)
    template = Template(shown, version.name, version.commit, files, questions, own)
    _refuse_nested(questions)
    _refuse_given_up(questions)
    return template


def _no_template(source: Source, elsewhere: bool) -> ScaffoldError:  # noqa: FBT001 - where a hint is due
    return ScaffoldError(
        f"{_place(source)} is no cookiecutter template: it has no {CONTEXT_FILE}",
        hint="name the folder that has it with --directory"
        if elsewhere
        else "name another template or version",
        code="no-template",
    )


def _place(source: Source) -> str:
    folder = f"{source.directory} of " if source.directory else ""
    return f"{folder}{escape(source.address)}"


def _refuse_nested(questions: Questions) -> None:
    nested = questions.raw.get("templates") or questions.raw.get("template")
    if isinstance(nested, dict):
        paths = [str(value.get("path", "")) for value in nested.values() if isinstance(value, dict)]
    elif isinstance(nested, list):
        paths = [match[1] for item in nested if (match := re.search(r"\((.+)\)", str(item)))]
    else:
        return
    raise ScaffoldError(
        f"this is a collection of templates: {escape(', '.join(paths))}",
        hint="choose one with --directory",
        code="nested-templates",
    )


def _refuse_given_up(questions: Questions) -> None:
    """Refuse a template that only says that it left cookiecutter, as cookiecutter-data-science does since v2."""
    told = questions.raw.get("DEPRECATED")
    if isinstance(told, str):
        raise ScaffoldError(
            f"the template is for cookiecutter no longer: {escape(told)}",
            hint="an older release of it may be; see `scaffold list --versions`",
            code="no-template",
        )


def _is_hook(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return folder == "hooks" and not name.endswith("~") and os.path.splitext(name)[0] in HOOKS  # noqa: PTH122


def _checked_directory(directory: str) -> str:
    plain = directory.strip("/").removeprefix("./").replace("\\", "/")
    if directory.startswith("/") or ".." in plain.split("/"):
        raise _not_inside(directory)
    return "" if plain == "." else plain


def _not_inside(directory: str) -> ScaffoldError:
    return ScaffoldError(
        f"the directory {escape(directory)} is not inside the template",
        hint="name it from the top of the template's repository",
        code="bad-path",
    )
