"""Repositories that scaffold did not make: cruft's, nobody's, and those that want one component."""

import json
from pathlib import Path
from typing import Any

import pytest
from story import LINES, Project, Template, git, scaffold

CHANGED = LINES.replace("line 2\n", "theirs\n")


@pytest.fixture
def made(template) -> Template:
    return template(
        {"a.txt": LINES, "b.txt": "{{cookiecutter.colour}}\n"},
        colour="red",
        size=["small", "large"],
    )


@pytest.fixture
def repository(tmp_path):
    """Return what makes a repository out of files, as somebody without scaffold has it."""

    def make(files: dict[str, str], name: str = "project") -> Project:
        path = tmp_path / name
        path.mkdir()
        git(path, "init", "-q")
        project = Project(path)
        for file, content in files.items():
            project.write(file, content, commit=False)
        return project.commit("first")

    return make


def cruft_state(made: Template, **more: Any) -> str:
    context = {
        "project_slug": "project",
        "colour": "blue",
        "size": "large",
        "nested": {"one": {"two": 2}},
        "_extensions": ["local_extensions.Some"],
        "_template": str(made.path),
    }
    state = {
        "template": str(made.path),
        "commit": made.head,
        "checkout": None,
        "context": {"cookiecutter": context},
        "directory": None,
        **more,
    }
    return json.dumps(state)


@pytest.fixture
def cruft_project(repository, made) -> Project:
    return repository({"a.txt": LINES, "b.txt": "blue\n", ".cruft.json": cruft_state(made)})


def test_cruft_project_is_taken_over_in_one_command(cruft_project, made):
    said = cruft_project.run("adopt", "--json")

    assert said.code == 0, said.out
    assert not cruft_project.has(".cruft.json")
    spec = cruft_project.read("scaffold.toml")
    assert 'colour = "blue"' in spec
    assert 'size = "large"' in spec
    assert 'version = "v1.0.0"' in spec
    assert str(made.path) in spec
    assert cruft_project.read("b.txt") == "blue\n"


def test_next_upgrade_works_as_if_scaffold_had_always_been_there(cruft_project, made):
    cruft_project.edit("a.txt", line=10, to="mine")
    cruft_project.run("adopt", "--commit")
    made.release({"a.txt": CHANGED, "b.txt": "{{cookiecutter.colour}} now\n"})

    said = cruft_project.upgrade()

    assert said.code == 0, said.out
    assert cruft_project.read("a.txt") == CHANGED.replace("line 10", "mine")
    assert cruft_project.read("b.txt") == "blue now\n"


@pytest.mark.parametrize("is_told", [True, False])
def test_template_is_told_its_commit_where_cruft_told_it(repository, template, is_told):
    text = "made from {{ cookiecutter._commit | default('somewhere') }}\n"
    made = template({"a.txt": text})
    state = json.loads(cruft_state(made))
    if is_told:
        state["context"]["cookiecutter"]["_commit"] = made.head
    there = f"made from {made.head if is_told else 'somewhere'}\n"
    project = repository({"a.txt": there, ".cruft.json": json.dumps(state)})
    project.run("adopt", "--commit")
    made.release({"a.txt": text, "new.txt": "new\n"})

    said = project.upgrade()

    assert said.code == 0, said.out
    assert project.read("a.txt") == (f"made from {made.head}\n" if is_told else there)


def test_adopting_touches_nothing_else(cruft_project):
    cruft_project.write("own.txt", "mine\n").edit("a.txt", line=2, to="mine")
    before = cruft_project.snapshot

    cruft_project.run("adopt")

    after = cruft_project.snapshot
    for name in ("own.txt", "a.txt", "b.txt"):
        assert after[name] == before[name]


def test_cruft_skip_list_is_kept(repository, made):
    project = repository(
        {"a.txt": LINES, "b.txt": "blue\n", ".cruft.json": cruft_state(made, skip=["a.txt"])}
    )
    project.run("adopt", "--commit")
    made.release({"a.txt": CHANGED})

    project.upgrade()

    assert project.read("a.txt") == LINES


def test_skip_list_in_pyproject_is_kept(repository, made):
    made.release({"docs/x.md": "x\n"}, "v1.1.0")
    project = repository(
        {
            "a.txt": LINES,
            "b.txt": "blue\n",
            "docs/x.md": "x\n",
            ".cruft.json": cruft_state(made),
            "pyproject.toml": '[tool.cruft]\nskip = ["docs", "a.*"]\n',
        }
    )
    project.run("adopt", "--commit")
    made.release({"a.txt": CHANGED, "docs/x.md": "new\n", "b.txt": "new\n"})

    project.upgrade()

    assert project.read("a.txt") == LINES
    assert project.read("docs/x.md") == "x\n"
    assert project.read("b.txt") == "new\n"


