"""TOML that somebody else wrote, read within limits."""

from __future__ import annotations

import re
from typing import Any

_MOST_PARTS = 200
# Reading a key takes the square of its parts, and so does each line below a table of that name.
_LONG_KEY = rf"(?:\.[ \t]*[\w\"'-]+[ \t]*){{{_MOST_PARTS}}}"


def loads(text: str) -> dict[str, Any]:
    """Return what a TOML document says.

    Raises:
        ValueError: It is broken, or has a key of more than 200 parts.
        RecursionError: Its tables and lists lie too deep in each other.
    """
    if re.search(_LONG_KEY, text):
        raise ValueError(f"a key has more than {_MOST_PARTS} parts")
    import tomllib  # noqa: PLC0415 - half a start of Python, for what reads a project

    return tomllib.loads(text)
