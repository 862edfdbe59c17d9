"""A plain command line is read as Typer would read it; any other is left to Typer."""

from typing import Any

import pytest

from scaffold.app import app_for
from scaffold.arguments import Parameter, plain_values
from scaffold.cli import COMMANDS

PLAIN = [
    "new",
    "new demo",
    "new demo --template a/b --directory c --ref v1 --yes --trust --json",
    "new --with a,b --without c --preset standard --answers answers.toml --set a=1 --set b=2 -y",
    "upgrade",
    "upgrade --to v2 -C place --dry-run --diff --only a --only b --offline",
    "upgrade --plan plan.json --branch next --commit -n",
    "upgrade --continue",
    "upgrade --abort --json",
    "apply plan.json --commit",
    "add github docker --answers a.json",
    "remove github --yes",
    "set a=1 b=2",
    "sync --dry-run",
    "adopt --template x --ref v1 --with a",
    "check --drift --offline",
    "diff",
    "diff --reverse a.py b.py",
    "list --new-since v1 --versions",
]
TYPERS = [
    "upgrade --help",
    "upgrade -h",
    "upgrade --to",
    "upgrade --to=v2",
    "upgrade --to -n",
    "upgrade --to v1 --to v2",
    "upgrade v2",
    "upgrade --colour",
    "upgrade -nC place",
    "upgrade -- v2",
    "add",
    "apply",
    "apply a b",
    "diff -- --odd-name",
]


class Noted:
    """A command that notes with which values it is run."""

    def __init__(self, name: str) -> None:
        self.parameters: tuple[Parameter, ...] = COMMANDS[name].parameters
        self.help = ""
        self.values: dict[str, Any] = {}

    def run(self, values: dict[str, Any]) -> int:
        self.values = values
        return 0


@pytest.mark.parametrize("line", PLAIN)
def test_a_plain_command_line_means_what_typer_makes_of_it(line: str) -> None:
    name, *words = line.split()
    command = Noted(name)

    app_for({name: command}, [name])([name, *words], standalone_mode=False)

    assert plain_values(command.parameters, words) == command.values


@pytest.mark.parametrize("line", TYPERS)
def test_any_other_command_line_is_typers(line: str) -> None:
    name, *words = line.split()

    assert plain_values(COMMANDS[name].parameters, words) is None
