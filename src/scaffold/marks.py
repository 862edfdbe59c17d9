"""The marks that git leaves in a file for a person to decide."""

from __future__ import annotations

import re

_MARKS = tuple(re.compile(mark) for mark in (rb"<{7,} ", rb"={7,}\r?\Z", rb">{7,} "))


def has_marks(content: bytes) -> bool:
    """Return whether a file's content holds a conflict that nobody decided: its three marks, in their order."""
    if b"<<<<<<<" not in content:
        return False
    found = 0
    for line in content.split(b"\n"):
        found += _MARKS[found].match(line) is not None
        if found == len(_MARKS):
            return True
    return False
