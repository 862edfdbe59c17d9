"""Maintainers: read the sources under `template/` and refuse what could not become a template.

Only the standard library is imported, since cookiecutter's `pre_prompt` hook runs this from a checkout.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from scaffold.errors import ScaffoldError
from scaffold.rules import component_problem, with_required
from scaffold.tree import File, Mode
from scaffold.values import frozen

BASE = "base"

# What a manifest may say; anything else is a typing mistake.
MANIFEST_KEYS: Mapping[str, type] = {
    "title": str,
    "summary": str,
    "category": str,
    "slot": str,
    "requires": list,
    "conflicts": list,
    "once": list,
    "dependencies": dict,
    "env": dict,
    "services": dict,
    "tasks": dict,
    "jobs": dict,
    "pipeline": dict,  # where a provider of continuous integration says what it runs
    "environment_files": dict,  # environment -> variable -> what it is: secrets of all jobs there that are files
    "only_with_jobs": dict,  # path -> concern or permission: a file that is only there with such a job
    "ports": dict,
    "gitignore": list,
    "dockerignore": list,
    "hooks": list,
    "docs": list,
    "bumps": dict,  # ecosystem, as Dependabot calls it -> folders with versions that it can propose newer ones for
    "tree": dict,  # files and folders -> what they are for
}

_QUESTION_KEYS: Mapping[str, type] = {
    "prompt": str,
    "help": str,
    "default": str,
    "choices": list,
    "pattern": str,
    "reserved": list,
    "module": bool,  # the answer names one of Python: its keywords and its own modules are reserved, too
    "required": bool,
    "frozen": bool,
    "secret": bool,
    "renamed_from": list,
    "choices_renamed": dict,
}
_SLOT_KEYS: Mapping[str, type] = {"prompt": str, "default": str, "frozen": bool}
_PRESET_KEYS: Mapping[str, type] = {"title": str, "components": list}
_SETTINGS_KEYS: Mapping[str, type] = {
    "format": int,
    "questions": dict,
    "slots": dict,
    "presets": dict,
}
_FORMAT = 1
_COMPONENT_NAME = re.compile(r"[a-z][a-z0-9-]*")
_LITTER = {"__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".DS_Store"}


@frozen
class Component:
    """A folder of the sources: its manifest, and the files that it lays over the project's root."""

    name: str
    manifest: dict[str, Any]
    files: dict[str, File]


@frozen
class Sources:
    """What lies under `template/`, read and checked; `components` has base first, then by name."""

    settings: dict[str, Any]
    components: tuple[Component, ...]
    macros: dict[str, File]

    @property
    def manifests(self) -> dict[str, dict[str, Any]]:
        """Return component name -> manifest, base first."""
        return {component.name: component.manifest for component in self.components}

    @property
    def presets(self) -> dict[str, tuple[str, ...]]:
        """Return preset name -> its components, each slot filled with its default."""
        defaults = {slot["default"] for slot in self.settings["slots"].values()}
        return {
            name: tuple(sorted({*defaults, *preset["components"]}))
            for name, preset in self.settings["presets"].items()
        }


def read_sources(folder: Path) -> Sources:
    """Return the template sources in `folder`.

    Raises:
        ScaffoldError: A manifest or `template.toml` is wrong, components contradict each other, or two of them own one
            path without sharing a slot.
    """
    settings = _read_settings(folder / "template.toml")
    components = tuple(_read_component(path) for path in _component_folders(folder))
    sources = Sources(settings, components, dict(_read_files(folder / "macros")))
    if not components[0].files:
        raise ScaffoldError("base has no file")
    _check_relations(sources)
    _check_presets(sources)
    _check_owners(components)
    return sources


def _read_settings(path: Path) -> dict[str, Any]:
    settings = _read_toml(path)
    _check_keys("template.toml", settings, _SETTINGS_KEYS)
    if settings.get("format") != _FORMAT:
        raise ScaffoldError(f"template.toml has format {settings.get('format')}, not {_FORMAT}")
    for key in ("questions", "slots", "presets"):
        settings.setdefault(key, {})
    for kind, keys in (
        ("questions", _QUESTION_KEYS),
        ("slots", _SLOT_KEYS),
        ("presets", _PRESET_KEYS),
    ):
        for name, entry in settings[kind].items():
            _check_keys(f"template.toml: {kind}.{name}", entry, keys)
    for name, question in settings["questions"].items():
        _check_question(name, question)
    return settings


