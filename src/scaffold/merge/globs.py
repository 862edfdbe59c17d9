"""Globs over slash-separated paths: `*` and `?` within a name, `**` across folders, a folder means all below it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable


def matches(path: str, globs: Iterable[str]) -> bool:
    """Return whether a path, or a folder that it lies in, matches one of the globs."""
    return any(_pattern(glob).fullmatch(path) is not None for glob in globs)


@functools.lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    pattern = ""
    for part in re.findall(r"\*\*/|\*\*|\*|\?|\[[^]/]+\]|[^*?[]+|\[", glob.strip("/")):
        if part == "**/":
            pattern += r"(?:.*/)?"
        elif part == "**":
            pattern += r".*"
        elif part == "*":
            pattern += r"[^/]*"
        elif part == "?":
            pattern += r"[^/]"
        elif part.startswith("[") and part != "[":
            pattern += f"[{part[1:-1].replace('!', '^', 1)}]" if part[1] == "!" else part
        else:
            pattern += re.escape(part)
    return re.compile(pattern + r"(?:/.*)?", re.DOTALL)
