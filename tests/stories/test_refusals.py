"""Bad input: one line, a hint, exit 2, nothing changed."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from rights import as_ordinary_user
from story import CHANGED, Project, Template, git, scaffold

import scaffold as scaffold_package


def refused(project: Project, *arguments: object) -> str:
    """Run scaffold, which must refuse in one line and change nothing; return the code of the error."""
    before = project.snapshot
    said = project.run(*arguments)
    assert said.code == 2, said.out + said.err
    assert said.out == ""
    told = [line for line in said.err.splitlines() if not line.endswith("…")]  # slow: progress
    error, hint = told
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")
    code = project.run(*arguments, "--json").refusal
    assert project.snapshot == before
    return code


def test_folder_that_is_in_no_repository(tmp_path):
    said = scaffold("upgrade", at=tmp_path)

    assert said.code == 2
    assert "is not in a git repository" in said.err


def test_repository_that_has_no_spec(tmp_path):
    git(tmp_path, "init", "-q", "bare-bones")

    said = scaffold("upgrade", at=tmp_path / "bare-bones")

    assert said.code == 2
    assert "there is no scaffold.toml here" in said.err
    assert "scaffold adopt" in said.err


def test_dirty_file_that_the_change_would_touch(project, made):
    made.release({"a.txt": CHANGED})
    project.write("a.txt", "dirty\n", commit=False)

    assert refused(project, "upgrade") == "dirty"


def test_dirty_file_that_the_change_does_not_touch_is_fine(project, made):
    made.release({"a.txt": CHANGED})
    project.write("b.txt", "dirty\n", commit=False)

    assert project.upgrade().code == 0
    assert project.read("b.txt") == "dirty\n"
    assert project.read("a.txt") == CHANGED


def test_staged_file_that_the_change_does_not_touch_stays_staged(project, made):
    made.release({"a.txt": CHANGED})
    project.write("b.txt", "staged\n", commit=False)
    project.git("add", "b.txt")

    assert project.upgrade().code == 0
    assert project.git("show", ":b.txt") == "staged"


def test_detached_head(project, made):
    made.release({"a.txt": CHANGED})
    project.git("checkout", "-q", "--detach")

    assert refused(project, "upgrade") == "detached-head"


def test_detached_head_can_be_looked_at_and_branched_from(project, made):
    made.release({"a.txt": CHANGED})
    project.git("checkout", "-q", "--detach")

    assert project.upgrade("--dry-run").code == 0
    assert project.run("check").code == 1
    assert project.upgrade("--branch", "update").code == 0


def test_merge_in_progress(project, made):
    project.git("checkout", "-q", "-b", "side")
    project.write("b.txt", "side\n")
    project.git("checkout", "-q", "main")
    project.write("b.txt", "main\n")
    with pytest.raises(Exception, match="non-zero"):
        project.git("merge", "-q", "side")
    made.release({"a.txt": CHANGED})

    assert refused(project, "upgrade") == "operation-under-way"


def test_rebase_in_progress(project, made):
    (project.path / ".git" / "rebase-merge").mkdir()
    made.release({"a.txt": CHANGED})

    assert refused(project, "upgrade") == "operation-under-way"


def test_no_commit_yet(project, made):
    project.git("update-ref", "-d", "HEAD")
    made.release({"a.txt": CHANGED})

    assert refused(project, "upgrade") == "no-commit"
    assert refused(project, "upgrade", "--dry-run") == "no-commit"


def test_plan_on_a_detached_head_is_sent_to_no_branch_of_its_own(project, made, tmp_path):
    made.release({"a.txt": CHANGED})
    project.upgrade("--plan", tmp_path / "plan.json")
    project.git("checkout", "-q", "--detach")

    assert refused(project, "apply", tmp_path / "plan.json") == "detached-head"
    assert "--branch" not in project.run("apply", tmp_path / "plan.json").err


@pytest.mark.parametrize("option", ["--abort", "--continue"])
def test_nothing_waits_in_a_bare_repository(project, tmp_path, option):
    git(tmp_path, "clone", "-q", "--bare", str(project.path), "bare.git")

    said = scaffold("upgrade", option, at=tmp_path / "bare.git")

    assert said.code == 2
    assert said.err.startswith("error: no change waits in a bare repository\nhint: ")


@pytest.mark.parametrize("command", [("check",), ("upgrade",), ("new", "demo", "--yes")])
def test_folder_that_is_gone_beneath_us(tmp_path, command):
    gone = tmp_path / "gone"
    gone.mkdir()
    there = f"{sys.executable} -m scaffold {' '.join(command)}"
    path = {**os.environ, "PYTHONPATH": str(Path(scaffold_package.__file__).parent.parent)}

    said = subprocess.run(
        ["sh", "-c", f"rmdir ../gone; {there}"],
        cwd=gone,
        env=path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 2
    assert said.stderr == "error: the current folder is gone\nhint: go to one that is there\n"


def test_old_git(project, tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text("#!/bin/sh\necho git version 2.30.2\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    said = project.run("upgrade")

    assert said.code == 2
    assert "git version 2.30.2 is too old" in said.err
    assert "2.38" in said.err


def test_missing_git(project, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    said = project.run("upgrade")

    assert said.code == 2
    assert "git was not found" in said.err


@pytest.mark.parametrize("folder", [".", "docs", ".git"])
def test_unwritable_folder(project, made, folder):
    made.release({"docs/new.md": "new\n", "a.txt": CHANGED})
    project.write("docs/mine.md", "mine\n")
    place = project.path / folder
    place.chmod(0o555)
    try:
        as_ordinary_user(lambda: refused(project, "upgrade"))
    finally:
        place.chmod(0o755)


def test_unreachable_template(project, made):
    made.path.rename(made.path.with_name("gone"))

    assert refused(project, "upgrade")


def test_template_that_no_longer_renders(project, made):
    made.release({"a.txt": "{{ cookiecutter.nosuch.deeper }}\n"})

    refused(project, "upgrade")


def test_template_with_broken_jinja(project, made):
    made.release({"a.txt": "{% if %}\n"})

    refused(project, "upgrade")


def test_template_that_renders_nothing(project, made):
    git(made.path, "rm", "-q", "-r", "{{cookiecutter.project_slug}}")
    folder = made.path / "{{cookiecutter.project_slug}}"
    made.release({"{% if False %}x{% endif %}": "x\n"})
    assert folder.is_dir()

    assert refused(project, "upgrade") == "empty-render"


def test_template_with_two_files_of_one_name(project, made):
    made.release({"{{ 'a.txt' }}": "twin\n"})

    refused(project, "upgrade")


def test_template_without_questions(project, made):
    git(made.path, "rm", "-q", "cookiecutter.json")
    git(made.path, "commit", "-q", "-m", "broken")
    git(made.path, "tag", "v2.0.0")

    assert refused(project, "upgrade") == "no-template"


def test_template_that_left_cookiecutter(project, made):
    made.release({}, drop=("project_slug",), DEPRECATED="use `ccds`; or the old one: -c v1")

    assert refused(project, "upgrade") == "no-template"
    assert "or the old one: -c v1" in project.run("upgrade").err


@pytest.mark.parametrize("name", ["scaffold.toml", "scaffold.lock"])
def test_conflict_marks_in_spec_or_lock(project, name):
    text = project.read(name)
    project.write(name, f"<<<<<<< yours\n{text}=======\n{text}>>>>>>> theirs\n")

    assert refused(project, "upgrade") == "conflict-marks"


@pytest.mark.parametrize("name", ["scaffold.toml", "scaffold.lock"])
def test_broken_spec_or_lock(project, name):
    project.write(name, "not [ toml\n")

    assert refused(project, "upgrade") == "broken-spec"


def test_lock_of_a_newer_scaffold(project):
    project.replace("scaffold.lock", "format = 1", "format = 99")

    assert refused(project, "upgrade") == "newer-lock"
    assert "upgrade scaffold" in project.run("upgrade").err


@pytest.mark.parametrize("option", [(), ("--versions",), ("--new-since", "v1.0.0")])
def test_list_of_a_project_that_cannot_be_read_is_of_no_other_template(project, option):
    project.write("scaffold.toml", "<<<<<<< yours\n")

    assert refused(project, "list", *option) == "conflict-marks"


def test_list_of_a_named_template_needs_no_project(project, made):
    project.write("scaffold.toml", "<<<<<<< yours\n")

    assert project.run("list", "--versions", "--template", made.path).out.startswith("v1.0.0")


def test_lock_that_is_gone(project):
    project.delete("scaffold.lock")

    assert refused(project, "upgrade") == "no-lock"


def test_spec_that_is_not_utf8(project):
    project.write("scaffold.toml", b"\xff\xfe\n")

    assert refused(project, "upgrade") == "broken-spec"


@pytest.mark.parametrize("arguments", [("--nosuch",), ("--to",), ("extra",)])
def test_wrong_usage(project, arguments):
    said = project.run("upgrade", *arguments)

    assert said.code == 2
    assert said.err.startswith("error: ")
    assert "scaffold upgrade --help" in said.err


@pytest.mark.parametrize(
    "arguments",
    [("--branch", ""), ("--to=",), ("--template=",), ("--plan", ""), ("-C", ""), ("--only=",)],
)
def test_empty_value_is_not_taken_for_none(project, made, arguments):
    made.release({"a.txt": CHANGED})

    assert refused(project, "upgrade", *arguments) == "usage"
    assert arguments[0].removesuffix("=") + " is empty" in project.run("upgrade", *arguments).err


def test_answer_may_be_empty(template, make_project):
    project = make_project(template({"a.txt": "{{ cookiecutter.note }}"}, note="x"))

    assert project.run("set", "note=").code == 0
    assert project.read("a.txt") == ""


@pytest.mark.parametrize("place", [".", "/"])
def test_plan_is_not_written_over_a_folder(project, made, place):
    made.release({"a.txt": CHANGED})

    assert refused(project, "upgrade", "--plan", place) == "cannot-write"


def test_unknown_command():
    said = scaffold("upgarde")

    assert said.code == 2
    assert "no such command 'upgarde'" in said.err


@pytest.mark.parametrize(
    "address", ["--upload-pack=touch x", "ext::sh -c touch% x", "http://example.com/x"]
)
def test_address_that_is_no_address(tmp_path, address):
    said = scaffold("new", tmp_path / "p", f"--template={address}", "--yes")

    assert said.code == 2
    assert not (tmp_path / "p").exists()


def test_token_in_a_query_is_refused_and_never_shown(tmp_path):
    address = "https://127.0.0.1:1/x.git?private_token=s3cret"

    said = scaffold("new", tmp_path / "p", "--template", address, "--yes")

    assert said.code == 2
    assert "address with a query: https://127.0.0.1:1/x.git" in said.err
    assert "s3cret" not in said.out + said.err


def test_place_under_a_file_is_refused(tmp_path, template):
    made = template({"a.txt": "a\n"})
    (tmp_path / "file").write_text("x")

    said = scaffold("new", tmp_path / "file" / "p", "--template", made.path, "--yes")

    assert said.code == 2
    assert "file exists and is not a folder" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--template", "/nowhere"),
        ("--template", "{template}", "--ref", "v77"),
        ("--template", "{template}", "--ref", "--option"),
        ("--template", "{template}", "--directory", "../.."),
        ("--template", "{template}", "--directory", "nowhere"),
        ("--template", "{template}", "--answers", "nowhere.json"),
        ("--template", "{template}", "--set", "project_slug"),
        ("--template", "{template}", "--set", "other=1"),
        ("--template", "{template}", "--set", "file=../up"),
    ],
)
def test_refusal_is_one_line_and_a_hint(tmp_path, template, arguments):
    made = template({"{{cookiecutter.file}}": "a\n"}, file="a.txt")

    said = scaffold(
        "new", tmp_path / "p", "--yes", *(a.format(template=made.path) for a in arguments)
    )

    assert said.code == 2
    error, hint = said.err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    "files",
    [
        {"a.txt": "a\n", "{{ 'a.txt' }}": "b\n"},
        {"a.txt": b"\xe4 {{ 1 }}\n"},
        {"/a.txt": "a\n"},
        {"a.txt": "a\n", "A.txt": "b\n"},
        {"a": "a\n", "{{ 'a' }}/b.txt": "b\n"},
    ],
)
def test_template_that_makes_no_project_is_refused_with_a_hint(tmp_path, template, files):
    refused_new(tmp_path / "p", template(files))


@pytest.mark.parametrize("content", ["{", "[]", None])
def test_template_with_broken_questions_is_refused_with_a_hint(tmp_path, template, content):
    made = template({"a.txt": "a\n"})
    (made.path / "cookiecutter.json").unlink()
    if content:
        (made.path / "cookiecutter.json").write_text(content)
    git(made.path, "commit", "-q", "-a", "-m", "broken")

    refused_new(tmp_path / "p", made, "--ref", made.head)


def test_link_out_of_the_template_is_refused_with_a_hint(tmp_path, template):
    made = template({"a.txt": "a\n"})
    (made.path / "{{cookiecutter.project_slug}}" / "out").symlink_to("../../up")
    git(made.path, "add", "-A")
    git(made.path, "commit", "-q", "-m", "link")

    refused_new(tmp_path / "p", made, "--ref", made.head)


def test_plan_that_cannot_be_written_is_refused_with_a_hint(project, made):
    made.release({"a.txt": CHANGED})

    assert refused(project, "upgrade", "--plan", "nowhere/plan.json") == "cannot-write"


def refused_new(destination: Path, template: Template, *arguments: str) -> None:
    said = scaffold("new", destination, "--yes", "--template", template.path, *arguments)
    assert said.code == 2
    error, hint = said.err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")
    assert not destination.exists()


@pytest.mark.parametrize("arguments", [("apply", "nowhere.json"), ("check", "-C", "nowhere")])
def test_place_that_is_not_there_is_refused_with_a_hint(project, arguments):
    said = project.run(*arguments)

    assert said.code == 2
    assert said.err.splitlines()[1].startswith("hint: ")


def test_bug_of_ours_becomes_a_report(project, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr("scaffold.commands.check.check", broken)

    said = project.run("check")

    assert said.code == 3
    assert "ZeroDivisionError" in said.err
    report = Path(said.err.rsplit(" ", 1)[1].strip())
    assert "by accident" in report.read_text()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    report.unlink()


def test_interruption_ends_with_130(project, monkeypatch):
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scaffold.commands.check.check", stopped)

    assert project.run("check").code == 130


def test_full_disk(project, made, small_disk):
    git(small_disk, "clone", "-q", str(project.path), "clone")
    clone = Project(small_disk / "clone")
    made.release({"a.txt": CHANGED, "big.txt": "".join(f"{number}\n" for number in range(90_000))})
    (small_disk / "filler").write_bytes(bytes(free_on(small_disk) - 65_536))

    assert refused(clone, "upgrade") == "unwritable"
    (small_disk / "filler").unlink()
    assert clone.upgrade().code == 0


def test_disk_that_is_read_only(project, made, small_disk):
    git(small_disk, "clone", "-q", str(project.path), "clone")
    made.release({"a.txt": CHANGED})
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    assert refused(Project(small_disk / "clone"), "upgrade") == "unwritable"


@pytest.fixture
def small_disk(tmp_path):
    """Return the top of a file system of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting needs root's rights")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def free_on(disk: Path) -> int:
    return shutil.disk_usage(disk).free


