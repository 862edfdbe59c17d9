"""One project's life with scaffold, on real git and by the command line: what the state machine works on."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from histories import Files

from scaffold import cache, durable
from scaffold.cli import run as run_cli
from scaffold.tree import File

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Each step syncs files to disk; in memory that costs nothing."""
FOLDER = "{{cookiecutter.name}}"
OWN = ("scaffold.toml", "scaffold.lock")
UNTRACKED = {"untracked.bin": b"\0\1", "folder/untracked": b"mine\r\n"}
FOREIGN = {**UNTRACKED, "secret.ignored": b"KEY=1"}
TEMPLATE_HOOKS = ("pre_prompt", "pre_gen_project", "post_gen_project")
HOOKS = ("pre-commit", "post-checkout", "post-index-change", "reference-transaction", "post-merge")

Blobs = Mapping[str, tuple[str, str]]
"""Path -> mode and blob id."""


@dataclass(frozen=True)
class Said:
    """How a run of scaffold ended."""

    code: int
    out: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def changes(self) -> dict[str, dict[str, Any]]:
        return {each["path"]: each for each in self.json["changes"] if each["path"] not in OWN}

    @property
    def is_told(self) -> bool:
        """Return whether anything but the template's own changes happened."""
        return any(is_told(each) for each in self.changes.values())


def is_told(change: Mapping[str, Any]) -> bool:
    """Return whether a change is more than the template's own, so that people must hear of it."""
    quiet = ("added", "updated", "merged", "deleted")
    return change["conflict"] or bool(change["settlements"]) or change["kind"] not in quiet


def scaffold(*arguments: object, at: Path) -> Said:
    """Run scaffold in this process, in the folder `at`."""
    out, before = io.StringIO(), Path.cwd()
    os.chdir(at)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = run_cli([str(argument) for argument in arguments])
    finally:
        os.chdir(before)
    return Said(int(code), out.getvalue())


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody would who has no hooks and no settings, and return what it says."""
    quiet = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
    done = subprocess.run(["git", *quiet, *arguments], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


def put(folder: Path, before: Files, after: Files) -> None:
    """Make the files of `folder` that were `before` those of `after`."""
    for path in before.keys() - after.keys():
        (folder / path).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (folder / path).parent.rmdir()
    for path, file in after.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(0o755 if file.mode == "100755" else 0o644)


def with_its_first_line_end(file: File) -> File:
    """Return a template's file as cookiecutter renders it: every line ends as the first one does."""
    plain = file.content.replace(b"\r\n", b"\n")
    is_windows = file.content.partition(b"\n")[0].endswith(b"\r")
    return File(plain.replace(b"\n", b"\r\n") if is_windows else plain, file.mode)


