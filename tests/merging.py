"""A project as real git in a temporary folder; a render is a dict of texts."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scaffold.git import Git
from scaffold.merge import Change, Labels
from scaffold.tree import File, Tree

LABELS = Labels(base="template v1", theirs="template v2")


def tree(files: Mapping[str, str | bytes | File]) -> Tree:
    """Return files with their contents as a tree."""
    return {
        path: file if isinstance(file, File) else File(_bytes(file)) for path, file in files.items()
    }


@dataclass(frozen=True)
class Project:
    """A git repository in which somebody works."""

    folder: Path

    @property
    def git(self) -> Git:
        return Git(self.folder)

    @property
    def head(self) -> str:
        return self.run("rev-parse", "HEAD").strip()

    def run(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout

    def write(self, files: Mapping[str, str | bytes | File]) -> None:
        for path, file in tree(files).items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            if file.mode == "120000":
                target.symlink_to(file.content.decode())
            else:
                target.write_bytes(file.content)
                target.chmod(0o755 if file.mode == "100755" else 0o644)

    def commit(self) -> None:
        self.run("add", "--all", "--force")
        self.run("commit", "--quiet", "--allow-empty", "--message", "work")

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def exists(self, path: str) -> bool:
        return (self.folder / path).exists()

    def status(self) -> list[str]:
        return self.run("status", "--short").splitlines()

    def snapshot(self) -> dict[str, object]:
        """Return everything that an undo must give back: files, modes, times and the index."""
        found: dict[str, object] = {"index": (self.folder / ".git" / "index").read_bytes()}
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if name == ".git" or name.startswith(".git/"):
                continue
            state = path.lstat()
            if path.is_symlink():
                found[name] = path.readlink()
            elif path.is_dir():
                found[name] = state.st_mode
            else:
                found[name] = (path.read_bytes(), state.st_mode, state.st_mtime_ns)
        return found


def told(change: Change) -> tuple[str, str]:
    """Return what is stable of a change."""
    return change.kind.value, change.code


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def new_project(folder: Path) -> Project:
    """Return an empty repository in a new folder."""
    folder.mkdir()
    made = Project(folder)
    made.run("init", "--quiet", "--initial-branch", "main")
    for key, value in (("user.name", "A"), ("user.email", "a@example.org")):
        made.run("config", key, value)
    return made
