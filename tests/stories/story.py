"""What a story is told with: a template that makes releases, a project that a person edits, and scaffold itself."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scaffold.cli import run as run_cli

FOLDER = "{{cookiecutter.project_slug}}"
LINES = "".join(f"line {number}\n" for number in range(1, 13))
CHANGED = LINES.replace("line 2\n", "theirs\n")


def git(folder: Path, *arguments: str, data: bytes | None = None) -> str:
    """Run git as a person would and return what it says."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=data, capture_output=True, check=True
    )
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


@dataclass(frozen=True)
class Said:
    """How a run of scaffold ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def conflicts(self) -> list[str]:
        return self.json["conflicts"]

    @property
    def changes(self) -> dict[str, str]:
        """Return path -> what happens to it, without spec and lock."""
        own = ("scaffold.toml", "scaffold.lock")
        return {
            each["path"]: each["kind"] for each in self.json["changes"] if each["path"] not in own
        }

    @property
    def notes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for note in self.json["notes"]:
            found.setdefault(note["code"], []).append(note["subject"])
        return found

    @property
    def refusal(self) -> str:
        """Return the code of the error that a run with --json ended in."""
        return self.json["error"]["code"]


def scaffold(*arguments: object, at: Path | None = None) -> Said:
    """Run scaffold in this process, in the folder `at`."""
    out, err = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(at or before)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_cli([str(argument) for argument in arguments])
    finally:
        os.chdir(before)
    return Said(int(code), out.getvalue(), err.getvalue())


@dataclass
class Template:
    """A cookiecutter template in a git repository of its own."""

    path: Path
    questions: dict[str, Any] = field(default_factory=lambda: {"project_slug": "project"})
    details: dict[str, Any] = field(default_factory=dict)
    releases: int = 0

    def release(
        self,
        files: Mapping[str, str | bytes | None],
        version: str = "",
        *,
        message: str = "",
        modes: Mapping[str, int] | None = None,
        drop: tuple[str, ...] = (),
        **questions: Any,
    ) -> Template:
        """Lay `files` over the template (None removes one), change questions, and tag a release."""
        self.questions = {k: v for k, v in {**self.questions, **questions}.items() if k not in drop}
        for path, content in files.items():
            self._put(path, content)
        for path, mode in (modes or {}).items():
            (self.path / FOLDER / path).chmod(mode)
        settings = {"_settings": {"questions": self.details}} if self.details else {}
        document = json.dumps({**self.questions, **settings}, indent=1)
        (self.path / "cookiecutter.json").write_text(document)
        self.releases += 1
        version = version or f"v{self.releases}.0.0"
        git(self.path, "add", "-A", "-f")
        git(self.path, "commit", "-q", "--allow-empty", "-m", message or f"release {version}")
        if version != "-":
            git(self.path, "tag", "-a", version, "-m", message or f"what is new in {version}")
        return self

    @property
    def head(self) -> str:
        return git(self.path, "rev-parse", "HEAD")

    def _put(self, path: str, content: str | bytes | None) -> None:
        target = (
            self.path / path.removeprefix("/")
            if path.startswith("/")
            else self.path / FOLDER / path
        )
        if content is None:
            target.unlink()
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)


@dataclass
class Project:
    """A project that scaffold made, and what a person does to it."""

    path: Path

    def write(self, path: str, content: str | bytes, *, commit: bool = True) -> Project:
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.commit() if commit else self

    def edit(self, path: str, line: int, to: str, *, commit: bool = True) -> Project:
        """Replace the line number `line`, which counts from one."""
        lines = self.read(path).splitlines()
        lines[line - 1] = to
        return self.write(path, "\n".join(lines) + "\n", commit=commit)

    def replace(self, path: str, old: str, new: str, *, commit: bool = True) -> Project:
        text = self.read(path)
        assert old in text
        return self.write(path, text.replace(old, new), commit=commit)

    def delete(self, path: str) -> Project:
        (self.path / path).unlink()
        return self.commit()

    def move(self, path: str, to: str) -> Project:
        (self.path / to).parent.mkdir(parents=True, exist_ok=True)
        (self.path / path).rename(self.path / to)
        return self.commit()

    def commit(self, message: str = "mine") -> Project:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self

    def read(self, path: str) -> str:
        return (self.path / path).read_bytes().decode()

    def has(self, path: str) -> bool:
        return os.path.lexists(self.path / path)

    def git(self, *arguments: str) -> str:
        return git(self.path, *arguments)

    def run(self, *arguments: object) -> Said:
        return scaffold(*arguments, at=self.path)

    def upgrade(self, *arguments: object) -> Said:
        return self.run("upgrade", "--json", *arguments)

    @property
    def status(self) -> str:
        return self.git("status", "--porcelain")

    @property
    def snapshot(self) -> dict[str, tuple[bytes, int, int]]:
        """Return every file outside git's folder with bytes, mode and time, and what the index holds."""
        found: dict[str, tuple[bytes, int, int]] = {
            ":index": (self.git("ls-files", "-s").encode(), 0, 0),
            ":refs": (self.git("for-each-ref").encode(), 0, 0),
        }
        for path in sorted(self.path.rglob("*")):
            if ".git" in path.relative_to(self.path).parts or path.is_dir():
                continue
            status = path.lstat()
            content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            name = path.relative_to(self.path).as_posix()
            found[name] = (content, status.st_mode, status.st_mtime_ns)
        return found
