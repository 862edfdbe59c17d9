"""Where projects live: monorepos, clones, work trees, odd settings and odd names."""

import stat
import subprocess
from pathlib import Path

import pytest
from story import CHANGED, LINES, Project, Template, git, scaffold


@pytest.fixture
def monorepo(tmp_path, made) -> Path:
    """Return a repository with a sibling folder and a project in `services/one`."""
    top = tmp_path / "mono"
    (top / "other").mkdir(parents=True)
    (top / "other" / "x.txt").write_text("x\n")
    git(top, "init", "-q")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "first")
    said = scaffold("new", top / "services" / "one", "--template", made.path, "--yes")
    assert said.code == 0, said.err
    return top


def test_new_inside_a_repository_makes_no_second_one(monorepo):
    assert not (monorepo / "services" / "one" / ".git").exists()
    assert "services/" in git(monorepo, "status", "--porcelain")


def test_new_in_an_ignored_folder_of_a_repository_makes_its_own(monorepo, made):
    (monorepo / ".gitignore").write_text("demo/\n")

    scaffold("new", monorepo / "demo", "--template", made.path, "--yes")

    assert (monorepo / "demo" / ".git").is_dir()


@pytest.mark.parametrize(
    ("rules", "command"), [("*.lock\n", "git add -f scaffold.lock"), ("*.tmp\n", "git add .")]
)
def test_new_says_how_the_repository_around_gets_the_lock(monorepo, made, rules, command):
    (monorepo / ".gitignore").write_text(rules)

    said = scaffold("new", monorepo / "two", "--template", made.path, "--yes")

    assert f"{command} && git commit" in said.out
    subprocess.run(command, cwd=monorepo / "two", shell=True, check=True)
    assert "two/scaffold.lock" in git(monorepo, "ls-files").split()


def test_project_in_a_sub_folder_with_dirty_siblings(monorepo, made):
    git(monorepo, "add", "-A")
    git(monorepo, "commit", "-q", "-m", "project")
    (monorepo / "other" / "x.txt").write_text("dirty\n")
    made.release({"a.txt": CHANGED})

    said = scaffold("upgrade", "--json", at=monorepo / "services" / "one")

    assert said.code == 0, said.out
    assert (monorepo / "services" / "one" / "a.txt").read_text() == CHANGED
    assert (monorepo / "other" / "x.txt").read_text() == "dirty\n"
    assert not (monorepo / "a.txt").exists()


def test_conflict_in_a_sub_folder_is_in_the_index_at_its_path(monorepo, made):
    inside = Project(monorepo / "services" / "one")
    git(monorepo, "add", "-A")
    git(monorepo, "commit", "-q", "-m", "project")
    inside.edit("a.txt", line=2, to="mine")
    made.release({"a.txt": CHANGED})

    assert inside.upgrade().code == 1
    assert "UU services/one/a.txt" in git(monorepo, "status", "--porcelain")


@pytest.fixture
def nested(project, made) -> Project:
    """Return a project that left its code to another one below it, of the same template."""
    made.release({"a.txt": LINES, "src/m.txt": LINES, "src/n.txt": LINES + "n\n"}, "v2.0.0")
    project.upgrade("--commit")
    scaffold("new", project.path / "services" / "api", "--template", made.path, "--yes")
    for name in ("m", "n"):
        (project.path / "src" / f"{name}.txt").unlink()
    return project.commit()


def test_project_below_gets_nothing_of_what_the_outer_template_changes(nested, made):
    made.release({"src/m.txt": CHANGED, "src/n.txt": None, "src/new.txt": "new\n"})
    before = Project(nested.path / "services" / "api").snapshot

    said = nested.upgrade()

    assert said.changes == {"src/m.txt": "kept-deleted", "src/new.txt": "added"}
    assert Project(nested.path / "services" / "api").snapshot == before


def test_what_a_project_below_has_is_not_where_the_outer_one_moved_it(nested):
    found = {each["path"]: each["kind"] for each in nested.run("diff", "--json").json["files"]}

    assert found == {"src/m.txt": "deleted", "src/n.txt": "deleted"}


