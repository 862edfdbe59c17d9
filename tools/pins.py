# ruff: noqa: INP001  # a script, not a package
"""Maintainers: check and bump the actions that `template/macros/pins.jinja` pins.

    python tools/pins.py           each tag still is the commit that the table says
    python tools/pins.py --bump    write the newest release's tag and commit into the table

Images are bumped by hand: their digests come from a registry, which git cannot ask.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parents[1] / "template" / "macros" / "pins.jinja"
HOST = "https://github.com"
_ROW = re.compile(r'"([\w.-]+/[\w.-]+)": \{"tag": "(v[\d.]+)", "digest": "([0-9a-f]{40})"\}')
_RELEASE = re.compile(r"v\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Pin:
    """One row of the table."""

    name: str
    tag: str
    digest: str

    @property
    def row(self) -> str:
        """Return the row as the table writes it."""
        return f'"{self.name}": {{"tag": "{self.tag}", "digest": "{self.digest}"}}'


def read_pins(text: str) -> list[Pin]:
    """Return the pins of actions in the table's `text`."""
    return [Pin(*match) for match in _ROW.findall(text)]


def tags(name: str, host: str = HOST) -> dict[str, str]:
    """Return tag -> commit of the action `name`."""
    command = ["git", "ls-remote", "--tags", "--end-of-options", f"{host}/{name}"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, str] = {}
    for line in listing.splitlines():
        commit, ref = line.split("\t")
        # An annotated tag is listed twice; its commit is the line that comes second, with ^{}.
        found[ref.removeprefix("refs/tags/").removesuffix("^{}")] = commit
    return found


def problems(pins: list[Pin], host: str = HOST) -> Iterator[str]:
    """Yield what is wrong with the pins: a tag that is gone or has moved."""
    for pin in pins:
        commit = tags(pin.name, host).get(pin.tag, "no commit")
        if commit != pin.digest:
            yield f"{pin.name} {pin.tag} is {commit}, the table says {pin.digest}"


def newest(pin: Pin, host: str = HOST) -> Pin:
    """Return the pin of the newest release of the same action."""
    found = tags(pin.name, host)
    releases = [tag for tag in found if _RELEASE.fullmatch(tag)]
    tag = max(releases, key=lambda name: [int(part) for part in name[1:].split(".")])
    return Pin(pin.name, tag, found[tag])


def main(arguments: list[str]) -> int:
    """Check the table, or bump it."""
    host = next((word for word in arguments if not word.startswith("--")), HOST)
    text = TABLE.read_text("utf-8")
    pins = read_pins(text)
    if "--bump" in arguments:
        for pin in pins:
            text = text.replace(pin.row, newest(pin, host).row)
        TABLE.write_text(text, "utf-8")
        return 0
    found = list(problems(pins, host))
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
