"""What a change says of itself: in a commit, and in a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scaffold.commands.report import count
from scaffold.trust.text import as_code, as_message, as_prose, as_quotation

if TYPE_CHECKING:
    from scaffold.commands.operation import Prepared


def commit_message(prepared: Prepared) -> str:
    """Return the message of the commit that the change becomes."""
    lines = [commit_subject(prepared), "", *_origin(prepared)]
    if prepared.outcome.conflicts:
        lines += ["", "To decide:"]
        lines += [f"- {change.path}: {change.reason}" for change in prepared.outcome.conflicts]
    for news in prepared.news:
        lines += ["", f"{news.version}:", *(f"  {line}" for line in news.text.splitlines())]
    if prepared.notes:
        lines += ["", *(f"- {note.told}" for note in prepared.notes)]
    return as_message("\n".join(lines)) + "\n"


def commit_subject(prepared: Prepared) -> str:
    """Return the first line of that message."""
    text = title(prepared)
    return f"{text[:1].upper()}{text[1:]}"


def title(prepared: Prepared) -> str:
    """Return in a few words what the change is."""
    before, after = prepared.before.spec, prepared.rendered.spec
    if prepared.verb == "adopt":
        return f"adopt {after.source.address} {after.version}"
    if prepared.is_newer and before.version == after.version:
        moved = f"from {prepared.before.commit[:12]} to {prepared.rendered.lock.commit[:12]}"
        return f"follow the template's {after.version}, which moved {moved}"
    if prepared.is_newer:
        return f"upgrade the template from {before.version} to {after.version}"
    added = sorted(set(after.components) - set(before.components))
    removed = sorted(set(before.components) - set(after.components))
    parts = [f"add {', '.join(added)}"] if added else []
    parts += [f"remove {', '.join(removed)}"] if removed else []
    changed = [name for name, answer in after.answers.items() if before.answers.get(name) != answer]
    parts += [f"set {', '.join(changed)}"] if changed else []
    if before.source != after.source:
        parts.append(f"follow the template to {after.source.address}")
    left, still = prepared.before.behind, prepared.rendered.lock.behind
    if left and not still:
        parts.append(f"bring the rest to {after.version}")
    elif len(left) > len(still):
        parts.append(f"bring {count(len(left) - len(still), 'more file')} to {after.version}")
    return " and ".join(parts) or prepared.verb


def pull_request(prepared: Prepared) -> dict[str, str]:
    """Return title and Markdown body of a pull request for the change.

    What a template says is quoted as it stands: in Markdown it could mention people, close issues, load pictures, and
    pass for a part of what scaffold says.
    """
    title = as_message(commit_subject(prepared))
    return {"title": title, "body": "\n".join(_body(prepared)) + "\n"}


def _origin(prepared: Prepared) -> Iterator[str]:
    after = prepared.rendered.lock
    yield f"Template: {after.spec.source.address}"
    if after.spec.source.directory:
        yield f"Directory: {after.spec.source.directory}"
    yield f"Version: {after.spec.version} ({after.commit[:12]})"


def _body(prepared: Prepared) -> Iterator[str]:
    yield from (f"{as_prose(line)}  " for line in _origin(prepared))
    if prepared.outcome.conflicts:
        yield from ("", "## To decide", "")
        for change in prepared.outcome.conflicts:
            yield f"- {as_code(change.path)}: {as_prose(change.reason)}"
    if prepared.notes:
        yield from ("", "## To know", "", *(f"- {as_prose(note.told)}" for note in prepared.notes))
    for news in prepared.news:
        yield from ("", f"## {as_prose(news.version)}", "", as_quotation(news.text))
    yield from ("", "## Files", "", "| file | what happens | why |", "|---|---|---|")
    for change in prepared.outcome.changes.values():
        yield f"| {as_code(change.path)} | {change.kind} | {as_prose(change.reason)} |"
