"""New files that git would not track here: they are written into a work tree, and into no index and no commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scaffold.merge.outcome import Change, Kind
from scaffold.merge.scratch import ask, rules_above
from scaffold.tree import File
from scaffold.values import frozen, replace


@frozen
class Ignoring:
    """By whose rules git ignores files.

    Args:
        git_dir: git's folder of the project, for the user's own excludes.
        top: The work tree that the changes are for; nothing for a branch, which cannot have what git ignores.
    """

    git_dir: Path
    top: Path | None = None

    def told(
        self, changes: dict[str, Change], prefix: str, committed: Callable[[str], File | None]
    ) -> dict[str, Change]:
        """Return the changes, with what becomes of those files that git ignores once they are made.

        Args:
            changes: Path in the project -> change.
            prefix: The project's folder in the repository, with a slash at its end unless it is empty.
            committed: Returns the file that HEAD has at a path of the repository.
        """
        asked = {f"{prefix}{path}": path for path, change in changes.items() if _is_asked(change)}
        if not asked:
            return changes
        found: dict[str, File | None] = {}
        for name in rules_above(asked, ".gitignore"):
            own = name.removeprefix(prefix) if name.startswith(prefix) else ""
            found[name] = changes[own].after if own in changes else self._lying(name, committed)
        answers = ask(self.git_dir, found, asked, "check-ignore", "--no-index", expect=(0, 1))
        ignored = {asked[path[2:]] for path in answers}
        return {
            path: self._left(change) if path in ignored else change
            for path, change in changes.items()
        }

    def _lying(self, name: str, committed: Callable[[str], File | None]) -> File | None:
        if self.top is None:
            return committed(name)
        place = self.top / name
        return File(place.read_bytes()) if place.is_file() and not place.is_symlink() else None

    def _left(self, change: Change) -> Change:
        if change.after is None:
            reason = "git ignores it here, so yours stays; the template's change is left out"
            return replace(change, kind=Kind.KEPT, code="git-ignores", reason=reason)
        left = "so it is written and not committed"
        if self.top is None:
            left, change = "so the branch does not have it", replace(change, after=None)
        reason = f"new in the template; git ignores it here, {left}"
        return replace(change, kind=Kind.IGNORED, code="git-ignores", reason=reason)


def _is_asked(change: Change) -> bool:
    """Return whether the project has no file that the template adds, or has changed."""
    return change.code in {"template-added", "you-deleted"}
