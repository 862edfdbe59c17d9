"""Files that git would have put through a filter (`filter=lfs`), which an upgrade never runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scaffold.merge.outcome import Kind, Outcome
from scaffold.merge.scratch import ask, rules_above
from scaffold.merge.store import Store
from scaffold.tree import File

_RULES = ".gitattributes"
_NONE = {"unspecified", "unset", "set"}


def filtered(outcome: Outcome, store: Store, git_dir: Path) -> Mapping[str, str]:
    """Return path in the project -> filter, of the files that an outcome puts into the index as the template has them.

    Args:
        outcome: Of a merge in `store`.
        store: Where it was merged; git is asked only where its attributes speak of filters.
        git_dir: git's folder of the project.
    """
    paths = {
        outcome.in_repository(change.path): change.path
        for change in outcome.writes
        if change.after not in (None, change.before) and change.kind is not Kind.IGNORED
    }
    trees = store.trees
    rules = {
        name: File(store.read(entry.id), entry.mode)  # type: ignore[arg-type]
        for name in sorted(rules_above(paths, _RULES))
        if (entry := trees.find(outcome.tree, name)) is not None and entry.mode.startswith("100")
    }
    if not any(b"filter" in file.content for file in rules.values()):
        return {}
    answers = iter(ask(git_dir, rules, paths, "check-attr", "filter"))
    told = zip(answers, answers, answers, strict=True)
    return {paths[path[2:]]: value for path, _, value in told if value not in _NONE}
