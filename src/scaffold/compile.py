"""Maintainers: turn the sources under `template/` into one plain cookiecutter template.

The result is a `Tree` that stock cookiecutter renders as it is: `cookiecutter.json`, hooks, macros, and one folder
whose files have their conditions in their *names* (an empty name is skipped; an optional folder would abort).
Only the standard library is imported, since cookiecutter's `pre_prompt` hook runs this module from a checkout.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaffold.errors import ScaffoldError
from scaffold.tree import File, Mode, Tree

PROJECT_FOLDER = "{{cookiecutter.project_slug}}"
BASE = "base"

# Placeholders that keep literal files importable and lintable as they lie.
PLACEHOLDERS = {"project_package": "package_name", "project-name": "project_slug"}

# What a manifest may say; anything else is a typing mistake.
MANIFEST_KEYS = {
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
    "ports": dict,
    "gitignore": list,
    "dockerignore": list,
    "hooks": list,
    "docs": list,
}


@dataclass(frozen=True, slots=True)
class Component:
    """A folder of the sources: its manifest, and the files that it lays over the project's root."""

    name: str
    manifest: dict[str, Any]
    files: dict[str, File]


def compile_template(sources: Path) -> Tree:
    """Return the plain cookiecutter template that the `template` folder `sources` stands for.

    Raises:
        ScaffoldError: A manifest is wrong, or two components own one path without sharing a slot.
    """
    settings = tomllib.loads((sources / "template.toml").read_text("utf-8"))
    components = [_read_component(folder) for folder in _component_folders(sources)]
    _check_relations(components, settings)
    _check_owners(components)

    tree: dict[str, File] = {}
    copied = []
    for component in components:
        for path, file in component.files.items():
            name, compiled = _compile_file(component, path, file, settings)
            tree[f"{PROJECT_FOLDER}/{name}"] = compiled
            if compiled is file and component.name == BASE:
                copied.append(name)
    for macro in sorted((sources / "macros").glob("*")):
        tree[f"templates/{macro.name}"] = File(macro.read_bytes())
    for hook in sorted((sources.parent / "hooks").glob("*_gen_project.py")):
        tree[f"hooks/{hook.name}"] = File(hook.read_bytes())
    context = _context(settings, components, copied)
    tree["cookiecutter.json"] = File((json.dumps(context, indent=2) + "\n").encode())
    return tree


def write_tree(tree: Tree, folder: Path) -> None:
    """Write `tree` under `folder`, which is created where it does not exist."""
    for path, file in tree.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(0o755 if file.mode == "100755" else 0o644)


def _component_folders(sources: Path) -> Iterator[Path]:
    yield sources / BASE
    yield from sorted(p.parent for p in (sources / "components").glob("*/component.toml"))


def _read_component(folder: Path) -> Component:
    manifest = tomllib.loads((folder / "component.toml").read_text("utf-8"))
    for key, value in manifest.items():
        if key not in MANIFEST_KEYS:
            raise ScaffoldError(f"component {folder.name} has an unknown key: {key}")
        if not isinstance(value, MANIFEST_KEYS[key]):
            expected = MANIFEST_KEYS[key].__name__
            raise ScaffoldError(f"component {folder.name}: {key} must be a {expected}")
    for key, kind in MANIFEST_KEYS.items():
        manifest.setdefault(key, kind())
    manifest["name"] = folder.name
    return Component(folder.name, manifest, dict(_read_files(folder / "files")))


