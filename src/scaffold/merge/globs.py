"""Globs over slash-separated paths: `*` and `?` within a name, `**` across folders, a folder means all below it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from scaffold.errors import ScaffoldError

_MOST_ACROSS = 2
"""Of `**` in one glob: each one more multiplies the time that a path built against it takes."""


def matches(path: str, globs: Iterable[str]) -> bool:
    """Return whether a path, or a folder that it lies in, matches one of the globs.

    Raises:
        ScaffoldError: A glob has too many `**`.
    """
    names, folders, pattern = _any_of(tuple(globs))
    if path in names or path.startswith(folders):
        return True
    return pattern is not None and pattern.fullmatch(path) is not None


@functools.lru_cache(maxsize=1024)
def _any_of(
    globs: tuple[str, ...],
) -> tuple[frozenset[str], tuple[str, ...], re.Pattern[str] | None]:
    """Return the globs that are plain names, the same as folders, and one pattern for all others.

    Ten thousand paths are looked for in four lists, most of which need no pattern.
    """
    wild = [glob for glob in globs if re.search(r"[*?\[]", glob)]
    names = frozenset(glob.strip("/") for glob in globs if glob not in wild)
    pattern = re.compile("|".join(map(_pattern, wild)), re.DOTALL) if wild else None
    return names, tuple(f"{name}/" for name in names), pattern


def _pattern(glob: str) -> str:
    plain = re.sub(r"(?:\*\*/)+", "**/", re.sub(r"\*{3,}", "**", glob.strip("/")))
    if plain.count("**") > _MOST_ACROSS:
        raise ScaffoldError(
            f"a glob may have {_MOST_ACROSS} times ** at most: {glob[:80]}",
            hint="say it with several globs",
            code="bad-glob",
        )
    parts = re.split(r"(\*\*/|\*\*|/)", plain)
    across = {"**/": r"(?:.*/)?", "**": r".*", "/": "/"}
    pattern = "".join(across.get(part) or _name(part) for part in parts)
    return f"(?:{pattern})(?:/.*)?"


def _name(glob: str) -> str:
    """Return the pattern of one name; each `*` but the last takes the first place that fits, and no other."""
    first, *others = (_plain(part) for part in re.split(r"\*+", glob))
    if not others:
        return first
    between = "".join(f"(?>[^/]*?{part})" for part in others[:-1])
    return f"{first}{between}[^/]*{others[-1]}"


def _plain(glob: str) -> str:
    parts = re.findall(r"\?|\[!?[^]/]+\]|[^?[]+|\[", glob)
    return "".join(
        "[^/]"
        if part == "?"
        else _set(part)
        if len(part) > 1 and part[0] == "["
        else re.escape(part)
        for part in parts
    )


def _set(part: str) -> str:
    pattern = f"[^{part[2:-1]}]" if part[1] == "!" else part
    try:
        re.compile(pattern)
    except re.error:  # such as a range that runs backwards: it means itself
        return re.escape(part)
    return pattern
