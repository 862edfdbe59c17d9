"""Components of scaffold's own template: added, removed, kept apart, at the version that the project has."""

import tomllib

import pytest
from story import Project, git, scaffold


@pytest.fixture
def project(tmp_path) -> Project:
    said = scaffold("new", tmp_path / "p", "--yes", "--preset", "minimal", "--with", "docker")
    assert said.code == 0, said.err
    return Project(tmp_path / "p")


def own_files(project: Project) -> set[str]:
    return set(project.git("ls-files").splitlines())


def test_added_component_brings_its_files(project):
    said = project.run("add", "github", "--json")

    assert said.code == 0, said.out
    assert said.changes[".github/workflows/ci.yml"] == "added"
    assert said.conflicts == []
    assert 'components = ["classification", "docker", "github"]' in project.read("scaffold.toml")


def test_add_and_remove_leave_the_tree_as_it_was(project):
    before = project.git("rev-parse", "HEAD^{tree}")

    project.run("add", "github", "--commit")
    project.run("remove", "github", "--commit")

    assert project.git("rev-parse", "HEAD^{tree}") == before


def test_add_of_what_is_there_does_nothing(project):
    before = project.snapshot

    said = project.run("add", "docker")

    assert said.out.startswith("nothing to do")
    assert project.snapshot == before


def test_edited_file_of_a_removed_component_stays_and_is_told(project):
    project.run("add", "github", "--commit")
    project.write(".github/workflows/ci.yml", project.read(".github/workflows/ci.yml") + "# mine\n")

    said = project.run("remove", "github", "--json")

    assert said.code == 1
    assert said.conflicts == [".github/workflows/ci.yml"]
    assert project.read(".github/workflows/ci.yml").endswith("# mine\n")


def test_required_component_comes_along(project):
    required = {
        row["name"]: row["requires"] for row in scaffold("list", "--json").json["components"]
    }
    name = next((name for name, others in sorted(required.items()) if set(others) - {"docker"}), "")
    if not name:
        pytest.skip("no component requires another one")

    said = project.run("add", name, "--json")

    assert said.code == 0, said.out
    for other in required[name]:
        assert f'"{other}"' in project.read("scaffold.toml")


def test_component_that_another_one_needs_is_not_removed(project):
    required = {
        row["name"]: row["requires"] for row in scaffold("list", "--json").json["components"]
    }
    name = next((name for name, others in sorted(required.items()) if "docker" in others), "")
    if not name:
        pytest.skip("no component requires docker")
    project.run("add", name, "--commit")
    before = project.snapshot

    said = project.run("remove", "docker")

    assert said.code == 2
    assert "requires it" in said.err
    assert project.snapshot == before


@pytest.mark.parametrize(
    "arguments",
    [("remove", "classification"), ("add", "regression"), ("set", "package_name=other")],
)
def test_what_was_decided_when_the_project_began_is_refused_with_the_reason(project, arguments):
    before = project.snapshot

    said = project.run(*arguments, "--json")

    assert (said.code, said.refusal) == (2, "frozen-answer")
    assert project.snapshot == before


def test_spec_that_names_the_other_problem_is_refused(project):
    project.replace("scaffold.toml", '"classification"', '"regression"')
    before = project.snapshot

    assert project.run("sync", "--json").refusal == "frozen-answer"
    assert project.snapshot == before


def test_component_added_by_hand_in_the_spec_is_synced(project):
    project.replace("scaffold.toml", '"docker"]', '"docker", "github"]', commit=False)

    assert project.run("sync").code == 0
    assert project.has(".github/workflows/ci.yml")


@pytest.mark.parametrize("command", ["sync", "upgrade"])
def test_component_in_the_spec_that_is_none_is_a_mistake(project, command):
    project.replace("scaffold.toml", '"docker"]', '"docker", "gitub"]')
    before = project.snapshot

    said = project.run(command)

    assert said.code == 2
    assert said.err.startswith("error: scaffold.toml: there is no component gitub\n")
    assert "hint: did you mean github? there are " in said.err
    assert project.snapshot == before


def test_unknown_component_is_refused(project):
    before = project.snapshot

    said = project.run("add", "nosuch")

    assert said.code == 2
    assert "there is no component nosuch" in said.err
    assert project.snapshot == before


def test_component_that_is_not_there_cannot_be_removed(project):
    assert project.run("remove", "github", "--json").refusal == "unknown-component"


def test_file_that_is_written_once_belongs_to_the_project(project):
    project.write("README.md", "# Ours\n")

    said = project.run("add", "github", "--json")

    assert said.code == 0, said.out
    assert project.read("README.md") == "# Ours\n"


def test_add_works_in_an_edited_project_without_a_conflict(project):
    text = project.read("pyproject.toml")
    project.write("pyproject.toml", text.replace("[project]", '[project]\nkeywords = ["ours"]', 1))
    project.write("Makefile", project.read("Makefile") + "\nours: ## our own target\n\techo ours\n")

    said = project.run("add", "monitoring", "--json")

    assert said.conflicts == []
    assert 'keywords = ["ours"]' in project.read("pyproject.toml")
    assert "\techo ours\n" in project.read("Makefile")


def test_list_marks_what_the_project_has(project):
    rows = project.run("list", "--json").json["components"]

    assert {row["name"] for row in rows if row["present"]} == {"classification", "docker"}


def test_offline_works_for_scaffolds_own_template(project):
    assert project.run("add", "github", "--offline").code == 0


def test_preset_brings_its_components(project):
    presets = scaffold("list", "--json").json["presets"]

    said = project.run("add", "production", "--json")

    assert said.code == 0, said.out
    wanted = {"classification", "docker", *presets["production"]["components"]}
    assert set(tomllib.loads(project.read("scaffold.toml"))["components"]) == wanted


def test_name_that_is_no_preset_either_is_refused(project):
    before = project.snapshot

    assert project.run("add", "producton", "--json").refusal == "unknown-component"
    assert project.snapshot == before


def test_last_component_of_a_repository_that_scaffold_did_not_make_takes_all_along(tmp_path):
    git(tmp_path, "init", "-q", "there")
    there = Project(tmp_path / "there").write("notes.txt", "mine\n")
    before = there.git("rev-parse", "HEAD^{tree}")
    there.run("add", "github", "--commit")

    said = there.run("remove", "github", "--commit", "--json")

    assert said.code == 0
    assert said.notes["parted"] == ["scaffold.toml"]
    assert there.git("rev-parse", "HEAD^{tree}") == before


def test_edited_file_of_the_last_component_stays(tmp_path):
    git(tmp_path, "init", "-q", "there")
    there = Project(tmp_path / "there").write("notes.txt", "mine\n")
    there.run("add", "github", "--commit")
    there.edit(".github/workflows/ci.yml", line=1, to="# mine")

    there.run("remove", "github", "--commit")

    assert there.read(".github/workflows/ci.yml").startswith("# mine")
    assert not there.has("scaffold.toml")
