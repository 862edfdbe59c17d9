"""What a merge says: frozen values, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from scaffold.tree import File, Tree
from scaffold.values import field, frozen


class Kind(StrEnum):
    """What happens to one path. The values are stable: they are printed by `--json`."""

    ADDED = "added"
    UPDATED = "updated"
    MERGED = "merged"
    MOVED = "moved"
    DELETED = "deleted"
    KEPT = "kept"
    KEPT_DELETED = "kept-deleted"
    CONFLICT = "conflict"
    IGNORED = "ignored"


Stage: TypeAlias = int
Stages: TypeAlias = Mapping[Stage, File]
"""An unmerged index entry: 1 the old render, 2 yours, 3 the new render; absent where that side has no file."""


@frozen
class Settlement:
    """A conflict of git's that a rule settled.

    Args:
        code: The rule, stable: `blanks`, `already-there`, `newer-version`, `keys`, `lines`, `line-ends`...
        reason: What the rule did, in one line for a person.
        ours: The project's lines that took part, as they were.
        theirs: The template's lines that took part.
        result: The lines that stand now.
    """

    code: str
    reason: str
    ours: str = ""
    theirs: str = ""
    result: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the settlement as plain data."""
        return {
            "code": self.code,
            "reason": self.reason,
            "ours": self.ours,
            "theirs": self.theirs,
            "result": self.result,
        }


@frozen
class Change:
    """What happens to one path, and why.

    Args:
        path: Relative to the project's root.
        kind: What happens.
        code: Why, stable, in kebab case.
        reason: Why, in one line for a person.
        before: The file at `path` in the project's HEAD.
        after: The file that will lie there (with conflict marks where there are some).
        stages: The unmerged index entries; empty unless a person must decide.
        origin: Where the template has the file, when that is elsewhere.
        settlements: The rules that settled something in this file.
        regions: How many conflict regions are marked in `after`.
    """

    path: str
    kind: Kind
    code: str
    reason: str
    before: File | None = None
    after: File | None = None
    stages: Stages = field(default_factory=dict)
    origin: str = ""
    settlements: tuple[Settlement, ...] = ()
    regions: int = 0

    @property
    def is_conflict(self) -> bool:
        """Return whether a person must decide."""
        return bool(self.stages)

    @property
    def is_told(self) -> bool:
        """Return whether this must be said even in a short report: it is not simply the template's change."""
        quiet = {Kind.ADDED, Kind.UPDATED, Kind.MERGED, Kind.DELETED}
        is_loud = self.kind not in quiet or self.code == "derived"
        return self.is_conflict or bool(self.settlements) or is_loud

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain data, without the files' contents."""
        return {
            "path": self.path,
            "kind": str(self.kind),
            "code": self.code,
            "reason": self.reason,
            "conflict": self.is_conflict,
            "origin": self.origin,
            "regions": self.regions,
            "before": _file_json(self.before),
            "after": _file_json(self.after),
            "stages": {str(stage): _file_json(file) for stage, file in sorted(self.stages.items())},
            "settlements": [settlement.to_json() for settlement in self.settlements],
        }


