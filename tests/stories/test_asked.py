"""What is asked at a terminal, and what becomes of the answers."""

import pytest
from story import LINES, Project, scaffold
from terminal import DOWN, ENTER, INTERRUPT, Terminal

SECRET = {"token": {"secret": True}}
HOOK = "from pathlib import Path\nPath('hooked.txt').write_text('{}')\n"


def test_questions_have_their_defaults_and_the_author_is_gits(template, tmp_path):
    made = template({"a.txt": "{{cookiecutter.author_name}}\n"}, author_name="Nobody")
    terminal = Terminal("new", "--template", made.path, at=tmp_path)

    terminal.expect("project_slug").expect("project").type("-2" + ENTER)
    terminal.expect("author_name").expect("Ada").type(ENTER)

    assert terminal.end() == 0, terminal.shown
    assert (tmp_path / "project-2" / "a.txt").read_text() == "Ada\n"


def test_answer_that_does_not_fit_is_asked_again(tmp_path):
    terminal = Terminal("new", "p", "--preset", "minimal", "--with", "regression", at=tmp_path)

    terminal.expect("Name of the project").type(ENTER)
    terminal.expect("Name of the repository").type("\x15Not A Slug" + ENTER)
    terminal.expect("Not A Slug").type(INTERRUPT)

    assert terminal.end() == 130
    assert not (tmp_path / "p").exists()


def test_components_are_chosen_one_by_one(tmp_path):
    terminal = Terminal("new", "p", *("--set", "license=MIT"), at=tmp_path)

    terminal.expect("Kind of problem").type(ENTER)
    terminal.expect("Preset").type(DOWN * 3 + ENTER)
    terminal.expect("Components").type("i" + ENTER)  # all that were not checked
    for _ in range(7):
        terminal.type(ENTER)

    assert terminal.end() == 0, terminal.shown
    spec = (tmp_path / "p" / "scaffold.toml").read_text()
    assert '"gitlab"' in spec
    assert '"github"' not in spec


def test_secret_is_asked_unseen_and_not_stored(template, tmp_path):
    made = template({"a.txt": "a\n"}, details=SECRET, token="")
    terminal = Terminal("new", "p", "--template", made.path, at=tmp_path)

    terminal.expect("project_slug").type(ENTER)
    terminal.expect("token").type("hunter2" + ENTER)

    assert terminal.end() == 0, terminal.shown
    assert "hunter2" not in terminal.shown
    stored = [path.read_bytes() for path in (tmp_path / "p").glob("scaffold.*")]
    assert not any(b"hunter2" in content for content in stored)


@pytest.mark.parametrize("typed", ["", "hunter2"])
def test_secret_line_stays_in_an_upgrade_whatever_is_typed(template, make_project, typed):
    made = template({"a.txt": "{{cookiecutter.token}}\n" + LINES}, details=SECRET, token="")
    project = make_project(made, "--set", "token=hunter2")
    made.release({"a.txt": "{{cookiecutter.token}}\n" + LINES.replace("line 9", "new")})

    terminal = Terminal("upgrade", at=project.path).expect("token (empty: leave it as it is)")
    terminal.expect("(not shown)").type(typed + ENTER)

    assert terminal.end() == 0, terminal.shown
    assert project.read("a.txt") == "hunter2\n" + LINES.replace("line 9", "new")


def test_secret_that_does_not_fit_is_asked_again_unseen(template, tmp_path):
    details = {"token": {"secret": True, "pattern": "[0-9]+"}}
    made = template({"a.txt": "{{cookiecutter.token}}\n"}, details=details, token="")
    terminal = Terminal("new", "p", "--template", made.path, at=tmp_path)

    terminal.expect("project_slug").type(ENTER)
    terminal.expect("(not shown)").type("hunter2" + ENTER)
    terminal.expect("it must match [0-9]+").expect("(not shown)").type("4711" + ENTER)

    assert terminal.end() == 0, terminal.shown
    assert "hunter2" not in terminal.shown
    assert "4711" not in terminal.shown
    assert "*" not in terminal.shown
    assert (tmp_path / "p" / "a.txt").read_text() == "4711\n"


@pytest.mark.parametrize(("keys", "ran"), [("y", True), ("n", False)])
def test_hooks_run_where_somebody_says_yes(template, tmp_path, keys, ran):
    made = template({"a.txt": "a\n", "/hooks/post_gen_project.py": HOOK.format("1")})
    terminal = Terminal("new", "p", "--template", made.path, at=tmp_path)

    terminal.expect("post_gen_project.py").type(keys)
    terminal.expect("project_slug").type(ENTER)

    assert terminal.end() == 0, terminal.shown
    assert (tmp_path / "p" / "hooked.txt").exists() == ran


@pytest.mark.parametrize(
    ("release", "made_of_it"),
    [
        ({"/hooks/post_gen_project.py": HOOK.format("2")}, ("hooked.txt", "2")),
        ({"a.txt": "b\n"}, ("a.txt", "b\n")),  # what a hook reads, or starts, cannot be told
    ],
)
def test_a_release_is_asked_about_again_where_hooks_run(template, tmp_path, release, made_of_it):
    made = template({"a.txt": "a\n", "/hooks/post_gen_project.py": HOOK.format("1")})
    terminal = Terminal("new", "p", "--template", made.path, at=tmp_path)
    terminal.expect("post_gen_project.py").type("y").expect("project_slug").type(ENTER)
    assert terminal.end() == 0, terminal.shown
    project = Project(tmp_path / "p")

    assert project.upgrade().code == 0  # nothing new, so nothing is asked
    made.release(release)
    assert project.upgrade().refusal == "not-trusted"
    again = Terminal("upgrade", at=project.path).expect("post_gen_project.py").type("y")

    assert again.end() == 0, again.shown
    path, content = made_of_it
    assert project.read(path) == content


def test_folders_name_is_offered_as_the_projects(tmp_path):
    terminal = Terminal("new", "churn_model", "--preset", "minimal", at=tmp_path)

    terminal.expect("Name of the project, as people say it").expect("Churn Model").type(INTERRUPT)

    assert terminal.end() == 130


def test_interrupted_question_leaves_nothing(template, tmp_path):
    made = template({"a.txt": "a\n"})
    terminal = Terminal("new", "p", "--template", made.path, at=tmp_path)

    terminal.expect("project_slug").type(INTERRUPT)

    assert terminal.end() == 130
    assert not (tmp_path / "p").exists()
    assert "Traceback" not in terminal.shown


def test_nothing_is_asked_with_yes(template, tmp_path):
    made = template({"a.txt": "a\n"})

    assert Terminal("new", "p", "--template", made.path, "--yes", at=tmp_path).end() == 0
    assert scaffold("check", at=tmp_path / "p").code == 0
