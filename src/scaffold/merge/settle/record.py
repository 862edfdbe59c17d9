"""What cookiecutter writes of itself into a JSON file (`_commit` and the like) follows the template.

Older versions of cookiecutter wrote less of it, so that a project's `.cookiecutter.json` often lacks what the
template's has and changes at every release. No person decides that: these keys say which render it was.
"""

from __future__ import annotations

import json
import re
from typing import Any

from scaffold.merge.regions import Lines, Region, side_with
from scaffold.merge.settle.contest import Contest, Settled

CODE = "record"

_KEYS = ("_checkout", "_commit", "_output_dir", "_repo_dir", "_template")
_LINE = re.compile(rb'\s*"(%s)"\s*:' % b"|".join(key.encode() for key in _KEYS))


def own_record(region: Region, contest: Contest) -> Settled | None:
    """Settle a region of a JSON file in which the template changed only such keys, which the project's lacks."""
    if not contest.name.endswith(".json"):
        return None
    new = tuple(line for line in region.theirs if line not in region.base)
    gone = tuple(line for line in region.base if line not in region.theirs)
    if not new or not all(_LINE.match(line) for line in (*new, *gone)):
        return None
    lines = (*new, *region.ours)
    if not _is_proven(region, lines, contest):
        return None
    return Settled(lines, CODE, "it says which render this is: as the template has it")


def _is_proven(region: Region, lines: Lines, contest: Contest) -> bool:
    """Return whether the file says what the project's says and, beside it, only what the template's says of itself."""
    sides = (region.ours, region.theirs, lines)
    ours, theirs, result = (_said(side_with(contest.pieces, region, side)) for side in sides)
    if ours is None or theirs is None or result is None:
        return False
    added = result.keys() - ours.keys()
    return added <= set(_KEYS) and result == {**ours, **{key: theirs.get(key) for key in added}}


def _said(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)
