"""When the template's past is gone, or the lock says something else."""

import shutil

import pytest
from story import CHANGED, Template, git

from scaffold import cache


@pytest.fixture
def forget():
    """Return what empties the cache, as a new machine has it."""

    def forget() -> None:
        shutil.rmtree(cache.folder())

    return forget


def rewrite(made: Template, files: dict[str, str]) -> None:
    """Throw the template's history away and release again."""
    shutil.rmtree(made.path / ".git")
    git(made.path, "init", "-q")
    made.release(files, "v2.0.0")


def test_rewritten_history_upgrades_with_the_projects_own_objects(project, made, forget):
    project.edit("a.txt", line=10, to="mine")
    rewrite(made, {"a.txt": CHANGED})
    forget()

    said = project.upgrade()

    assert said.code == 0, said.out
    assert project.read("a.txt") == CHANGED.replace("line 10", "mine")


@pytest.mark.parametrize(
    "command", [("set", "project_slug=x"), ("list",), ("sync",), ("diff", "--reverse")]
)
def test_commit_that_is_gone_is_refused_with_the_way_on(project, made, forget, command):
    project.edit("a.txt", line=10, to="mine")
    rewrite(made, {"a.txt": CHANGED})
    forget()

    said = project.run(*command)

    assert said.code == 2
    assert "hint: go on from another one: `scaffold upgrade`" in said.err


def test_file_whose_past_is_gone_everywhere_is_named(project, made, forget, tmp_path):
    project.edit("a.txt", line=10, to="mine")
    rewrite(made, {"a.txt": CHANGED})
    forget()
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{project.path}", "shallow")
    clone = type(project)(tmp_path / "shallow")

    said = clone.upgrade()

    assert said.notes["base-lost"] == ["a.txt"]
    assert said.conflicts == ["a.txt"]
    assert clone.read("b.txt") == "b\n"


def test_hand_edited_lock_that_names_another_blob(project, made):
    lock = project.read("scaffold.lock")
    blob = lock.split('"a.txt" = "100644 ')[1][:40]
    project.write("scaffold.lock", lock.replace(blob, "0" * 40))
    made.release({"a.txt": CHANGED})

    said = project.upgrade()

    assert said.code == 0, said.out
    assert said.notes["lock-mismatch"] == ["a.txt"]
    assert project.read("a.txt") == CHANGED


def test_hand_edited_lock_with_a_bad_entry(project):
    project.replace("scaffold.lock", '"a.txt" = "100644 ', '"a.txt" = "100644 x')

    assert project.run("upgrade").code == 2


def test_old_commit_is_not_needed_where_the_project_has_its_files(project, made, forget):
    made.release({"a.txt": CHANGED})
    forget()

    assert project.upgrade().code == 0
    assert project.read("a.txt") == CHANGED


def test_random_choices_of_a_template_stay_the_same(make_project, template):
    made = template(
        {"key.txt": "{{ random_ascii_string(20) }}\n", "a.txt": "one\n"},
        _extensions=["cookiecutter.extensions.RandomStringExtension"],
    )
    project = make_project(made)
    key = project.read("key.txt")
    made.release({"a.txt": "two\n"})

    said = project.upgrade()

    assert said.changes == {"a.txt": "updated"}
    assert project.read("key.txt") == key


def test_two_projects_have_different_random_choices(make_project, template):
    made = template(
        {"key.txt": "{{ random_ascii_string(20) }}\n"},
        _extensions=["cookiecutter.extensions.RandomStringExtension"],
    )

    one, two = make_project(made, name="one"), make_project(made, name="two")

    assert one.read("key.txt") != two.read("key.txt")


def test_template_that_moved_is_named_in_the_headline(project, made):
    made.path.rename(made.path.with_name("moved"))
    new = made.path.with_name("moved")

    assert "if it moved, say --template" in project.run("upgrade").err
    said = project.run("upgrade", "--template", new)

    assert said.code == 0, said.err
    assert said.out.startswith(f"follow the template to {new}\n")
