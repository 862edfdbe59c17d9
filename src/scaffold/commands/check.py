"""`scaffold check`: is the project behind, has it drifted, are there conflicts left?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scaffold.commands.drift import drift, read_file
from scaffold.commands.report import Exit, Line, Report, Style, count
from scaffold.commands.target import followed
from scaffold.marks import has_marks
from scaffold.project import Checkout, Project
from scaffold.spec import Lock, Spec
from scaffold.template import find_version, newest

_OWN_MARK = "^>>>>>>>* template"


def check(place: Path, *, offline: bool = False, strict: bool = False) -> Report:
    """Return how the project stands to its template; nothing is run and nothing is changed.

    Args:
        place: A folder in the project.
        offline: Reach no network.
        strict: Files that the project changed are a negative answer too.

    Raises:
        ScaffoldError: There is no project, or the template cannot be reached.
    """
    project = Project.find(place)
    lock = project.applied
    version, commit = _newest(project, offline=offline)
    drifted = drift(project.checkout, lock)
    conflicts = _conflicts(project)
    data = {
        "command": "check",
        "version": lock.spec.version,
        "newest": version,
        "commit": lock.commit,
        "newest_commit": commit,
        "is_behind": commit != lock.commit,
        "behind": list(lock.behind),
        "unsynced": list(_unsynced(project.spec, lock)),
        "conflicts": conflicts,
        **_under_way(project.checkout),
        "drift": [each.to_json() for each in drifted],
    }
    bad = data["killed"] or data["is_behind"] or lock.behind or data["unsynced"] or conflicts
    negative = bool(bad) or (strict and bool(drifted))
    return Report(data, tuple(_lines(data)), Exit.NEGATIVE if negative else Exit.DONE)


def _under_way(checkout: Checkout) -> dict[str, bool]:
    """Return whether a change was applied and neither committed nor undone, and whether one was killed half-way."""
    if not checkout.has_journal():
        return {"pending": False, "killed": False}
    from scaffold import apply  # noqa: PLC0415 - 50 ms, and mostly nothing is under way

    is_pending = apply.pending(checkout.git) is not None
    return {"pending": is_pending, "killed": apply.was_killed(checkout.git)}


def _newest(project: Project, *, offline: bool) -> tuple[str, str]:
    """Return name and commit of what `scaffold upgrade` would bring."""
    lock, source = project.applied, project.spec.source
    ref = followed(lock, source, offline=offline)
    if ref == lock.commit:
        return lock.spec.version, lock.commit
    found = find_version(source, ref, offline=offline) if ref else newest(source, offline=offline)
    return found.name, found.commit


def _unsynced(spec: Spec, lock: Lock) -> Iterator[str]:
    """Yield what scaffold.toml wants and the project does not have yet."""
    applied = lock.spec
    if spec.source != applied.source:
        yield "template"
    if spec.version != applied.version:
        yield "version"
    if spec.components != applied.components:
        yield "components"
    for name, answer in spec.answers.items():
        if applied.answers.get(name) != answer:
            yield f"answers.{name}"


def _conflicts(project: Project) -> list[str]:
    return sorted({*_unmerged(project.checkout), *_marked(project)})


def _unmerged(checkout: Checkout) -> Iterator[str]:
    if checkout.bare:
        return
    listed = checkout.git("ls-files", "-u", "-z", "--", checkout.prefix or ".").stdout
    for row in _names(listed):
        yield row.partition("\t")[2].removeprefix(checkout.prefix)


def _marked(project: Project) -> Iterator[str]:
    for path in project.applied.files.keys() | _with_own_marks(project.checkout):
        file = read_file(project.checkout, path)
        if file is not None and has_marks(file.content):
            yield path


def _with_own_marks(checkout: Checkout) -> set[str]:
    """Return the tracked files that have the end of an upgrade's conflict: also where the project moved one."""
    if not checkout.head:
        return set()
    tree = ("HEAD",) if checkout.bare else ()
    asked = ("grep", "--no-color", "-G", "-z", "-l", "-I", "-e", _OWN_MARK)
    listed = checkout.git(*asked, *tree, "--", checkout.prefix or ".", expect=(0, 1)).stdout
    prefix = f"HEAD:{checkout.prefix}" if checkout.bare else checkout.prefix
    return {name.removeprefix(prefix) for name in _names(listed)}


def _names(listed: bytes) -> list[str]:
    return listed.decode("utf-8", "surrogateescape").split("\0")[:-1]


def _lines(data: dict[str, Any]) -> Iterator[Line]:
    if data["is_behind"] and data["version"] == data["newest"]:
        way = f"from {data['commit'][:12]} to {data['newest_commit'][:12]}"
        yield Line(f"behind: {data['version']}, which moved {way}", Style.WARN)
    elif data["is_behind"]:
        yield Line(f"behind: {data['version']}, the newest is {data['newest']}", Style.WARN)
    else:
        yield Line(f"up to date: {data['version']}", Style.GOOD)
    if data["behind"]:
        yield Line(f"left behind by --only: {count(len(data['behind']), 'file')}", Style.WARN)
    for name in data["unsynced"]:
        yield Line(f"wanted in scaffold.toml, not applied: {name}", Style.WARN)
    for path in data["conflicts"]:
        yield Line(f"conflict left: {path}", Style.BAD)
    kinds = [each["kind"] for each in data["drift"]]
    if kinds:
        changed, moved, deleted = map(kinds.count, ("changed", "moved", "deleted"))
        and_moved = f", moved {moved}" if moved else ""
        yield Line(
            f"of the template's files you changed {changed}{and_moved} and deleted {deleted}"
        )
        yield Line("  see them: scaffold diff", Style.FAINT)
    yield from _next_lines(data)


def _next_lines(data: dict[str, Any]) -> Iterator[Line]:
    if data["killed"]:
        told = "a run was killed half-way; the next change takes it back, as does: scaffold upgrade --abort"
        yield Line(told, Style.BAD)
    elif data["pending"]:
        yield Line("a change waits for its commit, or: scaffold upgrade --abort")
    elif data["unsynced"]:
        yield Line("next: scaffold sync")
    elif data["is_behind"] or data["behind"]:
        yield Line("next: scaffold upgrade")
