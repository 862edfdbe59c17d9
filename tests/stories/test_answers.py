"""Questions that the template renames, maps, drops, adds or freezes; answers that a person changes."""

import json
import re
from pathlib import Path

import pytest
from story import Template, scaffold

TEXT = "{{cookiecutter.colour}} {{cookiecutter.size}}\n"


@pytest.fixture
def made(template) -> Template:
    return template({"a.txt": TEXT}, colour="red", size=["small", "large"])


def test_renamed_question_keeps_its_answer_and_is_told(make_project, made):
    project = make_project(made, "--set", "colour=blue")
    made.details = {"color": {"renamed_from": "colour"}}
    made.release({"a.txt": TEXT.replace("colour", "color")}, drop=("colour",), color="red")

    said = project.upgrade()

    assert said.code == 0
    assert said.notes["renamed"] == ["colour"]
    assert project.read("a.txt") == "blue small\n"
    assert 'color = "blue"' in project.read("scaffold.toml")
    assert "colour" not in project.read("scaffold.toml")


def test_choice_that_was_renamed_is_mapped_and_told(make_project, made):
    project = make_project(made, "--set", "size=large")
    made.details = {"size": {"choice_map": {"large": "big"}}}
    made.release({}, size=["small", "big"])

    said = project.upgrade()

    assert said.notes["mapped"] == ["size"]
    assert project.read("a.txt") == "red big\n"


def test_choice_that_is_gone_is_named_and_replaced_by_the_default(make_project, made):
    project = make_project(made, "--set", "size=large")
    made.release({}, size=["small", "tiny"])

    said = project.upgrade()

    assert said.code == 0
    assert said.notes == {"not-offered": ["size"]}
    assert "size was large, which is offered no more, but small, tiny; it is 'small' now" in str(
        said.json["notes"]
    )
    assert project.read("a.txt") == "red small\n"


def test_question_that_is_gone_is_named(project, made):
    made.release({"a.txt": "{{cookiecutter.colour}}\n"}, drop=("size",))

    said = project.upgrade()

    assert said.code == 0
    assert said.notes["removed"] == ["size"]
    assert "size" not in project.read("scaffold.toml")


def test_new_question_gets_its_default_and_is_told(project, made):
    made.release({"a.txt": TEXT + "{{cookiecutter.shape}}\n"}, shape="round")

    said = project.upgrade()

    assert said.notes["new-question"] == ["shape"]
    assert project.read("a.txt") == "red small\nround\n"
    assert 'shape = "round"' in project.read("scaffold.toml")


def test_new_question_can_be_answered_on_the_command_line(project, made):
    made.release({"a.txt": TEXT + "{{cookiecutter.shape}}\n"}, shape="round")

    said = project.upgrade("--set", "shape=square")

    assert "new-question" not in said.notes
    assert project.read("a.txt").endswith("square\n")


def test_changed_default_is_told_and_not_applied(project, made):
    made.release({}, colour="green")

    said = project.upgrade()

    assert said.notes["default-changed"] == ["colour"]
    assert project.read("a.txt") == "red small\n"
    assert "the default of colour is now 'green'; yours stays 'red'" in str(said.json["notes"])


def test_changed_default_of_a_renamed_question_is_told(project, made):
    made.details = {"color": {"renamed_from": "colour"}}
    made.release({"a.txt": TEXT.replace("colour", "color")}, drop=("colour",), color="green")

    said = project.upgrade()

    assert said.notes == {"renamed": ["colour"], "default-changed": ["color"]}
    assert "the default of color is now 'green'; yours stays 'red'" in str(said.json["notes"])


def test_answer_that_is_offered_no_more_is_not_said_to_stay(project, made):
    made.release({}, colour=["green", "blue"])

    said = project.upgrade()

    assert project.read("a.txt") == "green small\n"
    assert "default-changed" not in said.notes
    assert "colour was red, which is offered no more" in str(said.json["notes"])