def test_answers_that_cruft_does_not_have_are_told(repository, made):
    context = {"project_slug": "project", "size": "huge"}
    state = cruft_state(made, context={"cookiecutter": context})
    project = repository({"a.txt": LINES, "b.txt": "red\n", ".cruft.json": state})

    said = project.run("adopt", "--json")

    assert said.notes == {"default-answers": ["colour"], "not-offered": ["size"]}
    assert "defaults were taken: colour = 'red'; change" in str(said.json["notes"])
    assert "is offered no more, but small, large; it is 'small' now" in str(said.json["notes"])


def test_defaults_are_not_said_to_be_taken_where_cruft_has_every_answer(cruft_project):
    assert cruft_project.run("adopt", "--json").notes == {"removed": ["nested"]}


def test_cruft_branch_is_followed(repository, made):
    git(made.path, "checkout", "-q", "-b", "next")
    state = cruft_state(made, checkout="next")
    project = repository({"a.txt": LINES, "b.txt": "blue\n", ".cruft.json": state})
    project.run("adopt", "--commit")
    made.release({"a.txt": CHANGED}, "-")

    assert project.upgrade().code == 0
    assert project.read("a.txt") == CHANGED


def test_adopting_can_be_undone(cruft_project):
    before = cruft_project.snapshot
    cruft_project.run("adopt")

    assert cruft_project.run("upgrade", "--abort").code == 0
    assert cruft_project.snapshot.keys() == before.keys()
    assert cruft_project.status == ""


def test_broken_cruft_state_is_refused(repository):
    project = repository({".cruft.json": '{"template": "x"}'})
    before = project.snapshot

    said = project.run("adopt")

    assert said.code == 2
    assert ".cruft.json cannot be read" in said.err
    assert project.snapshot == before


def test_adopting_twice_is_refused(cruft_project):
    cruft_project.run("adopt", "--commit")

    assert cruft_project.run("adopt", "--json").refusal == "already-adopted"


def test_base_is_guessed_by_content_and_shown(repository, made):
    made.release({"a.txt": CHANGED}, "v2.0.0")
    made.release({"a.txt": CHANGED + "more\n" * 9}, "v3.0.0")
    project = repository({"a.txt": CHANGED.replace("line 10", "mine"), "b.txt": "red\n"})

    said = project.run("adopt", "--template", made.path, "--json")

    assert said.code == 0, said.out
    assert said.notes["guessed-version"] == ["v2.0.0"]
    assert 'version = "v2.0.0"' in project.read("scaffold.toml")


def test_upgrade_after_a_guess(repository, made):
    made.release({"a.txt": CHANGED}, "v2.0.0")
    project = repository({"a.txt": LINES.replace("line 10", "mine"), "b.txt": "red\n"})
    project.run("adopt", "--template", made.path, "--commit")

    said = project.upgrade()

    assert said.code == 0, said.out
    assert project.read("a.txt") == CHANGED.replace("line 10", "mine")


def test_repository_that_looks_like_nothing_of_the_template_is_refused(repository, made):
    project = repository({"main.go": "package main\n"})
    before = project.snapshot

    said = project.run("adopt", "--template", made.path, "--json")

    assert (said.code, said.refusal) == (2, "no-likeness")
    assert project.snapshot == before


def test_component_for_a_repository_that_scaffold_did_not_make(repository):
    project = repository(
        {"src/thing/__init__.py": "", "pyproject.toml": '[project]\nname = "thing"\n'}
    )

    said = project.run("add", "github", "--json")

    assert said.code == 0, said.out
    kinds = set(said.changes.values())
    assert kinds == {"added"}
    assert all("github" in path for path in said.changes), said.changes
    assert 'components = ["github"]' in project.read("scaffold.toml")
    assert 'python_version = "3.12"' in project.read("scaffold.toml")
    assert "package_name" not in project.read("scaffold.toml")  # nothing that was copied uses it
    assert project.read("pyproject.toml") == '[project]\nname = "thing"\n'


def test_component_alone_stays_alone(repository):
    project = repository({"pyproject.toml": '[project]\nname = "thing"\n'})
    project.run("add", "github", "--commit")

    assert project.upgrade().json["changes"] == []
    said = project.run("add", "docker", "--json")

    assert said.code == 0, said.out
    assert not project.has("src")
    assert not project.has("Makefile")


