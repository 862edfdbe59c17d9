"""A scratch home that is watched, templates in it in every form, and scaffold in this process."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import binaryornot.helpers  # noqa: F401 - as is Jinja below
import pytest
from attacks import MARKER, ROOT, Attack

import scaffold.sandbox.environment  # noqa: F401 - imported once, not by the child of every render
from scaffold import cache, template
from scaffold.cli import run
from scaffold.errors import ScaffoldError

FORMS = ("folder", "git", "bundle")
COMPONENTS = {"_components": {"base": {}, "extra": {"title": "x"}}, "_settings": {"questions": {}}}
"""What makes a template one of scaffold's own kind, so that `add` has something to add."""
PERSON = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com", "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


def git(folder: Path, *arguments: str, data: bytes | None = None) -> str:
    settings = (
        "-c",
        "protocol.file.allow=always",
        "-c",
        "gc.auto=0",
        "-c",
        "maintenance.auto=false",
    )
    command = ["git", "-C", str(folder), *settings, *arguments]
    environment = {**os.environ, **PERSON}
    return (
        subprocess.run(command, input=data, capture_output=True, check=True, env=environment)
        .stdout.decode()
        .strip()
    )


@dataclass(frozen=True)
class Said:
    """How a run of scaffold ended."""

    exit_code: int
    output: str

    @property
    def code(self) -> str:
        """Return the code of the refusal, or `done`."""
        start = self.output.find("{")
        return json.loads(self.output[start:]).get("error", {}).get("code", "done")


@dataclass(frozen=True)
class Scratch:
    """A home in which nothing but the project may change."""

    home: Path

    @property
    def template(self) -> Path:
        return self.home / "template"

    @property
    def project(self) -> Path:
        return self.home / "work" / "project"

    def write_template(self, attack: Attack) -> None:
        """Make the work tree of the template the attack's."""
        for path in self.template.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        context = json.dumps({"slug": "x", **COMPONENTS, **attack.context})
        files = {f"{ROOT}/{name}": text for name, text in attack.files.items()}
        for name, text in {"cookiecutter.json": context, **files, **attack.outside}.items():
            path = self.template / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", "surrogatepass")
        for name, target in attack.links.items():
            (self.template / ROOT / name).symlink_to(target.format(home=self.home))

    def commit(self, *tags: str) -> None:
        git(self.template, "add", "-A")
        git(self.template, "commit", "-q", "--allow-empty", "-m", "x")
        for tag in tags:
            git(self.template, "tag", tag)

    def address(self, form: str) -> str:
        """Return where the template is as a folder, a repository or a bundle."""
        places = {"git": self.template, "bundle": self.home / "template.bundle"}
        return str(places.get(form, self.home / "folder"))

    def source(self, form: str) -> str:
        """Return the address of the template in this form, which is made of its work tree and commits."""
        address = self.address(form)
        if form == "bundle":
            git(self.template, "bundle", "create", "-q", address, "--all")
        if form == "folder":
            shutil.rmtree(address, ignore_errors=True)
            without = shutil.ignore_patterns(".git")
            shutil.copytree(self.template, address, symlinks=True, ignore=without)
        return address

    def replace_project(self, form: str) -> None:
        """Put the project there that was made of the benign v1 in this form."""
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(self.home.parent / f"project-{form}", self.project, symlinks=True)

    def source_in_place(self) -> str:
        """Return the address of the template's own folder, made one without a repository."""
        shutil.rmtree(self.template / ".git")
        return str(self.template)

    def run(self, *arguments: str, as_text: bool = False) -> Said:
        """Run scaffold in the project's folder, or where it will be."""
        output = io.StringIO()
        place = self.project if self.project.is_dir() else self.project.parent
        with (
            contextlib.chdir(place),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(output),
        ):
            exit_code = run([*arguments, *(() if as_text else ("--json",))])
        return Said(int(exit_code), output.getvalue())

    def snapshot(self) -> dict[str, str]:
        """Return what the home holds besides the project and scaffold's own cache."""
        found = {}
        for root, folders, names in os.walk(self.home):
            folders[:] = [
                name
                for name in folders
                if Path(root, name) not in (self.project, self.home / "cache")
            ]
            for name in (*folders, *names):
                path = Path(root, name)
                found[str(path.relative_to(self.home))] = _fingerprint(path)
        return found

    def project_snapshot(self) -> dict[str, str]:
        """Return what the project holds but for scaffold's own journal."""
        own = self.project / ".git" / "scaffold"
        return {
            str(path): _fingerprint(path)
            for path in self.project.rglob("*")
            if path != own and own not in path.parents
        }

    def was_entered(self) -> bool:
        """Return whether code of a template ran."""
        return any(MARKER in names for _, _, names in os.walk(self.home))


def _fingerprint(path: Path) -> str:
    status = path.lstat()
    if path.is_symlink():
        return f"link {path.readlink()}"
    content = path.read_bytes() if path.is_file() else b""
    return f"{status.st_mode:o} {hashlib.sha256(content).hexdigest()}"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the home is; beside it lie one with a template alone, one with a project, and the projects."""
    scratch = Scratch(tmp_path_factory.mktemp("attacks") / "home")
    scratch.template.mkdir(parents=True)
    scratch.project.parent.mkdir()
    (scratch.home / "secret").write_text("hunter2\n")
    git(scratch.template, "init", "-q", "-b", "main", "--template=")
    scratch.write_template(Attack("benign", "", "", {"a": "one\n"}))
    scratch.commit("v1")
    shutil.copytree(scratch.home, scratch.home.with_name("empty"), symlinks=True)
    for form in FORMS:
        _make_project(scratch, form)
    scratch.replace_project("git")
    shutil.copytree(scratch.home, scratch.home.with_name("made"), symlinks=True)
    return scratch.home


def _make_project(scratch: Scratch, form: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        set_environment(patch, scratch.home)
        said = scratch.run("new", "project", "--template", scratch.source(form), "--yes")
    assert said.exit_code == 0, said.output
    shutil.rmtree(scratch.project / ".git" / "hooks", ignore_errors=True)  # samples, slow to copy
    scratch.project.rename(scratch.home.parent / f"project-{form}")


@pytest.fixture
def scratch(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    """Return a home without a project, always in the same place, so that a copy of it is as good as new."""
    return _again(prepared, "empty", monkeypatch)


@pytest.fixture
def made(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    """Return a home with a project, made from the benign v1."""
    return _again(prepared, "made", monkeypatch)


def _again(home: Path, name: str, patch: pytest.MonkeyPatch) -> Scratch:
    shutil.rmtree(home)
    shutil.copytree(home.with_name(name), home, symlinks=True)
    set_environment(patch, home)
    return Scratch(home)


def set_environment(patch: pytest.MonkeyPatch, home: Path) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        patch.delenv(name)
    places = {"HOME": home, "SCRATCH": home, "SCAFFOLD_STATE_DIR": home / "state"}
    for name, value in {**PERSON, **places}.items():
        patch.setenv(name, str(value))


def forget_cached() -> None:
    """Empty scaffold's cache, so that a template is read anew."""
    for name in ("copies", "templates", "compiled"):
        shutil.rmtree(cache.folder(name))


def content_id(folder: Path) -> str:
    """Return what scaffold calls the version of a template that is a folder, or nothing where it takes none."""
    try:
        return template._content_id(template._folder_files(folder))
    except ScaffoldError:
        return ""