def test_default_that_the_project_has_already_is_not_mentioned(make_project, made):
    project = make_project(made, "--set", "colour=green")
    made.release({}, colour="green")

    assert project.upgrade().notes == {}


def test_set_changes_an_answer_at_the_applied_version(project, made):
    made.release({"a.txt": "new " + TEXT})

    said = project.run("set", "colour=blue", "--json")

    assert said.code == 0
    assert project.read("a.txt") == "blue small\n"
    assert 'version = "v1.0.0"' in project.read("scaffold.toml")


def test_set_of_the_same_answer_does_nothing(project):
    before = project.snapshot

    said = project.run("set", "colour=red")

    assert said.code == 0
    assert "nothing to do" in said.out
    assert project.snapshot == before


def test_set_keeps_comments_of_the_spec(project):
    project.replace("scaffold.toml", 'colour = "red"', 'colour = "red"  # as the door')

    project.run("set", "colour=blue")

    assert 'colour = "blue"  # as the door' in project.read("scaffold.toml")


@pytest.mark.parametrize("setting", ["nosuch=1", "size=huge"])
def test_answer_that_does_not_fit_is_refused(project, setting):
    before = project.snapshot

    said = project.run("set", setting)

    assert said.code == 2
    assert said.err.startswith("error: ")
    assert "hint: " in said.err
    assert project.snapshot == before


def test_frozen_answer_is_refused_with_the_reason(project, made):
    made.details = {"project_slug": {"frozen": True}}
    made.release({})
    project.upgrade("--commit")
    before = project.snapshot

    said = project.run("set", "project_slug=other")

    assert said.code == 2
    assert "project_slug cannot change" in said.err
    assert "follow it" in said.err
    assert project.snapshot == before


def test_frozen_answer_that_stays_the_same_is_no_reason_to_refuse(project, made):
    made.details = {"project_slug": {"frozen": True}}
    made.release({})
    project.upgrade("--commit")

    assert project.run("set", "project_slug=project", "colour=blue").code == 0


def test_answers_come_from_a_file(project, tmp_path):
    (tmp_path / "answers.yml").write_text("colour: blue\nsize: large\n")

    assert project.upgrade("--answers", tmp_path / "answers.yml").code == 0
    assert project.read("a.txt") == "blue large\n"


def test_sync_applies_a_hand_edited_spec_that_is_not_committed(project):
    project.replace("scaffold.toml", '"red"', '"blue"', commit=False)

    said = project.run("sync", "--json")

    assert said.code == 0, said.out
    assert project.read("a.txt") == "blue small\n"


def test_sync_goes_to_the_version_that_the_spec_names(project, made):
    made.release({"a.txt": "new\n"})
    project.replace("scaffold.toml", "v1.0.0", "v2.0.0")

    assert project.run("sync").code == 0
    assert project.read("a.txt") == "new\n"


@pytest.mark.parametrize("command", [("set", "colour=blue"), ("add", "x"), ("remove", "x")])
def test_version_in_the_spec_that_is_not_applied_is_not_taken_back(project, made, command):
    made.release({"a.txt": "new\n"})
    project.replace("scaffold.toml", "v1.0.0", "v2.0.0")
    before = project.snapshot

    said = project.run(*command)

    assert said.code == 2
    assert said.err.splitlines() == [
        "error: scaffold.toml wants v2.0.0, which is not applied",
        "hint: apply it first: scaffold sync",
    ]
    assert project.snapshot == before


def test_answers_in_the_spec_that_are_not_applied_are_applied_with_a_set(project):
    project.replace("scaffold.toml", '"small"', '"large"')

    assert project.run("set", "colour=blue").code == 0
    assert project.read("a.txt") == "blue large\n"


def test_sync_of_an_unchanged_spec_does_nothing(project, made):
    made.release({"a.txt": "new\n"})
    before = project.snapshot

    assert project.run("sync").code == 0
    assert project.snapshot == before