def _check_question(name: str, question: dict[str, Any]) -> None:
    if "prompt" not in question:
        raise ScaffoldError(f"template.toml: questions.{name} has no prompt")
    if ("default" in question) == ("choices" in question):
        raise ScaffoldError(f"template.toml: questions.{name} needs a default or choices")
    try:
        re.compile(question.get("pattern", ""))
    except re.error as error:
        raise ScaffoldError(
            f"template.toml: the pattern of questions.{name} is wrong: {error}"
        ) from error


def _component_folders(sources: Path) -> Iterator[Path]:
    yield sources / BASE
    yield from sorted(path.parent for path in (sources / "components").glob("*/component.toml"))


def _read_component(folder: Path) -> Component:
    if not _COMPONENT_NAME.fullmatch(folder.name):
        raise ScaffoldError(
            f"component {folder.name}: a name has small letters, digits and dashes only"
        )
    manifest = _read_toml(folder / "component.toml")
    _check_keys(f"component {folder.name}", manifest, MANIFEST_KEYS)
    for key in ("title", "summary"):
        if not manifest.get(key):
            raise ScaffoldError(f"component {folder.name} has no {key}")
    for key, kind in MANIFEST_KEYS.items():
        manifest.setdefault(key, kind())
    manifest["name"] = folder.name
    return Component(folder.name, manifest, dict(_read_files(folder / "files")))


def _read_toml(path: Path) -> dict[str, Any]:
    name = f"{path.parent.name}/{path.name}"
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ScaffoldError(f"{name} is missing") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScaffoldError(f"{name} is not TOML: {error}") from error


def _check_keys(where: str, table: Any, keys: Mapping[str, type]) -> None:
    if not isinstance(table, dict):
        raise ScaffoldError(f"{where} must be a table")
    for key, value in table.items():
        if key not in keys:
            raise ScaffoldError(
                f"{where} has an unknown key: {key}", hint=f"known: {', '.join(keys)}"
            )
        if not isinstance(value, keys[key]):
            raise ScaffoldError(f"{where}: {key} must be a {keys[key].__name__}")


def _read_files(root: Path) -> Iterator[tuple[str, File]]:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if _LITTER.intersection(path.parts):
            continue
        if path.is_symlink():
            raise ScaffoldError(f"{name} is a symbolic link, which no template of ours has")
        if path.is_file():
            _check_path(name)
            mode: Mode = "100755" if path.stat().st_mode & 0o100 else "100644"
            yield name, File(path.read_bytes(), mode)


def _check_path(path: str) -> None:
    """Refuse names that cookiecutter would render, or that some system cannot hold."""
    if re.search(r"[{}<>:\"|?*\\\x00-\x1f]", path) or not path.isascii():
        raise ScaffoldError(f"{path!r} has a character that not every system can store")


def _check_relations(sources: Sources) -> None:
    manifests, slots = sources.manifests, sources.settings["slots"]
    for name, manifest in manifests.items():
        for key in ("requires", "conflicts"):
            for other in manifest[key]:
                if other not in manifests:
                    raise ScaffoldError(f"component {name} {key} {other}, which does not exist")
        if manifest["slot"] and manifest["slot"] not in slots:
            raise ScaffoldError(f"component {name} names an unknown slot: {manifest['slot']}")
        closed = with_required(manifests, [name])
        for member in closed:
            for other in manifests[member]["conflicts"]:
                if other in closed:
                    raise ScaffoldError(
                        f"component {name} can never be chosen: {member} conflicts with {other}"
                    )


def _check_presets(sources: Sources) -> None:
    if not sources.presets:
        raise ScaffoldError("template.toml has no preset")
    for name, chosen in sources.presets.items():
        problem = component_problem(sources.manifests, sources.settings["slots"], chosen)
        if problem:
            raise ScaffoldError(f"preset {name}: {problem}")


def _check_owners(components: tuple[Component, ...]) -> None:
    owners: dict[str, Component] = {}
    spelling: dict[str, str] = {}
    for component in components:
        for path in component.files:
            output = path.removesuffix(".jinja")
            other = owners.setdefault(output, component)
            if spelling.setdefault(output.casefold(), output) != output:
                raise ScaffoldError(
                    f"{output} and {spelling[output.casefold()]} differ by case only"
                )
            if other is component:
                continue
            slot = component.manifest["slot"]
            if not slot or slot != other.manifest["slot"]:
                raise ScaffoldError(f"{output} has two owners: {other.name} and {component.name}")
    for output, owner in owners.items():
        for parent in PurePosixPath(output).parents:
            if str(parent) in owners:
                raise ScaffoldError(
                    f"{parent} is a file of {owners[str(parent)].name} and a folder of {owner.name}"
                )
