"""Components over versions of a template: a part is upgraded alone, a component goes away."""

import pytest
from story import Project, Template, scaffold

DOCKERFILE = "{% if 'docker' in cookiecutter.components.split(',') %}Dockerfile{% endif %}"
CHART = "{% if 'chart' in cookiecutter.components.split(',') %}chart.yaml{% endif %}"


def manifest(name: str, **more: object) -> dict[str, object]:
    return {
        "name": name,
        "title": name,
        "summary": name,
        "requires": [],
        "conflicts": [],
        "slot": "",
        **more,
    }


COMPONENTS = {
    "base": manifest("base", once=["NOTES.md"]),
    "docker": manifest("docker"),
    "chart": manifest("chart", requires=["docker"]),
}


@pytest.fixture
def made(template) -> Template:
    return template(
        {"a.txt": "a\n", "NOTES.md": "first\n", DOCKERFILE: "FROM one\n", CHART: "one: 1\n"},
        details={"project_slug": {"prompt": "Name"}},
        _components=COMPONENTS,
        components="",
    )


@pytest.fixture
def project(tmp_path, made) -> Project:
    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes", "--with", "chart")
    assert said.code == 0, said.err
    return Project(tmp_path / "p")


def test_required_component_came_along(project):
    assert 'components = ["chart", "docker"]' in project.read("scaffold.toml")
    assert project.has("Dockerfile")


def test_only_a_component_is_upgraded(project, made):
    made.release({"a.txt": "new a\n", DOCKERFILE: "FROM two\n", CHART: "two: 2\n"})

    said = project.upgrade("--only", "docker", "--commit")

    assert said.code == 0, said.out
    assert said.changes == {"Dockerfile": "updated"}
    assert said.json["behind"] == ["a.txt", "chart.yaml"]
    assert project.read("a.txt") == "a\n"


def test_the_rest_of_a_partly_upgraded_project_merges_with_edits(project, made):
    project.write("a.txt", "a\nmine\n")
    made.release({"a.txt": "top\na\n", DOCKERFILE: "FROM two\n"})
    project.upgrade("--only", "docker", "--commit")

    said = project.upgrade()

    assert said.code == 0, said.out
    assert project.read("a.txt") == "top\na\nmine\n"


def test_another_version_before_the_rest_is_there_brings_all_of_it(project, made):
    made.release({"a.txt": "two\n", DOCKERFILE: "FROM two\n"})
    project.upgrade("--only", "docker", "--commit")
    made.release({"a.txt": "three\n", DOCKERFILE: "FROM three\n"})

    said = project.upgrade("--commit")

    assert said.code == 0, said.out
    assert (project.read("a.txt"), project.read("Dockerfile")) == ("three\n", "FROM three\n")


def test_more_of_a_partly_upgraded_project_is_called_so(project, made):
    made.release({"a.txt": "new a\n", DOCKERFILE: "FROM two\n", CHART: "two: 2\n"})
    project.upgrade("--only", "docker", "--commit")
    assert "next: scaffold upgrade" in project.run("check").out

    said = project.run("upgrade", "--only", "a.txt", "--commit")

    assert said.out.startswith("bring 1 more file to v2.0.0\n")
    assert "note: 1 file stays behind" in said.out


def test_second_part_of_another_version_is_refused(project, made):
    made.release({"a.txt": "two\n", DOCKERFILE: "FROM two\n"})
    project.upgrade("--only", "docker", "--commit")
    made.release({"a.txt": "three\n", DOCKERFILE: "FROM three\n"})
    before = project.snapshot

    assert project.upgrade("--only", "docker").refusal == "behind"
    assert project.snapshot == before


def test_component_that_the_template_gave_up_is_told(project, made):
    left = {name: each for name, each in COMPONENTS.items() if name != "chart"}
    made.release({CHART: None}, _components=left)

    said = project.upgrade()

    assert said.code == 0, said.out
    assert said.notes["component-gone"] == ["chart"]
    assert said.changes == {"chart.yaml": "deleted"}
    assert 'components = ["docker"]' in project.read("scaffold.toml")


def test_new_component_of_a_version_is_not_taken_by_itself(project, made):
    more = {**COMPONENTS, "extra": manifest("extra")}
    made.release(
        {"{% if 'extra' in cookiecutter.components.split(',') %}extra.txt{% endif %}": "x\n"},
        _components=more,
    )

    project.upgrade("--commit")

    assert not project.has("extra.txt")
    assert project.run("add", "extra").code == 0
    assert project.has("extra.txt")


def test_component_is_added_at_the_applied_version_and_not_at_a_newer_one(project, made):
    project.run("remove", "chart", "--commit")
    made.release({CHART: "two: 2\n", "a.txt": "new\n"})

    assert project.run("add", "chart").code == 0
    assert project.read("chart.yaml") == "one: 1\n"
    assert project.read("a.txt") == "a\n"
    assert 'version = "v1.0.0"' in project.read("scaffold.toml")


def test_what_is_written_once_is_not_upgraded_and_not_drift(project, made):
    project.write("NOTES.md", "ours\n")
    made.release({"NOTES.md": "second\n", "a.txt": "new\n"})

    said = project.upgrade("--commit")

    assert said.changes == {"NOTES.md": "kept", "a.txt": "updated"}
    assert project.read("NOTES.md") == "ours\n"


def test_unedited_file_that_is_written_once_stays_as_it_was_written(project, made):
    made.release({"NOTES.md": "second\n"})

    project.upgrade("--commit")

    assert project.read("NOTES.md") == "first\n"
    assert project.run("check", "--json").json["drift"] == []


def test_edited_file_that_is_written_once_is_told_of_once(project, made):
    project.write("NOTES.md", "mine\n")
    made.release({"NOTES.md": "second\n"})

    assert project.upgrade("--commit").changes == {"NOTES.md": "kept"}
    assert project.upgrade().changes == {}
    assert project.run("upgrade").out.startswith("nothing to do")


def test_list_says_which_components_are_new(project, made):
    made.release({}, _components={**COMPONENTS, "extra": manifest("extra")})

    said = project.run("list", "--new-since", "v1.0.0", "--json")

    assert [row["name"] for row in said.json["components"]] == ["extra"]