@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_edit_that_git_was_told_not_to_see_is_refused(project, made, flag):
    made.release({"a.txt": CHANGED})
    project.git("update-index", f"--{flag}", "a.txt")
    project.edit("a.txt", line=9, to="mine", commit=False)
    before = project.snapshot

    assert "refused  a.txt may have changes" in project.run("upgrade", "--dry-run").out
    assert project.upgrade().refusal == "hidden"
    assert project.snapshot == before


def test_flag_on_a_file_without_an_edit_is_no_matter(project, made):
    made.release({"a.txt": CHANGED})
    project.git("update-index", "--skip-worktree", "a.txt")

    assert project.upgrade().code == 0
    assert project.read("a.txt") == CHANGED


@pytest.mark.parametrize(
    ("old", "new", "key", "meant"),
    [
        ("[template]", 'ownd = ["docs"]\n[template]', "ownd", "owned"),
        ("[template]", '[template]\nverison = "v1"', "verison", "version"),
    ],
)
def test_unknown_key_of_the_spec(project, old, new, key, meant):
    project.replace("scaffold.toml", old, new)

    said = project.run("sync")

    assert said.code == 2
    assert f"error: scaffold.toml has an unknown key {key}\nhint: did you mean {meant}?" in said.err


def test_unknown_key_of_the_lock_is_left_to_whoever_wrote_it(project):
    project.replace("scaffold.lock", "format = 1", 'format = 1\nlater = "x"')

    assert project.run("check").code == 0


def test_repository_of_another_user(project, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setattr("scaffold.git._KEPT_GIT_VARIABLES", {"GIT_TEST_ASSUME_DIFFERENT_OWNER"})

    said = project.run("check")

    assert said.code == 2
    error, hint = said.err.splitlines()
    assert error == f"error: the repository {project.path} belongs to another user"
    assert hint.startswith("hint: if you trust it: git config --global --add safe.directory ")


def test_going_on_and_going_back_at_once(project):
    said = project.run("upgrade", "--continue", "--abort")

    assert said.code == 2
    assert said.err.startswith("error: --continue and --abort exclude each other\n")
