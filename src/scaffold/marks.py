"""The marks that git leaves in a file for a person to decide."""

from __future__ import annotations

import re

_MARKS = re.compile(rb"^<{7,} .*^={7,}\r?$.*^>{7,} ", re.MULTILINE | re.DOTALL)


def has_marks(content: bytes) -> bool:
    """Return whether a file's content holds a conflict that nobody decided."""
    return b"<<<<<<<" in content and _MARKS.search(content) is not None