def _read_files(root: Path) -> Iterator[tuple[str, File]]:
    ignored = {"__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".DS_Store"}
    for path in sorted(root.rglob("*")):
        if path.is_file() and not ignored.intersection(path.parts):
            mode: Mode = "100755" if path.stat().st_mode & 0o100 else "100644"
            yield path.relative_to(root).as_posix(), File(path.read_bytes(), mode)


def _check_relations(components: list[Component], settings: dict[str, Any]) -> None:
    names = {component.name for component in components}
    slots = set(settings.get("slots", {}))
    for component in components:
        for key in ("requires", "conflicts"):
            for other in component.manifest[key]:
                if other not in names:
                    raise ScaffoldError(
                        f"component {component.name} {key} {other}, which does not exist"
                    )
        slot = component.manifest["slot"]
        if slot and slot not in slots:
            raise ScaffoldError(f"component {component.name} names an unknown slot: {slot}")


def _check_owners(components: list[Component]) -> None:
    owners: dict[str, Component] = {}
    for component in components:
        for path in component.files:
            output = path.removesuffix(".jinja")
            other = owners.setdefault(output, component)
            if other is component:
                continue
            slot = component.manifest["slot"]
            if not slot or slot != other.manifest["slot"]:
                raise ScaffoldError(f"{output} has two owners: {other.name} and {component.name}")


def _compile_file(
    component: Component, path: str, file: File, settings: dict[str, Any]
) -> tuple[str, File]:
    """Return the template's file name (with its condition) and content for one source file.

    A file whose content needs no rendering is returned as the same object.
    """
    folder, _, name = path.removesuffix(".jinja").rpartition("/")
    name = _fill_placeholders(name)
    if component.name != BASE:
        name = f"{{% if '{component.name}' in cookiecutter.components.split(',') %}}{name}{{% endif %}}"
    name = f"{_fill_placeholders(folder)}/{name}" if folder else name
    if _is_binary(file.content):
        return name, file
    text = file.content.decode("utf-8")
    compiled = _prelude(text, settings) + text if path.endswith(".jinja") else _literal(text)
    return name, file if compiled == text else File(compiled.encode(), file.mode)


def _is_binary(content: bytes) -> bool:
    return b"\0" in content


def _fill_placeholders(text: str) -> str:
    for placeholder, question in PLACEHOLDERS.items():
        text = text.replace(placeholder, f"{{{{cookiecutter.{question}}}}}")
    return text


def _literal(text: str) -> str:
    """Return Jinja source that renders to `text` with its placeholders filled."""
    return _fill_placeholders(re.sub(r"\{(?=[{%#])", "{{ '{' }}", text))


def _prelude(text: str, settings: dict[str, Any]) -> str:
    """Return the assignments that let a `.jinja` source say `project_name` and loop over `components`."""
    names = [*settings["questions"], "components"]
    used = [name for name in names if re.search(rf"\b{name}\b", text)]
    return "".join(_assignment(name) for name in used)


def _assignment(name: str) -> str:
    if name != "components":
        return f"{{% set {name} = cookiecutter.{name} %}}"
    return (
        "{% set components = cookiecutter._components.values()"
        " | selectattr('name', 'in', ['base'] + cookiecutter.components.split(',')) | list %}"
    )


def _context(
    settings: dict[str, Any], components: list[Component], copied: list[str]
) -> dict[str, Any]:
    """Return `cookiecutter.json`: questions, then what is private to the template."""
    slots = settings.get("slots", {})
    defaults = [slot["default"] for slot in slots.values()]
    presets = {
        name: ",".join(sorted({*defaults, *preset["components"]}))
        for name, preset in settings["presets"].items()
    }
    questions = {
        name: question.get("choices", question.get("default"))
        for name, question in settings["questions"].items()
    }
    prompts = {name: question["prompt"] for name, question in settings["questions"].items()}
    names = ", ".join(component.name for component in components if component.name != BASE)
    return {
        **questions,
        "preset": list(presets),
        "components": "{{ cookiecutter._presets[cookiecutter.preset] }}",
        "__prompts__": {
            **prompts,
            "preset": "Preset",
            "components": f"Components, separated by commas ({names})",
        },
        "_presets": presets,
        "_components": {component.name: component.manifest for component in components},
        "_template": settings,
        "_copy_without_render": sorted(copied),
        "_jinja2_env_vars": {"trim_blocks": True, "lstrip_blocks": True},
    }


def main() -> int:
    """Write the compiled template to the folder named on the command line."""
    sources, target = (Path(argument) for argument in sys.argv[1:])
    try:
        write_tree(compile_template(sources), target)
    except ScaffoldError as error:
        sys.stderr.write(f"error: {error.message}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
