"""Line ends as a property of a file that merges by itself: which side changed them?"""

from __future__ import annotations

from typing import Literal, TypeAlias

from scaffold.tree import File

Ends: TypeAlias = Literal["lf", "crlf", ""]
"""What ends every line of a text; empty where lines differ, there are none, or it is no text."""


def line_ends(content: bytes) -> Ends:
    """Return what ends the lines of a file."""
    lines = content.count(b"\n")
    if is_binary(content) or not lines:
        return ""
    windows = content.count(b"\r\n")
    if windows == lines:
        return "crlf"
    return "" if windows else "lf"


def is_binary(content: bytes) -> bool:
    """Return whether git takes the content for binary."""
    return b"\0" in content[:8000]


def merged_line_ends(base: File, ours: File, theirs: File) -> Ends:
    """Return the line ends of the result where a side changed them, and nothing where none did.

    A side that is neither all LF nor all CRLF cannot be converted without touching lines that nobody meant.
    """
    ends = [line_ends(file.content) for file in (base, ours, theirs)]
    if "" in ends or len(set(ends)) == 1:
        return ""
    return ends[2] if ends[1] == ends[0] else ends[1]


def with_line_ends(file: File, ends: Ends) -> File:
    """Return the file with its line ends converted."""
    content = file.content.replace(b"\r\n", b"\n")
    return File(content.replace(b"\n", b"\r\n") if ends == "crlf" else content, file.mode)