@frozen
class Outcome:
    """The result of a merge: everything that applying it needs, and everything that must be told.

    Args:
        head: The commit that was merged into; empty where the repository has none.
        prefix: The project's folder inside the repository, without slashes at its ends; empty for the root.
        changes: Path -> change, sorted; a path that nothing happens to and nothing must be said of is absent.
        tree: The object id of the whole repository's tree as it will be (conflicts with their marks).
        objects: The git objects that HEAD lacks: id -> (type, content). `apply` stores them.
    """

    head: str
    prefix: str
    changes: Mapping[str, Change]
    tree: str
    objects: Mapping[str, tuple[str, bytes]] = field(default_factory=dict, repr=False)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """Return the changes that a person must decide."""
        return tuple(change for change in self.changes.values() if change.is_conflict)

    @property
    def told(self) -> tuple[Change, ...]:
        """Return the changes that even a short report names."""
        return tuple(change for change in self.changes.values() if change.is_told)

    @property
    def writes(self) -> tuple[Change, ...]:
        """Return the changes for which the work tree or the index differs from HEAD."""
        return tuple(
            change
            for change in self.changes.values()
            if change.is_conflict or change.before != change.after
        )

    @property
    def is_empty(self) -> bool:
        """Return whether applying it would change nothing."""
        return not self.writes

    def in_repository(self, path: str) -> str:
        """Return where a path of the project lies, relative to the repository's root."""
        return f"{self.prefix}/{path}" if self.prefix else path

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as plain data, without the files' contents."""
        return {
            "head": self.head,
            "prefix": self.prefix,
            "tree": self.tree,
            "conflicts": len(self.conflicts),
            "changes": [change.to_json() for change in self.changes.values()],
        }

    def to_plan(self) -> dict[str, Any]:
        """Return everything as plain data, so that `from_plan` gives the same outcome again."""
        changes = [
            {
                **change.to_json(),
                "before": _whole_file(change.before),
                "after": _whole_file(change.after),
                "stages": {str(stage): _whole_file(file) for stage, file in change.stages.items()},
            }
            for change in self.changes.values()
        ]
        objects = {
            identifier: [kind, _encoded(content)]
            for identifier, (kind, content) in self.objects.items()
        }
        return {**self.to_json(), "changes": changes, "objects": objects}

    @classmethod
    def from_plan(cls, plan: Mapping[str, Any]) -> Outcome:
        """Return the outcome that `to_plan` wrote."""
        changes = [_change_of(row) for row in plan["changes"]]
        objects = {
            identifier: (kind, _decoded(content))
            for identifier, (kind, content) in plan["objects"].items()
        }
        by_path = {change.path: change for change in changes}
        return cls(plan["head"], plan["prefix"], by_path, plan["tree"], objects)


@frozen
class Labels:
    """How the three sides are called in conflict marks."""

    ours: str = "yours"
    base: str = "template before"
    theirs: str = "template"


@frozen
class Policy:
    """Which files do not take part in an ordinary merge; each field is a tuple of globs.

    Args:
        once: Written when they are new, and the project's from then on.
        derived: Rebuilt by a tool after the merge (lock files): never settled by a rule, and named. Requirements that
            pin hashes are, too.
        owned: Prose that the project owns: where both changed the same lines, the project's stand.
        skipped: Take no part at all, as a project asked.
        exact: Always the new render's, whatever HEAD has (`scaffold.lock`).
        may_replace: Whether a rule may also settle what leaves out a line that a side added: the older of two versions,
            a line that is indented or laid out anew, the template's version of a derived file. Without it, every such
            line stands in its file, as it was or between conflict marks.
    """

    once: tuple[str, ...] = ()
    derived: tuple[str, ...] = (
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "Pipfile.lock",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "Cargo.lock",
    )
    owned: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    exact: tuple[str, ...] = ("scaffold.lock",)
    may_replace: bool = False


def only(outcome_base: Tree, outcome_theirs: Tree, wanted: set[str]) -> Tree:
    """Return the new render for the wanted paths and the old one for all others."""
    kept = {path: file for path, file in outcome_base.items() if path not in wanted}
    taken = {path: file for path, file in outcome_theirs.items() if path in wanted}
    return {**kept, **taken}


def _file_json(file: File | None) -> dict[str, Any] | None:
    if file is None:
        return None
    return {"blob": file.blob_id, "mode": file.mode, "size": len(file.content)}


def _whole_file(file: File | None) -> dict[str, Any] | None:
    if file is None:
        return None
    return {"mode": file.mode, "content": _encoded(file.content)}


def _encoded(content: bytes) -> str:
    import base64  # noqa: PLC0415 - for plans alone

    return base64.b64encode(content).decode("ascii")


def _decoded(text: str) -> bytes:
    import base64  # noqa: PLC0415 - for plans alone

    return base64.b64decode(text)


def _file_of(row: Mapping[str, Any] | None) -> File | None:
    return None if row is None else File(_decoded(row["content"]), row["mode"])


def _stages_of(row: Mapping[str, Any]) -> Stages:
    return {int(key): file for key, value in row.items() if (file := _file_of(value))}


def _change_of(row: Mapping[str, Any]) -> Change:
    return Change(
        path=row["path"],
        kind=Kind(row["kind"]),
        code=row["code"],
        reason=row["reason"],
        before=_file_of(row["before"]),
        after=_file_of(row["after"]),
        stages=_stages_of(row["stages"]),
        origin=row["origin"],
        settlements=tuple(Settlement(**settlement) for settlement in row["settlements"]),
        regions=row["regions"],
    )
