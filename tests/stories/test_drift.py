"""What a project changed of the template's files: `check` counts it, `diff` shows it, whatever became of it."""

import shutil

import pytest
from story import LINES, Project, git

from scaffold import cache

ENDS = LINES.replace("\n", "\r\n")


@pytest.fixture
def package(template, make_project) -> Project:
    made = template(
        {"src/mine/main.py": LINES, "src/mine/__init__.py": "", "a.txt": LINES, "b.txt": "b\n"}
    )
    return make_project(made)


def drifted(project: Project) -> list[dict[str, str]]:
    return project.run("check", "--json").json["drift"]


def renamed(project: Project) -> Project:
    (project.path / "src/mine").rename(project.path / "src/yours")
    project.commit()
    return project.edit("src/yours/main.py", line=3, to="better")


def test_patch_of_an_upgrade_stands_alone_and_all_else_is_told_beside_it(project, made):
    made.release({"a.txt": LINES.replace("line 2\n", "theirs\n"), "b.txt": "new\n"})
    project.delete("b.txt")
    project.write("a.txt", "dirty\n", commit=False)

    said = project.run("upgrade", "--diff")

    assert said.code == 2
    assert said.out.startswith("diff --git ")
    assert "refused" not in said.out
    assert "refused  a.txt has changes that are not committed" in said.err
    assert "b.txt: you deleted it" in said.err


def test_diff_names_what_it_cannot_send_beside_the_patch(project):
    project.edit("a.txt", line=2, to="mine").delete("b.txt")

    said = project.run("diff", "--reverse")

    assert said.out.startswith("diff --git ")
    assert said.err == "not in the patch: b.txt, deleted here\n"


def test_reason_of_what_cannot_be_sent_is_true(make_project, template):
    made = template({"a.txt": "{{cookiecutter.colour}}\n" + LINES}, colour="red")
    project = make_project(made).edit("a.txt", line=1, to="mine")

    said = project.run("diff", "--reverse")

    assert said.err == "not in the patch: a.txt, since the template makes those lines of answers\n"


def test_diff_of_a_file_whose_past_is_gone_says_so(project, made, tmp_path):
    project.edit("a.txt", line=2, to="mine")
    shutil.rmtree(made.path)
    shutil.rmtree(cache.folder())
    cache.folder()  # makes it again
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{project.path}", "shallow")

    said = Project(tmp_path / "shallow").run("diff")

    assert (said.code, said.out) == (0, ""), said.err
    assert "note: a.txt: the old render is gone" in said.err


def test_moved_file_is_no_deleted_one(package):
    package.move("a.txt", "docs/a.txt")

    assert drifted(package) == [{"path": "a.txt", "kind": "moved", "moved_to": "docs/a.txt"}]
    assert "you changed 0, moved 1 and deleted 0" in package.run("check").out


def test_files_of_a_renamed_folder_are_followed_also_edited_and_empty_ones(package):
    renamed(package)

    assert [(each["path"], each["moved_to"]) for each in drifted(package)] == [
        ("src/mine/__init__.py", "src/yours/__init__.py"),
        ("src/mine/main.py", "src/yours/main.py"),
    ]


def test_patch_shows_a_move_and_the_edit(package):
    patch = renamed(package).run("diff").out

    assert "rename from src/mine/main.py\nrename to src/yours/main.py\n" in patch
    assert "-line 3\n+better\n" in patch


def test_moved_file_is_found_by_either_path(package):
    renamed(package).edit("a.txt", line=1, to="mine")

    for path in ("src/mine", "src/yours"):
        files = package.run("diff", "--json", path).json["files"]
        assert {each["kind"] for each in files} == {"moved"}


def test_edit_of_a_moved_file_is_sent_to_the_templates_own(package):
    said = renamed(package).run("diff", "--reverse")

    assert "+++ b/{{cookiecutter.project_slug}}/src/mine/main.py\n" in said.out
    assert "+better\n" in said.out
    assert "src/mine/main.py, moved here to src/yours/main.py" in said.err


def test_deleted_file_beside_others_of_the_projects_own_stays_deleted(package):
    package.write("own.txt", "nothing\nalike\n").delete("a.txt")

    assert drifted(package) == [{"path": "a.txt", "kind": "deleted"}]


def test_moved_file_that_git_does_not_know_is_a_deleted_one(package):
    (package.path / "a.txt").rename(package.path / "c.txt")

    assert drifted(package) == [{"path": "a.txt", "kind": "deleted"}]


def test_looking_for_moved_files_leaves_the_repository_alone(package):
    renamed(package)
    before = package.snapshot, package.git("count-objects", "-v")

    package.run("check")

    assert (package.snapshot, package.git("count-objects", "-v")) == before


def test_moved_file_of_a_bare_repository_and_of_a_project_in_a_folder(package, tmp_path):
    renamed(package)
    git(tmp_path, "clone", "-q", "--bare", str(package.path), "bare.git")
    git(tmp_path, "init", "-q", "mono")
    git(tmp_path, "clone", "-q", str(package.path), "mono/svc")
    shutil.rmtree(tmp_path / "mono/svc/.git")
    Project(tmp_path / "mono").commit()

    for place in ("bare.git", "mono/svc"):
        assert drifted(Project(tmp_path / place)) == drifted(package)


def test_line_ends_that_git_changes_are_no_drift(template, make_project):
    project = make_project(template({"a.bat": ENDS, "b.txt": LINES}))
    project.git("config", "core.autocrlf", "input")
    project.write("a.bat", LINES)  # as git commits it, and checks it out from then on

    assert drifted(project) == []


def test_edit_is_shown_in_the_templates_line_ends(template, make_project):
    project = make_project(template({"a.bat": ENDS})).write("a.bat", LINES)
    project.edit("a.bat", line=3, to="mine")

    patch = project.run("diff", "--json").json["patch"]

    assert [line for line in patch.split("\n") if line.startswith(("+", "-"))][2:] == [
        "-line 3\r",
        "+mine\r",
    ]


def test_path_may_be_seen_from_the_current_folder(package):
    package.edit("src/mine/main.py", line=1, to="mine").edit("a.txt", line=1, to="mine")
    below = Project(package.path / "src/mine")

    for place, path in [(below, "main.py"), (below, "."), (below, "src/mine"), (package, "src")]:
        files = place.run("diff", "--json", path).json["files"]
        assert [each["path"] for each in files] == ["src/mine/main.py"]
    assert len(below.run("diff", "--json", "../..").json["files"]) == 2


def test_path_of_no_file_of_the_template_is_refused(package):
    package.write("own.txt", "mine\n")

    said = package.run("diff", "own.txt")

    assert said.code == 2
    assert said.err.startswith("error: own.txt is no file of the template's\nhint: ")


def test_path_of_a_file_that_was_not_changed_is_none(package):
    assert package.run("diff", "a.txt").out == "no file of the template was changed\n"
