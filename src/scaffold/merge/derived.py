"""Which files a tool builds from others: no rule settles them, and they are named to be built again."""

from __future__ import annotations

import re

from scaffold.merge.globs import matches
from scaffold.merge.outcome import Policy
from scaffold.tree import File

_HASH = re.compile(rb"^[ \t]+--hash=sha\d+:", re.MULTILINE)


def is_derived(path: str, policy: Policy, *sides: File | None) -> bool:
    """Return whether a file is derived: by its name, or as a list of requirements that pins hashes in each side.

    Nobody writes hashes by hand: `pip-compile --generate-hashes` and `uv export` do.
    """
    if matches(path, policy.derived):
        return True
    there = [side for side in sides if side is not None]
    return path.endswith(".txt") and bool(there) and all(map(_pins_hashes, there))


def _pins_hashes(file: File) -> bool:
    return _HASH.search(file.content) is not None
