"""`scaffold list`: components, versions, and what is new between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from scaffold.commands.news import release_news
from scaffold.commands.report import Line, Report, Style
from scaffold.commands.sources import stored_address
from scaffold.errors import ScaffoldError
from scaffold.project import Project
from scaffold.spec import BUILTIN, Source
from scaffold.template import Template, Version, open_template, versions

_NOWHERE = {"no-project", "not-a-repository", "no-git"}


def project_at(place: Path, template: str) -> Project | None:
    """Return the project that `place` is in, if it is in one.

    Args:
        place: Any folder.
        template: The template that is asked about, where one is named: the project only marks what it has then.

    Raises:
        ScaffoldError: The project cannot be read, and which template is asked about is not known without it.
    """
    try:
        return Project.find(place)
    except ScaffoldError as error:
        if template or error.code in _NOWHERE:
            return None
        raise


def source_of(template: str, directory: str, project: Project | None) -> Source:
    """Return the template that is asked about: the one named, the project's, or scaffold's own."""
    if template:
        return Source(stored_address(template), directory)
    return project.spec.source if project else Source(BUILTIN, directory)


def components_of(source: Source, ref: str, project: Project | None, *, offline: bool) -> Report:
    """Return the components that can be chosen, with those marked that the project has."""
    here = project is not None and project.spec.source == source
    present = set(project.spec.components) if project and here else set()
    if not ref and project is not None and project.lock is not None and here:
        ref = project.lock.commit
    template = open_template(source, ref, offline=offline)
    rows = [
        _row(name, template.questions.manifests[name], present=name in present)
        for name in template.questions.components
    ]
    presets = {
        name: {"title": preset.get("title", ""), "components": list(preset["components"])}
        for name, preset in template.questions.presets.items()
    }
    data = {"command": "list", "template": source.address, "components": rows, "presets": presets}
    return Report(data, tuple(_component_lines(rows, presets)))


def versions_of(source: Source, *, offline: bool) -> Report:
    """Return the versions of the template, newest first."""
    found = versions(source, offline=offline)
    rows = [
        {"version": each.name, "commit": each.commit, "released": each.released} for each in found
    ]
    lines = tuple(Line(_version_line(each)) for each in found)
    data = {"command": "list", "template": source.address, "versions": rows}
    return Report(data, lines or (Line("none"),))


def news(source: Source, since: str, until: str, *, offline: bool) -> Report:
    """Return what is new in the template after the version `since`: notes, components and questions.

    Raises:
        ScaffoldError: The template has no such version.
    """
    before = open_template(source, since, offline=offline)
    after = open_template(source, until, offline=offline)
    last = after.commit if until or not after.own else _last_release(source, after)
    notes = release_news(source, before.commit, last, offline=offline)
    manifests = after.questions.manifests
    fresh = sorted(set(after.questions.components) - set(before.questions.components))
    gone = sorted(set(before.questions.components) - set(after.questions.components))
    asked = [each.name for each in after.questions if each.name not in before.questions]
    data = {
        "command": "list",
        "template": source.address,
        "from": before.version,
        "to": after.version,
        "release_notes": [each.to_json() for each in notes],
        "components": [_row(name, manifests[name], present=False) for name in fresh],
        "components_gone": gone,
        "questions": asked,
    }
    lines = [Line(f"{before.version} -> {after.version}", Style.STRONG)]
    for each in notes:
        lines += [Line(each.version, Style.STRONG)]
        lines += [Line(f"  {line}") for line in each.text.splitlines()]
    lines += [Line(f"new component {name}: {_summary(manifests[name])}") for name in fresh]
    lines += [Line(f"component gone: {name}", Style.WARN) for name in gone]
    lines += [Line(f"new question: {name}") for name in asked]
    return Report(data, tuple(lines) if len(lines) > 1 else (*lines, Line("nothing new")))


def _last_release(source: Source, template: Template) -> str:
    """Return the commit of our newest release: in a checkout, the template that is opened is in no history."""
    released = (each.commit for each in versions(source) if each.released)
    return next(released, template.commit)


def _row(name: str, manifest: dict[str, Any], *, present: bool) -> dict[str, Any]:
    return {
        "name": name,
        "title": manifest.get("title", ""),
        "summary": _summary(manifest),
        "category": manifest.get("category", ""),
        "slot": manifest.get("slot", ""),
        "requires": list(manifest.get("requires", ())),
        "conflicts": list(manifest.get("conflicts", ())),
        "present": present,
    }


def _summary(manifest: dict[str, Any]) -> str:
    return str(manifest.get("summary", ""))


def _component_lines(rows: list[dict[str, Any]], presets: dict[str, Any]) -> Iterator[Line]:
    if not rows:
        yield Line("this template has no components")
        return
    width = max(len(row["name"]) for row in rows)
    ordered = sorted(rows, key=lambda row: (row["category"], row["name"]))
    for category, group in groupby(ordered, key=lambda row: str(row["category"])):
        yield Line(category or "other", Style.STRONG)
        for row in group:
            mark = "*" if row["present"] else " "
            slot = f" (one {row['slot']})" if row["slot"] else ""
            style = Style.GOOD if row["present"] else Style.PLAIN
            yield Line(f"{mark} {row['name']:<{width}}  {row['summary']}{slot}", style)
    yield Line()
    if any(row["present"] for row in rows):
        yield Line("* in this project", Style.FAINT)
    for name, preset in presets.items():
        yield Line(f"preset {name}: {', '.join(preset['components']) or 'no component'}")


def _version_line(version: Version) -> str:
    note = "" if version.released else "  (not released)"
    return f"{version.name}  {version.commit[:12]}{note}"