def test_change_follows_a_file_into_a_folder_that_is_no_project(nested, made):
    nested.move("a.txt", "services/a.txt")
    made.release({"a.txt": CHANGED})

    assert nested.upgrade().code == 0
    assert nested.read("services/a.txt") == CHANGED


def test_command_runs_from_a_folder_below_the_project(project, made):
    project.write("src/deep/x.py", "x\n")
    made.release({"a.txt": CHANGED})

    assert scaffold("upgrade", at=project.path / "src" / "deep").code == 0
    assert project.read("a.txt") == CHANGED


def test_shallow_clone(project, made, tmp_path):
    project.edit("a.txt", line=10, to="mine")
    project.write("own.txt", "o\n")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{project.path}", "shallow")
    made.release({"a.txt": CHANGED, "c.txt": "c\n"})
    clone = Project(tmp_path / "shallow")

    said = clone.upgrade()

    assert said.code == 0, said.out
    assert clone.read("a.txt") == CHANGED.replace("line 10", "mine")


def test_bare_clone_with_a_branch(project, made, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(project.path), "bare.git")
    made.release({"a.txt": CHANGED})
    bare = tmp_path / "bare.git"

    said = scaffold("upgrade", "--branch", "update", at=bare)

    assert said.code == 0, said.err
    assert git(bare, "show", "update:a.txt") + "\n" == CHANGED


def test_shallow_bare_clone_gets_a_branch_with_its_conflicts(project, made, tmp_path):
    project.edit("a.txt", line=2, to="mine")
    git(tmp_path, "clone", "-q", "--bare", "--depth", "1", f"file://{project.path}", "bare.git")
    made.release({"a.txt": CHANGED, "b.txt": "new\n"})
    bare = tmp_path / "bare.git"

    said = scaffold("upgrade", "--branch", "update", "--json", at=bare)

    assert said.code == 1
    assert said.conflicts == ["a.txt"]
    assert "<<<<<<< yours\nmine\n" in git(bare, "show", "update:a.txt")
    assert git(bare, "show", "update:b.txt") == "new"


def test_bare_clone_without_a_branch_is_refused(project, made, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(project.path), "bare.git")
    made.release({"a.txt": CHANGED})

    assert scaffold("upgrade", "--json", at=tmp_path / "bare.git").refusal == "bare-repository"


def test_linked_work_tree(project, made, tmp_path):
    project.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    made.release({"a.txt": CHANGED})
    side = Project(tmp_path / "side")

    assert side.upgrade().code == 0
    assert side.read("a.txt") == CHANGED
    assert project.read("a.txt") == LINES
    assert side.run("upgrade", "--abort").code == 0
    assert side.read("a.txt") == LINES


def test_sparse_checkout_is_no_deletion_and_follows_the_templates(make_project, template):
    made = template({"in/a.txt": "a\n", "out/b.txt": "b\n", "gone/c.txt": "c\n"})
    project = make_project(made)
    project.git("sparse-checkout", "set", "in")
    assert project.run("check", "--json").json["drift"] == []
    made.release({"in/a.txt": "A\n", "gone/c.txt": None})

    said = project.upgrade("--commit", "--json")

    assert said.code == 0, said.err
    assert (project.read("in/a.txt"), project.has("out/b.txt")) == ("A\n", False)
    assert project.git("ls-files", "gone", "out") == "out/b.txt"
    assert project.run("check", "--json").json["drift"] == []


def test_git_dir_of_the_caller_is_ignored(project, made, tmp_path, monkeypatch):
    git(tmp_path, "init", "-q", "elsewhere")
    made.release({"a.txt": CHANGED})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))

    assert project.upgrade().code == 0
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_WORK_TREE")
    assert project.read("a.txt") == CHANGED


def test_autocrlf(project, made):
    project.git("config", "core.autocrlf", "true")
    project.git("rm", "-q", "--cached", "-r", ".")
    project.git("reset", "-q", "--hard")
    assert "\r\n" in project.read("a.txt")
    made.release({"a.txt": CHANGED})

    said = project.upgrade("--commit")

    assert said.code == 0, said.out
    assert project.read("a.txt") == CHANGED.replace("\n", "\r\n")
    assert project.git("show", "HEAD:a.txt") + "\n" == CHANGED
    assert project.status == ""


