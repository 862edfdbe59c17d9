"""TOML that somebody else wrote, read within limits."""

from __future__ import annotations

import json
import re
from typing import Any

_MOST_PARTS = 200
# Reading a key takes the square of its parts, and so does each line below a table of that name.
_LONG_KEY = rf"(?:\.[ \t]*[\w\"'-]+[ \t]*){{{_MOST_PARTS}}}"
# A line as we write it, and nearly everybody else: a table, or a key and a value that JSON has in common with TOML.
_TEXT = r'"[^"\\\x00-\x1f\x7f]*"'
_VALUE = rf"{_TEXT}|\[(?:{_TEXT}(?:, {_TEXT})*)?\]|true|false|0|[1-9][0-9]{{0,17}}"
_LINE = rf"(?:\[([\w-]+)\]|([\w-]+|{_TEXT}) = ({_VALUE})|(?:#[^\x00-\x08\x0a-\x1f\x7f]*)?)"


def loads(text: str) -> dict[str, Any]:
    """Return what a TOML document says.

    Raises:
        ValueError: It is broken, or has a key of more than 200 parts.
        RecursionError: Its tables and lists lie too deep in each other.
    """
    plain = _plain(text)
    if plain is not None:
        return plain
    if re.search(_LONG_KEY, text):
        raise ValueError(f"a key has more than {_MOST_PARTS} parts")
    import tomllib  # noqa: PLC0415 - a start of Python, for what is not plain

    return tomllib.loads(text)


def _plain(text: str) -> dict[str, Any] | None:
    """Return what a document of plain lines alone says, each key and each table once; of any other, nothing."""
    document: dict[str, Any] = {}
    table = document
    for line in text.split("\n"):
        match = re.fullmatch(_LINE, line, re.ASCII)
        if match is None:
            return None
        name, key, value = match.groups()
        if name is not None:
            if name in document:
                return None
            table = document[name] = {}
        elif key is not None:
            key = json.loads(key) if key.startswith('"') else key
            if key in table:
                return None
            table[key] = json.loads(value)
    return document
