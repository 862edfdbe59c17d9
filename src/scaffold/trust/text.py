"""Text that others wrote, made safe to show in a terminal."""

from __future__ import annotations

import re

# C0 and C1 controls but newline and tab, DEL, bidirectional overrides, and lone surrogates (undecodable bytes).
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def escape(text: str) -> str:
    """Return `text` with everything that could drive a terminal shown as an escape."""
    return _UNSAFE.sub(lambda match: _escaped(match[0]), text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= ord("\xff") else f"\\u{code:04x}"
