"""Text that others wrote, made safe to show in a terminal, a commit's message, and a pull request."""

from __future__ import annotations

import re

# These are compiled when they are first asked: together they cost a tenth of a start of Python, and few texts need one.

# C0 and C1 controls but newline and tab, DEL, what is invisible or turns text around, and lone surrogates (undecodable
# bytes).
_UNSAFE = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
# What turns off continuous integration, and what closes an issue, wherever a message has it.
_SWITCH = r"(?i)\[(?=[^\[\]\n]*\b(?:skip|no)\b)([^\[\]\n]*)\]"
_OTHER_SWITCH = r"(?i)\*{3}(NO_CI)\*{3}|(skip-checks)\s*(?=:)"
_ISSUE = r"(?i)(?:#|GH-|!|/)\d"
_CLOSER = (
    r"(?i)\b(close[sd]?|closing|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)"
    r"(?=:?\s+\S*(?:#|GH-|!|/)\d)"
)
_PLAIN_PROSE = r"[\w\s.,;:'/()+%=…-]*"


def escape(text: str) -> str:
    """Return `text` with everything that could drive a terminal shown as an escape."""
    if text.replace("\n", "").isprintable():  # nothing unsafe is
        return text
    return re.sub(_UNSAFE, lambda match: _escaped(match[0]), text)


def one_line(text: str) -> str:
    """Return `text` as `escape` shows it, on one line."""
    return escape(text).replace("\n", "\\n")


def as_message(text: str) -> str:
    """Return `text` as a commit may say it: it turns off no CI, and closes no issue of the repository that takes it."""
    plain = re.sub(_SWITCH, r"(\1)", text) if "[" in text else text
    if "***" in plain or "skip-checks" in plain.casefold():
        plain = re.sub(_OTHER_SWITCH, lambda match: f"{match[1] or match[2]} ", plain)
    if re.search(_ISSUE, plain):
        plain = re.sub(_CLOSER, r"\1 (in the template)", plain)
    return escape(plain)


def as_code(text: str) -> str:
    """Return `text` as a Markdown code span, in which nothing is a link, a mention or the end of a table's cell."""
    marks = _more_marks(text, least=1)
    shown = one_line(text).replace("|", "\\|")
    space = " " if "`" in (shown[:1], shown[-1:]) else ""
    return f"{marks}{space}{shown}{space}{marks}"


def as_prose(text: str) -> str:
    """Return `text` for a line of Markdown: as it is, where it is letters and plain punctuation, else as code."""
    is_plain = re.fullmatch(_PLAIN_PROSE, text) and not re.search(_CLOSER, text)
    return text if is_plain else as_code(text)


def as_quotation(text: str) -> str:
    """Return `text` as a block of Markdown that is shown as it stands."""
    marks = _more_marks(text, least=3)
    return f"{marks}text\n{escape(text)}\n{marks}"


def _more_marks(text: str, *, least: int) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _escaped(character: str) -> str:
    code = ord(character)
    if code > ord("\uffff"):
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code <= ord("\xff") else f"\\u{code:04x}"