def test_file_of_the_repository_in_the_way_of_a_component_is_a_conflict(repository):
    project = repository({".github/workflows/ci.yml": "name: mine\non: push\njobs: {}\n"})

    said = project.run("add", "github", "--json")

    assert said.code == 1
    assert said.conflicts == [".github/workflows/ci.yml"]
    assert "name: mine" in project.read(".github/workflows/ci.yml")


def test_unknown_component_for_such_a_repository_is_refused(repository):
    project = repository({"x": "x\n"})
    before = project.snapshot

    assert project.run("add", "nosuch", "--json").refusal == "unknown-component"
    assert project.snapshot == before


def test_adopted_folder_of_a_monorepo(repository, made):
    top = repository(
        {"one/a.txt": LINES, "one/b.txt": "blue\n", "one/.cruft.json": cruft_state(made)}
    )
    inner = Project(Path(top.path / "one"))

    assert inner.run("adopt", "--commit").code == 0
    made.release({"a.txt": CHANGED})

    assert inner.upgrade().code == 0
    assert inner.read("a.txt") == CHANGED


def test_project_of_scaffolds_own_template_that_lost_its_state(tmp_path):
    scaffold("new", tmp_path / "p", "--yes", "--preset", "minimal", "--with", "github")
    project = Project(tmp_path / "p")
    project.git("rm", "-q", "scaffold.toml", "scaffold.lock")
    project.commit("lost")

    said = project.run("adopt", "--json", "--commit", "--set", "project_name=Flight Delays")

    assert said.code == 0, said.out
    assert 'components = ["classification", "github"]' in project.read("scaffold.toml")
    assert project.upgrade().json["changes"] == []
    assert project.run("check", "--json").json["drift"] == []


def test_lost_lock_is_written_again_from_the_spec(make_project, template):
    made = template({"a.txt": "{{ cookiecutter.colour }}\n"}, colour="red")
    project = make_project(made, "--set", "colour=blue")
    project.write("a.txt", "blue\nmine\n")
    project.delete("scaffold.lock")
    made.release({"b.txt": "b\n"})

    said = project.run("adopt", "--commit", "--json")

    assert said.code == 0, said.out
    assert 'colour = "blue"' in project.read("scaffold.toml")
    assert project.upgrade().changes == {"b.txt": "added"}
    assert project.read("a.txt") == "blue\nmine\n"


def test_lost_lock_leaves_the_comments_of_the_spec(make_project, template):
    project = make_project(template({"a.txt": "a\n"}))
    project.write("scaffold.toml", "# ours\n" + project.read("scaffold.toml"))
    before = project.delete("scaffold.lock").read("scaffold.toml")

    project.run("adopt", "--commit")

    assert project.read("scaffold.toml") == before


def test_adopting_says_which_hooks_did_not_run(tmp_path, template):
    made = template({"/hooks/post_gen_project.py": "print(1)", "a.txt": "a\n"})
    project = Project(tmp_path / "p")
    project.path.mkdir()
    project.git("init", "-q")
    project.write("a.txt", "a\n")

    said = project.run("adopt", "--template", made.path, "--json")

    assert said.notes["not-run"] == ["hooks/post_gen_project.py"]


def test_version_that_is_named_and_does_not_render_says_why(tmp_path, template):
    made = template({"a.txt": "{{ cookiecutter.nothing }}\n"})
    project = Project(tmp_path / "p")
    project.path.mkdir()
    project.git("init", "-q")
    project.write("a.txt", "a\n")

    said = project.run("adopt", "--template", made.path, "--ref", "v1.0.0")

    assert said.code == 2
    assert "a.txt of the template does not render" in said.err


def test_answers_that_were_taken_from_defaults_are_told(repository, made):
    project = repository({"a.txt": LINES, "b.txt": "red\n"})

    said = project.run("adopt", "--template", made.path, "--set", "size=large", "--json")

    assert said.notes["default-answers"] == ["colour"]
    assert "the template's defaults were taken: colour = 'red'" in str(said.json["notes"])


def test_cruft_state_goes_since_its_place_is_taken(cruft_project):
    said = cruft_project.run("adopt", "--json")

    reasons = {each["path"]: each["reason"] for each in said.json["changes"]}
    assert reasons[".cruft.json"] == "scaffold.toml and scaffold.lock take its place"