@dataclass
class Life:
    """A template that makes releases, and a project that was made from its first.

    Args:
        first: The render of the first release.
    """

    first: Files
    root: Path = field(init=False)
    releases: list[Files] = field(init=False)

    def __post_init__(self) -> None:
        self.root = Path(mkdtemp(dir=MEMORY))
        self._patch = pytest.MonkeyPatch()
        self._settle_in()
        self.releases = []
        self.template.mkdir()
        git(self.template, "init", "-q")
        (self.template / "hooks").mkdir()
        for name in TEMPLATE_HOOKS:
            hook = self.template / "hooks" / f"{name}.sh"
            hook.write_text(f"#!/bin/sh\necho {name} >>{self.trap}\n")
            hook.chmod(0o755)
        self.release(self.first)
        said = scaffold("new", self.project, "--template", self.template, "--yes", at=self.root)
        assert said.code == 0, said.out
        self._lay_traps()

    @property
    def template(self) -> Path:
        return self.root / "template"

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def trap(self) -> Path:
        """Return the file that exists once something of the repository's was run."""
        return self.root / "ran"

    def close(self) -> None:
        self._patch.undo()
        cache._chosen.cache_clear()
        shutil.rmtree(self.root, ignore_errors=True)

    def release(self, files: Files) -> None:
        """Release the template with these files."""
        files = {
            path: with_its_first_line_end(file)
            for path, file in files.items()
            if not path.startswith("-")  # is refused, since it looks like an option
        }
        before = self.releases[-1] if self.releases else {}
        files = files or before  # a template without a file is refused
        (self.template / FOLDER).mkdir(exist_ok=True)
        put(self.template / FOLDER, before, files)
        (self.template / "cookiecutter.json").write_text('{"name": "project"}')
        self.releases.append(files)
        git(self.template, "add", "-A", "-f")
        git(self.template, "commit", "-q", "--allow-empty", "-m", "release")
        git(self.template, "tag", f"v{len(self.releases)}.0")

    def run(self, *arguments: object) -> Said:
        return scaffold(*arguments, at=self.project)

    def commit(self) -> None:
        git(self.project, "add", "-A", "--", ".", *(f":!{path}" for path in UNTRACKED))
        git(self.project, "commit", "-q", "--allow-empty", "-m", "mine")

    def copied(self, name: str) -> Path:
        """Return a clone of the project."""
        git(self.root, "clone", "-q", str(self.project), name)
        return self.root / name

    def files(self, commit: str = "HEAD", folder: Path | None = None) -> Blobs:
        """Return what is committed, without spec and lock."""
        rows = git(folder or self.project, "ls-tree", "-r", "-z", commit).split("\0")
        found = (row.split("\t", 1) for row in rows if row)
        return {path: (head.split()[0], head.split()[2]) for head, path in found if path not in OWN}

    def worked(self) -> Files:
        """Return the tracked files as they lie there, without spec and lock."""
        paths = set(git(self.project, "ls-files", "-z").split("\0")) - {"", *OWN}
        return {
            path: File(place.read_bytes(), "100755" if os.access(place, os.X_OK) else "100644")
            for path in sorted(paths)
            if (place := self.project / path).is_file()
        }

    def pristine(self, lock: bytes | None = None) -> Blobs:
        """Return what a lock says of the template's render."""
        import tomllib  # noqa: PLC0415

        text = (lock or (self.project / "scaffold.lock").read_bytes()).decode()
        return {path: tuple(row.split()) for path, row in tomllib.loads(text)["files"].items()}  # type: ignore[misc]

    def snapshot(self) -> dict[str, object]:
        """Return everything that an undo must give back: files with modes and times, index and refs."""
        found: dict[str, object] = {
            ":index": git(self.project, "ls-files", "-s", "-z"),
            ":refs": git(self.project, "for-each-ref"),
        }
        for path in self.project.rglob("*"):
            name = path.relative_to(self.project).as_posix()
            if path.is_file() and not name.startswith(".git/"):
                state = path.stat()
                found[name] = (path.read_bytes(), state.st_mode, state.st_mtime_ns)
        return found

    @contextlib.contextmanager
    def stopping(self, at: int, error: BaseException) -> Iterator[list[Path]]:
        """Raise `error` at the step number `at` of what is written; yield what was reached then."""
        seen: list[int] = []
        stopped: list[Path] = []

        def reached(action: str, path: Path) -> None:
            del action
            seen.append(1)
            if len(seen) == at:
                stopped.append(path)
                raise error

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(durable, "reached", reached)
            yield stopped

    def _settle_in(self) -> None:
        home = self.root / "home"
        home.mkdir()
        (home / ".gitconfig").write_text(
            "[user]\n\tname = A\n\temail = a@example.org\n[init]\n\tdefaultBranch = main\n"
        )
        self._patch.setenv("HOME", str(home))
        self._patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        self._patch.setenv("SCAFFOLD_CACHE_DIR", str(self.root / "cache"))
        self._patch.setenv("SCAFFOLD_STATE_DIR", str(self.root / "state"))
        cache._chosen.cache_clear()

    def _lay_traps(self) -> None:
        """Put code wherever git would run some, and files that are nobody's business."""
        folder = self.project / ".git"
        (folder / "info").mkdir(exist_ok=True)
        (folder / "info" / "exclude").write_text("*.ignored\n")
        (folder / "info" / "attributes").write_text("* merge=trap diff=trap\n")
        (folder / "hooks").mkdir(exist_ok=True)
        for name in HOOKS:
            hook = folder / "hooks" / name
            hook.write_text(f"#!/bin/sh\necho {name} >>{self.trap}\n")
            hook.chmod(0o755)
        for key, text in (("merge.trap.driver", ""), ("diff.trap.textconv", "; cat")):
            git(self.project, "config", key, f"echo {key} >>{self.trap}{text}")
        git(self.project, "config", "core.fsmonitor", f"echo fsmonitor >>{self.trap}")
        for path, content in FOREIGN.items():
            (self.project / path).parent.mkdir(exist_ok=True)
            (self.project / path).write_bytes(content)
