"""What git is told of line ends: attributes and settings, read without running anything of anybody's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from scaffold.git import Git

Attributes = Mapping[str, str]
Settings = Mapping[str, str]


def settings_of(git: Git) -> Settings:
    """Return `core.autocrlf` and `core.eol`, where they are set."""
    answer = git("config", "-z", "--get-regexp", r"^core\.(autocrlf|eol)$", expect=(0, 1)).text
    rows = (row.partition("\n") for row in answer.split("\0") if row)
    return {name: value.lower() for name, _, value in rows}


def attributes_of(git: Git, paths: list[str]) -> Mapping[str, Attributes]:
    """Return path -> its attributes `text` and `eol`; paths are relative to git's folder."""
    answer = git(
        "check-attr",
        "-z",
        "--stdin",
        "text",
        "eol",
        stdin=b"".join(os.fsencode(path) + b"\0" for path in paths),
    ).stdout
    found: dict[str, dict[str, str]] = {}
    for path, name, value in _triples(answer):
        found.setdefault(path, {})[name] = value
    return found


def _triples(output: bytes) -> Iterator[tuple[str, str, str]]:
    fields = [os.fsdecode(part) for part in output.split(b"\0")]
    for position in range(0, len(fields) - 2, 3):
        yield fields[position], fields[position + 1], fields[position + 2]


def is_normalized(attributes: Attributes, settings: Settings) -> bool:
    """Return whether git stores such a text with line feeds alone."""
    text, ends = attributes.get("text", "unspecified"), attributes.get("eol", "unspecified")
    if text == "unset":
        return False
    return (
        text in {"set", "auto"}
        or ends in {"lf", "crlf"}
        or settings.get("core.autocrlf") in {"true", "input"}
    )
