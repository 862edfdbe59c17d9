"""Which version of its template an upgrade brings to a project where nobody names one."""

from __future__ import annotations

import re

from scaffold.spec import Lock, Source
from scaffold.template import find_version, is_before, versions

_FINAL = re.compile(r"[vV]?\d+(\.\d+)+")


def followed(lock: Lock, source: Source, *, offline: bool = False) -> str:
    """Return the version that the project follows; nothing where it follows the newest release.

    That is a branch, or what is applied already where no release came after it: an upgrade never goes back by itself.

    Raises:
        ScaffoldError: The template cannot be reached, or has no such branch any more.
    """
    version = lock.spec.version
    if not version or _FINAL.fullmatch(version):
        return ""  # without asking the template
    listed = versions(source, offline=offline)
    is_named = not lock.commit.startswith(version)
    if is_named and version not in {each.name for each in listed}:
        return find_version(source, version, offline=offline).name
    is_older = bool(listed) and is_before(source, listed[0].commit, lock.commit, offline=offline)
    return lock.commit if is_older else ""
