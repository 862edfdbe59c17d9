"""Maintainers: turn the sources under `template/` into one plain cookiecutter template.

The result is a `Tree` that stock cookiecutter renders as it is: `cookiecutter.json`, hooks, macros, and one folder
whose files have their conditions in their *names* (an empty name is skipped; an optional folder would abort).
Only the standard library is imported, since cookiecutter's `pre_prompt` hook runs this module from a checkout.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from scaffold import rules
from scaffold.errors import ScaffoldError
from scaffold.sources import BASE, Component, Sources, read_sources
from scaffold.tree import File, Tree

PROJECT_FOLDER = "{{cookiecutter.project_slug}}"

# Placeholders that keep literal files importable and lintable as they lie.
PLACEHOLDERS = {"project_package": "package_name", "project-name": "project_slug"}

_BRACE = "{{ '{' }}"
_CONDITIONAL = re.compile(r"\{% if '(?P<first>[^']+)' in .*? %\}(?P<name>[^/]*)\{% endif %\}$")
_PRELUDE = re.compile(r"^(\{% set (\w+ = cookiecutter\.\w+|components = [^%]*) %\})+")

_RULES_IMPORT = "from scaffold.rules import answer_problem, component_problem\n"


def compile_template(folder: Path) -> Tree:
    """Return the plain cookiecutter template that the sources in `folder` stand for.

    The hooks beside `folder` go with it, but for `pre_prompt`, which is the compiler itself.

    Raises:
        ScaffoldError: The sources are wrong; see `read_sources`.
    """
    sources = read_sources(folder)
    tree: dict[str, File] = {}
    copied = []
    for component in sources.components:
        for path, file in component.files.items():
            name, compiled = _compile_file(component, path, file, sources)
            tree[f"{PROJECT_FOLDER}/{name}"] = compiled
            if compiled is file and component.name == BASE:
                copied.append(name)
    for name, macro in sources.macros.items():
        tree[f"templates/{name}"] = macro
    for hook in sorted((folder.parent / "hooks").glob("*_gen_project.py")):
        tree[f"hooks/{hook.name}"] = File(_compile_hook(hook.read_text("utf-8")).encode())
    context = _context(sources, copied)
    tree["cookiecutter.json"] = File((json.dumps(context, indent=2) + "\n").encode())
    return tree


def source_of(path: str, file: File) -> tuple[str, File]:
    """Return path, below the sources' folder, and content of what a file of the compiled template was made of."""
    name = path.removeprefix(f"{PROJECT_FOLDER}/")
    found = _CONDITIONAL.search(name)
    component = found["first"] if found else BASE
    owner = BASE if component == BASE else f"components/{component}"
    bare = _CONDITIONAL.sub(r"\g<name>", name)
    name = f"{owner}/files/{_empty_placeholders(bare)}"
    try:
        text = file.content.decode("utf-8")
    except UnicodeDecodeError:
        return name, file
    literal = _empty_placeholders(text).replace(_BRACE, "{")
    if _literal(literal) == text:
        return name, File(literal.encode(), file.mode)
    return f"{name}.jinja", File(_PRELUDE.sub("", text).encode(), file.mode)


def write_tree(tree: Tree, folder: Path) -> None:
    """Write `tree` under `folder`, which is created where it does not exist."""
    for path, file in tree.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(0o755 if file.mode == "100755" else 0o644)


def _compile_file(
    component: Component, path: str, file: File, sources: Sources
) -> tuple[str, File]:
    """Return the template's file name (with its condition) and content for one source file.

    A file whose content needs no rendering is returned as the same object.
    """
    folder, _, name = path.removesuffix(".jinja").rpartition("/")
    name = _fill_placeholders(name)
    if component.name != BASE:
        name = f"{{% if {_condition(component, path, sources)} %}}{name}{{% endif %}}"
    name = f"{_fill_placeholders(folder)}/{name}" if folder else name
    if _is_binary(component, path, file):
        return name, file
    text = file.content.decode("utf-8")
    compiled = (
        _prelude(text, sources.settings) + text if path.endswith(".jinja") else _literal(text)
    )
    return name, file if compiled == text else File(compiled.encode(), file.mode)


def _condition(component: Component, path: str, sources: Sources) -> str:
    """Return the Jinja test under which a file of an optional component exists."""
    needed = component.manifest["only_with_jobs"].get(path.removesuffix(".jinja"))
    if needed is None:
        return _is_active(component)
    declaring = [
        _is_active(other)
        for other in sources.components
        if any(
            needed in (job.get("concern"), *job.get("permissions", []))
            for job in other.manifest["jobs"].values()
        )
    ]
    return f"{_is_active(component)} and ({' or '.join(declaring) or 'false'})"


def _is_active(component: Component) -> str:
    # Base is absent where a component is added to a repository that scaffold did not make.
    if component.name == BASE:
        return "'base' in cookiecutter._components"
    return f"'{component.name}' in cookiecutter.components.split(',')"


def _is_binary(component: Component, path: str, file: File) -> bool:
    if b"\0" not in file.content:
        try:
            file.content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return False
    if component.name == BASE:
        return True
    # Where a name has a condition, cookiecutter guesses from the content what is binary; a guess is not good enough.
    raise ScaffoldError(f"{path} of {component.name} is binary, which only a file of base can be")


def _fill_placeholders(text: str) -> str:
    for placeholder, question in PLACEHOLDERS.items():
        text = text.replace(placeholder, f"{{{{cookiecutter.{question}}}}}")
    return text


def _empty_placeholders(text: str) -> str:
    for placeholder, question in PLACEHOLDERS.items():
        text = text.replace(f"{{{{cookiecutter.{question}}}}}", placeholder)
    return text


def _literal(text: str) -> str:
    """Return Jinja source that renders to `text` with its placeholders filled."""
    # A brace before a placeholder counts too: it would stand before the placeholder's own braces.
    following = "|".join(["[{%#]", *PLACEHOLDERS])
    return _fill_placeholders(re.sub(rf"\{{(?={following})", _BRACE, text))


def _compile_hook(text: str) -> str:
    """Return `text` with the rules in place of their import: a hook cannot import scaffold."""
    module = Path(rules.__file__).read_text("utf-8")
    body = module.partition("from __future__ import annotations\n")[2]
    return text.replace(_RULES_IMPORT, _literal(body.lstrip()))


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


def _context(sources: Sources, copied: list[str]) -> dict[str, Any]:
    """Return `cookiecutter.json`: questions, then what is private to the template."""
    questions = sources.settings["questions"]
    names = ", ".join(name for name in sources.manifests if name != BASE)
    return {
        # First, since cookiecutter resolves in order and the default of `components` looks one up.
        "_presets": {name: ",".join(chosen) for name, chosen in sources.presets.items()},
        **{name: entry.get("choices", entry.get("default")) for name, entry in questions.items()},
        "preset": list(sources.presets),
        "components": "{{ cookiecutter._presets[cookiecutter.preset] }}",
        "__prompts__": {
            **{name: entry["prompt"] for name, entry in questions.items()},
            "preset": "Preset",
            "components": f"Components, separated by commas ({names})",
        },
        "_components": sources.manifests,
        "_settings": sources.settings,  # `_template` is cookiecutter's own
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
