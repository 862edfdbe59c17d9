"""What lies in the project or the template's folder already: twins, pipes, devices, and files that become folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from attacks import ROOT, Attack
from conftest import Scratch, git
from test_attacks import hold


def mine(made: Scratch, path: str) -> None:
    file = made.project / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine\n")
    git(made.project, "add", "-A")
    git(made.project, "commit", "-qm", "mine")


def release(made: Scratch, version: str, **files: str) -> None:
    made.write_template(Attack(version, "", "", {"a": "one\n", **files}))
    made.commit(version)


@pytest.mark.parametrize(
    ("own", "added"),
    [
        ("README.md", "readme.md"),
        ("Src/a", "src/b"),
        ("e\u0301", "\u00e9"),
        ("x/Y/z", "x/y/w"),
        ("S", "s/t"),
    ],
)
@pytest.mark.parametrize("wish", [(), ("--dry-run",), ("--branch", "b")])
def test_a_twin_of_the_users_file_is_refused(own, added, wish, made):
    mine(made, own)
    release(made, "v2", **{added: "theirs\n"})
    before, project = made.snapshot(), made.project_snapshot()

    said = made.run("upgrade", "--yes", *wish)

    hold(made, before, said)
    assert said.code == "twin"
    assert "macOS and Windows" in said.output
    assert made.project_snapshot() == project


def test_a_twin_that_the_user_skips_is_left_alone(made):
    mine(made, "README.md")
    spec = made.project / "scaffold.toml"
    spec.write_text('skip = ["readme.md"]\n' + spec.read_text())
    git(made.project, "commit", "-qam", "skip")
    release(made, "v2", **{"readme.md": "theirs\n"})

    assert made.run("upgrade", "--yes").exit_code == 0


def test_a_file_that_the_template_spells_anew_is_no_twin(made):
    release(made, "v2", Readme="x\n")
    assert made.run("upgrade", "--yes", "--commit").exit_code == 0
    release(made, "v3", README="x\n")

    said = made.run("upgrade", "--yes")

    assert said.exit_code == 0, said.output
    assert not (made.project / "Readme").exists()


def test_a_file_becomes_a_folder_and_back(made):
    before = made.snapshot()
    for version, files in (("v2", {"b": "x\n"}), ("v3", {"b/c": "x\n"}), ("v4", {"b": "y\n"})):
        release(made, version, **files)
        said = made.run("upgrade", "--yes", "--commit")
        assert said.exit_code == 0, said.output
        for name, text in files.items():
            assert (made.project / name).read_text() == text
    assert {path.split("/")[0] for path in made.snapshot()} == {
        path.split("/")[0] for path in before
    }


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_file_in_the_templates_folder_is_refused(kind, scratch):
    source = scratch.source("folder")
    path = f"{source}/{ROOT}/x"
    make = {"pipe": os.mkfifo, "socket": _socket, "device": _device}
    make[kind](path)
    before = scratch.snapshot()

    said = scratch.run("new", "p", "--template", source, "--yes")

    hold(scratch, before, said)
    assert said.code == "bad-path"


def _socket(path: str) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o644)


def _device(path: str) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o644, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")


def test_setuid_and_write_for_all_of_the_templates_folder_are_not_copied(scratch):
    source = scratch.source("folder")
    Path(source, ROOT, "a").chmod(0o6777)

    said = scratch.run("new", "project", "--template", source, "--yes")

    assert said.exit_code == 0
    assert stat.S_IMODE((scratch.project / "a").stat().st_mode) & 0o6022 == 0


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder", "link"])
def test_what_is_no_file_where_the_template_adds_one_is_refused(kind, made):
    place = made.project / "new"
    if kind == "link":
        place.symlink_to(made.home / "secret")
    elif kind == "folder":
        place.mkdir()
        (place / "mine").write_text("mine\n")
    else:
        {"pipe": os.mkfifo, "socket": _socket, "device": _device}[kind](str(place))
    release(made, "v2", new="theirs\n")
    before = made.snapshot()

    said = made.run("upgrade", "--yes")

    hold(made, before, said)
    assert said.exit_code == 2


ADDED = [
    ".gitmodules", ".gitattributes", "sub/.gitattributes", ".envrc", "sub/.Envrc", ".vscode/tasks.json",
    ".github/workflows/ci.yml", ".github/actions/x/action.yml", ".gitlab-ci.yml", "Jenkinsfile",
    "azure-pipelines.yml", ".circleci/config.yml", ".pre-commit-config.yaml", ".devcontainer/devcontainer.json",
    ".forgejo/workflows/x.yml", ".mcp.json", "x.pth", "conftest.py", ".woodpecker.yaml", ".appveyor.yml",
    ".semaphore/semaphore.yml", ".builds/x.yml", "buildspec.yml", "x.code-workspace", "lefthook.toml", ".npmrc",
    ".cargo/config.toml", ".dir-locals.el", "azure-pipelines.yaml", ".lefthook.yml", ".exrc",
]  # fmt: skip


@pytest.mark.parametrize("as_text", [False, True])
def test_what_makes_a_tool_run_something_is_pointed_out(as_text, made):
    release(made, "v2", **dict.fromkeys([*ADDED, "docs/index.md"], "x\n"))

    said = made.run("upgrade", "--yes", "--dry-run", as_text=as_text)

    assert said.exit_code == 0, said.output
    told = [line for line in said.output.splitlines() if "is new: " in line]
    assert [path for path in ADDED if not any(f"{path} is new: " in line for line in told)] == []
    assert not any("docs/index.md is new: " in line for line in told)


def test_a_change_of_what_makes_a_tool_run_something_is_pointed_out(made):
    quiet = {"sub/.gitattributes": "*.txt text\n", "same/.envrc": "x\n", "docs/index.md": "x\n"}
    names = [name for name in ADDED if not name.startswith("sub/")]
    release(made, "v2", **{**dict.fromkeys(names, "* text\n"), **quiet})
    assert made.run("upgrade", "--yes", "--commit").exit_code == 0
    quiet |= {"sub/.gitattributes": "*.txt text\n*.md text\n", "docs/index.md": "y\n"}
    release(made, "v3", **{**dict.fromkeys(names, "* text\n* filter=evil\n"), **quiet})

    said = made.run("upgrade", "--yes", "--dry-run", as_text=True)

    assert said.exit_code == 0, said.output
    told = [line for line in said.output.splitlines() if " changes: " in line]
    assert [path for path in names if not any(f"{path} changes: " in line for line in told)] == []
    assert [line for line in told if any(name in line for name in quiet)] == []


@pytest.mark.parametrize(
    "directory", ["l", "x/l", "x/l/", "l/../l", "a\0b", "a" * 5000, "{outside}"]
)
@pytest.mark.parametrize("form", ["folder", "git"])
def test_a_directory_of_a_template_that_lies_outside_is_refused(form, directory, scratch):
    outside = scratch.home / "outside"
    (outside / ROOT).mkdir(parents=True)
    (outside / "cookiecutter.json").write_text('{"slug": "x"}')
    (outside / ROOT / "stolen").write_text("hunter2\n")
    (scratch.template / "x").mkdir()
    for link in ("l", "x/l"):
        (scratch.template / link).symlink_to(outside)
    scratch.commit("v2")
    source = scratch.source(form)
    before = scratch.snapshot()

    named = ("--directory", directory.format(outside=outside))
    said = scratch.run("new", "p", "--template", source, *named, "--yes")

    hold(scratch, before, said)
    assert said.exit_code == 2
    assert not (scratch.project.parent / "p").exists()


REFERENCES = [
    b"refs/tags/..", b"refs/tags/v9\x1b[2J", b"refs/tags/--output=x", b"refs/heads/../../x", b"refs/tags/v9.lock",
    b"refs/tags/v" + b"1." * 20_000 + b"x", b"refs/tags/v9/", b"refs/heads/-x", b"HEAD", b"refs/tags/v2^{}",
    b"refs/replace/%s", b"refs/tags/v2\xff", b"refs/heads/" + b"a" * 300,
]  # fmt: skip


@pytest.mark.parametrize("name", REFERENCES, ids=lambda name: repr(name[:20]))
def test_a_bundle_with_a_strange_reference(name, scratch):
    bundle = Path(scratch.source("bundle"))
    commit = git(scratch.template, "rev-parse", "HEAD").encode()
    head, _, pack = bundle.read_bytes().partition(b"\n\n")
    named = name.replace(b"%s", commit)
    bundle.write_bytes(b"%s\n%s %s\n\n%s" % (head, commit, named, pack))
    before = scratch.snapshot()

    for more in ((), ("--ref", "v2"), ("--ref", "x")):
        said = scratch.run("new", "p", "--template", str(bundle), "--yes", "--dry-run", *more)
        hold(scratch, before, said)
        assert said.exit_code in (0, 2)