def test_upgrade_refuses_an_edited_spec_that_is_not_committed(project, made):
    made.release({"a.txt": "new\n"})
    project.replace("scaffold.toml", '"red"', '"blue"', commit=False)
    before = project.snapshot

    assert project.upgrade().code == 2
    assert project.snapshot == before


def test_answers_with_jinja_in_them_are_not_rendered(make_project, made):
    project = make_project(made, "--set", "colour={{ 7 * 7 }}")

    assert project.read("a.txt") == "{{ 7 * 7 }} small\n"


def test_question_that_has_a_name_of_our_own_template_is_answered(make_project, template):
    made = template({"a.txt": "{{cookiecutter.components}}\n"}, components="few")

    project = make_project(made, "--set", "components=many")

    assert project.read("a.txt") == "many\n"


def test_unknown_answer_stops_new_before_anything_is_written(made, tmp_path):
    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes", "--set", "nosuch=1")

    assert said.code == 2
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("command", ["sync", "upgrade"])
def test_answer_to_no_question_is_a_mistake_and_not_a_question_that_is_gone(
    make_project, template, command
):
    project = make_project(template({"a.txt": "a\n"}, licence="MIT"))
    project.replace("scaffold.toml", "licence =", 'license = "BSD"\nlicence =')

    said = project.run(command)

    assert said.code == 2
    assert said.err.splitlines() == [
        "error: scaffold.toml: the template has no question license",
        "hint: did you mean licence? it asks: project_slug, licence",
    ]
    assert "license" in project.read("scaffold.toml")


@pytest.mark.parametrize("command", ["sync", "upgrade"])
def test_answer_in_the_spec_that_is_not_offered_is_a_mistake(project, command):
    project.replace("scaffold.toml", '"small"', '"larg"')
    before = project.snapshot

    said = project.run(command)

    assert said.code == 2
    assert said.err.splitlines() == [
        "error: scaffold.toml: size cannot be 'larg'",
        "hint: choose one of small, large",
    ]
    assert project.snapshot == before


def test_answer_of_the_command_line_is_taken_for_one_that_is_not_offered(project):
    project.replace("scaffold.toml", '"small"', '"larg"')

    assert project.upgrade("--set", "size=large").code == 0
    assert project.read("a.txt") == "red large\n"


def test_answer_in_the_spec_by_its_older_name_is_mapped(project, made):
    made.details = {"size": {"choice_map": {"large": "big"}}}
    made.release({}, size=["small", "big"])
    project.replace("scaffold.toml", '"small"', '"large"')

    assert project.upgrade().notes["mapped"] == ["size"]
    assert project.read("a.txt") == "red big\n"


def test_answer_that_an_earlier_version_asked_for_is_none(make_project, template):
    made = template({"a.txt": "a\n"}, licence="MIT")
    project = make_project(made)
    made.release({"a.txt": "b\n"}, drop=("licence",))

    said = project.upgrade("--commit")

    assert said.notes["removed"] == ["licence"]
    assert "licence" not in project.read("scaffold.toml")
    assert project.run("sync").code == 0


def test_page_about_other_templates_shows_how_questions_change(make_project, template):
    page = Path(__file__).parents[2] / "docs/how-to/use-another-template.md"
    [snippet] = re.findall(r"```json\n(.*?)```", page.read_text(), re.DOTALL)
    new = json.loads(snippet)
    made = template({"a.txt": "{{cookiecutter.license}}\n"}, license=["MIT", "Apache 2"])
    project = make_project(made, "--set", "license=Apache 2")
    made.details = new.pop("_settings")["questions"]
    made.release({"a.txt": "{{cookiecutter.licence}}\n"}, drop=("license",), **new)

    said = project.upgrade("--commit")

    assert said.notes == {"renamed": ["license"], "mapped": ["licence"]}
    assert project.read("a.txt") == "Apache-2.0\n"
    assert project.run("set", "project_slug=two", "--json").refusal == "frozen-answer"
