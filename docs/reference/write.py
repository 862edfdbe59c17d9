"""Write the reference pages: the command line from Typer, the components from their manifests; `make docs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from scaffold.cli import app_for
from scaffold.sources import BASE, Sources, read_sources

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

_EXIT_CODES = """\
| code | means |
| ---: | --- |
| 0 | done, or nothing to do |
| 1 | the negative that was asked for: conflicts, behind, drift |
| 2 | refused or wrong usage; nothing was changed |
| 3 | a bug of scaffold's; a report is written to a file and named |
| 130 | interrupted |
"""


def pages() -> dict[str, str]:
    """Return file name -> text of every reference page."""
    sources = read_sources(ROOT / "template")
    return {
        "command-line.md": "\n".join(_command_line()).rstrip() + "\n",
        "components.md": "\n".join(_components(sources)).rstrip() + "\n",
        "questions.md": "\n".join(_questions(sources)).rstrip() + "\n",
    }


def _command_line() -> Iterator[str]:
    group: Any = typer.main.get_command(app_for([]))
    yield "# The command line\n"
    yield "Written by `docs/reference/write.py` from the program itself.\n"
    yield "## Exit codes\n"
    yield _EXIT_CODES
    context = group.make_context("scaffold", [], resilient_parsing=True)
    for name in group.list_commands(context):
        yield from _command(name, group.get_command(context, name))


def _command(name: str, command: Any) -> Iterator[str]:
    context = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"## `scaffold {name}`\n"
    yield f"{command.help}\n"
    yield f"```console\nscaffold {name} {usage}\n```\n"
    records = [record for p in command.params if (record := p.get_help_record(context))]
    if records:
        yield "| option | does |\n| --- | --- |"
        yield from (f"| `{_cell(option)}` | {_cell(text)} |" for option, text in records)
        yield ""


def _components(sources: Sources) -> Iterator[str]:
    yield "# Components\n"
    yield "Written by `docs/reference/write.py` from `template/components/*/component.toml`.\n"
    yield "Presets:\n"
    for name, chosen in sources.presets.items():
        title = sources.settings["presets"][name]["title"]
        yield f"- **{name}**: {title} ({', '.join(chosen)})"
    for name, manifest in sources.manifests.items():
        if name != BASE:
            yield from _component(name, manifest)


def _component(name: str, manifest: dict[str, Any]) -> Iterator[str]:
    yield f"\n## `{name}`: {manifest['title']}\n"
    yield f"{manifest['summary']}\n"
    if manifest["slot"]:
        yield f"- exactly one component of the slot `{manifest['slot']}` is chosen"
    for key in ("requires", "conflicts"):
        if manifest[key]:
            yield f"- {key} {', '.join(f'`{other}`' for other in manifest[key])}"
    for key, title in (("tasks", "make targets"), ("jobs", "CI jobs"), ("env", "settings")):
        if manifest[key]:
            yield f"- {title}: {', '.join(f'`{each}`' for each in manifest[key])}"


def _questions(sources: Sources) -> Iterator[str]:
    yield "# Questions\n"
    yield "Written by `docs/reference/write.py` from `template/template.toml`.\n"
    yield "| answer | asks | default | |\n| --- | --- | --- | --- |"
    for name, question in sources.settings["questions"].items():
        default = " or ".join(question.get("choices", [question.get("default", "")]))
        frozen = "cannot change after `new`" if question.get("frozen") else ""
        yield f"| `{name}` | {_cell(question['prompt'])} | `{_cell(default)}` | {frozen} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def main() -> None:
    """Write every page beside this file."""
    for name, text in pages().items():
        (HERE / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
