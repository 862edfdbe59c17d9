"""Components come and go in a repository that a team has worked in, without one conflict."""

from __future__ import annotations

import shutil
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from worked import EDITS, git, made, scaffold, tree, worked_in

from scaffold.sources import read_sources

ROOT = Path(__file__).parents[3]
MANIFESTS = read_sources(ROOT / "template").manifests
OPTIONAL = [name for name, each in MANIFESTS.items() if name != "base" and not each["slot"]]


@dataclass
class Toggles:
    """What adding and removing came to."""

    count: int = 0
    conflicts: list[str] = field(default_factory=list)

    def toggle(self, folder: Path, verb: str, *components: str) -> list[str]:
        """Run one command; return the components that it added or removed."""
        before = chosen(folder)
        code, said = scaffold(verb, *components, "--commit", at=folder)
        assert code in {0, 1}, said
        self.count += 1
        if said["conflicts"]:
            self.conflicts.append(f"{verb} {' '.join(components)}: {said['conflicts']}")
            git(folder, "reset", "--quiet", "--hard")
            git(folder, "clean", "--quiet", "--force", "-d")
            return []
        return sorted(before ^ chosen(folder))

    @property
    def told(self) -> str:
        share = len(self.conflicts) / self.count
        return f"{len(self.conflicts)} of {self.count} toggles conflicted ({share:.1%})"


def chosen(folder: Path) -> set[str]:
    return set(tomllib.loads((folder / "scaffold.toml").read_text())["components"])


@pytest.fixture
def toggles() -> Toggles:
    return Toggles()


def test_every_edit_is_of_a_file_that_is_there(tmp_path: Path) -> None:
    folder = made(tmp_path / "p", ",".join(OPTIONAL))

    assert [edit.path for edit in EDITS if not edit.make(folder)] == []


def test_everything_at_once_in_a_project_that_was_worked_in(
    tmp_path: Path, toggles: Toggles
) -> None:
    folder = made(tmp_path / "p")
    worked_in(folder)
    before = tree(folder)

    added = toggles.toggle(folder, "add", *OPTIONAL)
    toggles.toggle(folder, "remove", *added)

    assert toggles.conflicts == []
    assert added == sorted(OPTIONAL)
    assert tree(folder) == before


@pytest.mark.slow
@pytest.mark.xdist_group("components")
def test_no_pair_of_components_conflicts_in_a_project_that_was_worked_in(
    tmp_path: Path, toggles: Toggles, capsys: pytest.CaptureFixture[str]
) -> None:
    started = made(tmp_path / "started")
    not_restored = []
    for first in ("", *OPTIONAL):
        folder = tmp_path / (first or "none")
        shutil.copytree(started, folder)
        if first:
            toggles.toggle(folder, "add", first)
        assert worked_in(folder) >= 25
        before, start = tree(folder), git(folder, "rev-parse", "HEAD")
        for second in OPTIONAL:
            if second in chosen(folder):
                continue
            added = toggles.toggle(folder, "add", second)
            if added:
                toggles.toggle(folder, "remove", *added)
            if tree(folder) != before:
                not_restored.append((first, second))
                git(folder, "reset", "--quiet", "--hard", start)
    with capsys.disabled():
        sys.stdout.write(f"\n{toggles.told}\n")

    assert toggles.conflicts == []
    assert not_restored == []
    assert toggles.count >= 100
