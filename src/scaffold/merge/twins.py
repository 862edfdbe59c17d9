"""Files that a template adds beside one of the project's that is the same on some systems: `readme.md`, `README.md`."""

from __future__ import annotations

from collections.abc import Iterable

from scaffold.errors import ScaffoldError
from scaffold.merge.outcome import Change
from scaffold.objects import FOLDER, Trees
from scaffold.trust.paths import same_name
from scaffold.trust.text import escape


def refuse_twins(trees: Trees, project: str, changes: Iterable[Change]) -> None:
    """Check that no file that comes to the tree `project` is one that is there, by case or Unicode form.

    Raises:
        ScaffoldError: One is; a check-out on macOS or Windows would have only one of the two.
    """
    listed = list(changes)
    gone = {change.path for change in listed if change.after is None}
    for change in listed:
        if change.before is None and change.after is not None:
            twin = _twin(trees, project, change.path)
            if twin and twin not in gone:
                raise ScaffoldError(
                    f"the template adds {escape(change.path)!r}, which on macOS and Windows is your {escape(twin)!r}",
                    hint="rename yours, or leave the template's out: name it under skip in scaffold.toml",
                    code="twin",
                )


def _twin(trees: Trees, tree: str, path: str) -> str:
    """Return the file or folder of `tree` that `path` would be on some system, or nothing."""
    above = ""
    for name in path.split("/"):
        entries = trees.entries(tree)
        entry = entries.get(name)
        if entry is None:
            key = same_name(name)
            twin = next((other for other in entries if same_name(other) == key), "")
            return above + twin if twin else ""
        if entry.mode != FOLDER:
            return ""
        tree, above = entry.id, f"{above}{name}/"
    return ""