def test_autocrlf_is_no_drift(project):
    project.git("config", "core.autocrlf", "true")
    project.git("rm", "-q", "--cached", "-r", ".")
    project.git("reset", "-q", "--hard")

    assert project.run("check", "--json").json["drift"] == []


@pytest.mark.parametrize(
    "setting",
    [
        "diff.noprefix=true",
        "merge.conflictStyle=merge",
        "color.ui=always",
        "core.quotePath=false",
        "status.short=true",
    ],
)
def test_settings_of_the_user_change_nothing(project, made, setting):
    project.git("config", *setting.split("="))
    project.edit("a.txt", line=2, to="mine")
    made.release({"a.txt": CHANGED})

    assert project.upgrade().conflicts == ["a.txt"]
    assert "||||||| template v1.0.0" in project.read("a.txt")


def test_hook_that_refuses_is_not_run(project, made):
    hook = project.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran; exit 1\n")
    hook.chmod(0o755)
    made.release({"a.txt": CHANGED})

    assert project.upgrade("--commit").code == 0
    assert not project.has("ran")


@pytest.mark.parametrize("name", ["with space.txt", "ünïcode-名.txt"])
def test_odd_file_names_of_the_template(make_project, template, name):
    made = template({name: LINES, "keep.txt": "k\n"})
    project = make_project(made)
    project.edit(name, line=10, to="mine")
    made.release({name: CHANGED})

    said = project.upgrade("--commit")

    assert said.code == 0, said.out
    assert project.read(name) == CHANGED.replace("line 10", "mine")
    assert project.status == ""


@pytest.mark.parametrize(
    "name", ["-dash.txt", "--all", "quo'te\".txt", "[a-z]*.txt", "a\nb.txt", ":!x"]
)
def test_change_follows_into_a_file_with_an_odd_name(project, made, name):
    project.move("a.txt", name)
    made.release({"a.txt": CHANGED})

    said = project.upgrade("--commit")

    assert said.code == 0, said.out
    assert project.read(name) == CHANGED
    assert project.status == ""


def test_symbolic_link_of_the_user_is_not_written_through(project, made, tmp_path):
    (tmp_path / "outside.txt").write_text("outside\n")
    (project.path / "b.txt").unlink()
    (project.path / "b.txt").symlink_to(tmp_path / "outside.txt")
    project.commit()
    made.release({"b.txt": "new b\n"})

    said = project.upgrade()

    assert said.code == 1
    assert (tmp_path / "outside.txt").read_text() == "outside\n"
    assert (project.path / "b.txt").is_symlink()


def test_renamed_default_branch(project, made):
    project.git("branch", "-m", "trunk")
    made.release({"a.txt": CHANGED})

    assert project.upgrade("--commit").code == 0
    assert project.git("branch", "--show-current") == "trunk"


def test_user_mode_of_a_file_stays(project, made):
    (project.path / "a.txt").chmod(0o600)
    made.release({"a.txt": CHANGED})

    project.upgrade()

    assert stat.S_IMODE((project.path / "a.txt").stat().st_mode) == 0o600


def test_hook_that_mends_files_at_every_commit(template, make_project):
    trailing = LINES.replace("line 5\n", "line 5  \n")
    project = make_project(template({"a.txt": trailing}))
    hook = project.path / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nsed -i 's/ *$//' a.txt && git add a.txt\n")
    hook.chmod(0o755)
    made = Template(project.path.with_name("template"), releases=1)
    made.release({"a.txt": trailing.replace("line 2", "theirs").replace("line 9", "theirs  ")})

    assert project.upgrade().code == 0
    project.commit()

    assert "theirs\n" in project.read("a.txt")
    assert " \n" not in project.read("a.txt")
    assert project.upgrade().changes == {}


def test_clone_without_old_blobs_is_upgraded(make_project, template, tmp_path):
    made = template({"a.txt": LINES})
    project = make_project(made).edit("a.txt", line=9, to="mine")
    made.release({"a.txt": LINES.replace("line 2\n", "theirs\n")})
    project.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{project.path}", str(clone))

    said = scaffold("upgrade", "--json", at=clone)

    assert said.changes == {"a.txt": "merged"}
    assert "mine" in (clone / "a.txt").read_text()
