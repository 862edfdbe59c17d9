"""Both sides added imports to one place of a Python file: all are in, where no name means two things."""

from __future__ import annotations

import ast

from scaffold.merge.regions import Lines, Region
from scaffold.merge.settle.contest import Contest, Settled, said

CODE = "imports"


def imports(region: Region, contest: Contest) -> Settled | None:
    """Settle a region to which both sides added nothing but imports, each on its line."""
    if said(region.base) or not contest.name.endswith((".py", ".pyi")):
        return None
    ours, ours_after = _apart(region.ours)
    theirs, theirs_after = _apart(region.theirs)
    mine, new = _bound(ours), _bound(theirs)
    if not mine or not new or any(mine[name] != new[name] for name in mine.keys() & new):
        return None
    lines = tuple(dict.fromkeys((*ours, *theirs)))
    if _is_sorted(ours) and _is_sorted(theirs):
        lines = tuple(sorted(lines, key=_order))
    return Settled(
        (*lines, *max(ours_after, theirs_after, key=len)), CODE, "both sides added imports"
    )


def _apart(lines: Lines) -> tuple[Lines, Lines]:
    """Return lines, and the blank ones after them."""
    end = max((place for place, line in enumerate(lines, 1) if line.strip()), default=0)
    return lines[:end], lines[end:]


def _bound(lines: Lines) -> dict[str, str]:
    """Return name -> the statement that binds it; nothing where a line is no import."""
    names: dict[str, str] = {}
    for line in lines:
        statement = _import(line)
        if statement is None:
            return {}
        for alias in statement.names:
            names[alias.asname or alias.name] = ast.unparse(statement)
    return names


def _import(line: bytes) -> ast.Import | ast.ImportFrom | None:
    if line[:1] in b" \t":
        return None
    try:
        body = ast.parse(line).body
    except (SyntaxError, ValueError):
        return None
    statement = body[0] if len(body) == 1 else None
    return statement if isinstance(statement, ast.Import | ast.ImportFrom) else None


def _is_sorted(lines: Lines) -> bool:
    return list(lines) == sorted(lines, key=_order)


def _order(line: bytes) -> tuple[bool, bool, bytes]:
    """Return where a line stands among sorted imports."""
    return not line.startswith(b"from __future__ "), line.startswith(b"from "), line
