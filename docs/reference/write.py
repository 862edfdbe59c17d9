"""Write the reference pages from the program, the manifests and the questions themselves; `make docs`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from scaffold.app import app_for
from scaffold.cli import COMMANDS
from scaffold.sources import BASE, Sources, read_sources
from scaffold.trust import Limits
from scaffold.values import fields

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

_PLACES = """\
| variable | names | default |
| --- | --- | --- |
| `SCAFFOLD_CACHE_DIR` | fetched and compiled templates, which can be made again | `~/.cache/scaffold` |
| `SCAFFOLD_STATE_DIR` | which templates may run code, and the key of the cache | `~/.local/state/scaffold` |

`XDG_CACHE_HOME` and `XDG_STATE_HOME` move the defaults. Both may be removed at any time: the cache costs time, the
state a question. The cache may lie in a work tree, as CI wants it: a file in it that this user's scaffold did not write
is not read, and copies of templates' repositories, whose settings git would obey, lie beside the state then. The state
may not: whoever changes that repository could grant trust. `NO_COLOR` and `TERM=dumb` take the colours away.
"""

_LIMITS = """\
What a template may cost, each a positive whole number. More is one line, exit code 2, and nothing changed. Memory is
bound on Linux alone, and Windows has none of the limits on time and memory; the sandbox is everywhere.
"""

_GIT = """\
Of the caller's `GIT_*` variables git hears four, which say how a server is reached: `GIT_SSH`, `GIT_SSH_COMMAND`,
`GIT_SSL_CAINFO` and `GIT_ASKPASS`. The settings of the user's own git that matter to reaching one (`credential.helper`,
`http.*`, `url.*.insteadOf`) hold too, but whatever they make of an address, it is https, ssh or a file.
"""


def pages() -> dict[str, str]:
    """Return file name -> text of every reference page."""
    sources = read_sources(ROOT / "template")
    return {
        "command-line.md": "\n".join(_command_line()).rstrip() + "\n",
        "components.md": "\n".join(_components(sources)).rstrip() + "\n",
        "questions.md": "\n".join(_questions(sources)).rstrip() + "\n",
        "environment.md": "\n".join(_environment()).rstrip() + "\n",
    }


def _command_line() -> Iterator[str]:
    group: Any = typer.main.get_command(app_for(COMMANDS, []))
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


def _environment() -> Iterator[str]:
    yield "# Environment variables\n"
    yield "Written by `docs/reference/write.py` from the program itself.\n"
    yield "## Places\n"
    yield _PLACES
    yield "## Limits\n"
    yield _LIMITS
    yield "| variable | default | the most of |\n| --- | ---: | --- |"
    described = dict(re.findall(r"^ +(\w+): (.+)$", Limits.__doc__ or "", re.MULTILINE))
    for name in fields(Limits):
        default = f"{getattr(Limits(), name):,}"
        yield f"| `SCAFFOLD_LIMIT_{name.upper()}` | {default} | {_cell(described[name])} |"
    yield ""
    yield "## git\n"
    yield _GIT


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def main() -> None:
    """Write every page beside this file."""
    for name, text in pages().items():
        (HERE / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
