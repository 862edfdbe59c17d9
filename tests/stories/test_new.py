"""A new project: what is written, what is said, and what is refused."""

import json

import pytest
from story import LINES, Project, git, scaffold


@pytest.fixture
def made(template):
    return template(
        {"a.txt": LINES, "run.sh": "#!/bin/sh\n"}, modes={"run.sh": 0o755}, colour="red"
    )


def test_project_is_a_repository_with_one_commit(made, tmp_path):
    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes")

    assert said.code == 0, said.err
    assert git(tmp_path / "p", "rev-list", "--count", "HEAD") == "1"
    assert git(tmp_path / "p", "status", "--porcelain") == ""
    assert (tmp_path / "p" / "run.sh").stat().st_mode & 0o111


def test_last_words_are_what_to_type_next(made, tmp_path):
    said = scaffold("new", "p", "--template", made.path, "--yes", at=tmp_path)

    assert "next:\n  cd p\n" in said.out


def test_folder_has_the_name_that_the_template_gives(made, tmp_path):
    scaffold("new", "--template", made.path, "--yes", "--set", "project_slug=named", at=tmp_path)

    assert (tmp_path / "named" / "a.txt").exists()


def test_empty_folder_is_filled(made, tmp_path):
    (tmp_path / "p").mkdir()

    assert scaffold("new", ".", "--template", made.path, "--yes", at=tmp_path / "p").code == 0
    assert (tmp_path / "p" / "a.txt").exists()


def test_folder_that_is_not_empty_is_refused(made, tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "x").write_text("x")

    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes")

    assert said.code == 2
    assert "is not empty" in said.err
    assert [path.name for path in (tmp_path / "p").iterdir()] == ["x"]


def test_dry_run_shows_the_tree_and_writes_nothing(made, tmp_path):
    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes", "--dry-run")

    assert said.code == 0
    assert "  a.txt\n" in said.out
    assert "  run.sh*\n" in said.out
    assert not (tmp_path / "p").exists()


def test_json_names_every_file(made, tmp_path):
    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes", "--json")

    assert said.json["files"]["run.sh"] == "100755"
    assert said.json["version"] == "v1.0.0"
    assert said.json["exit_code"] == 0


@pytest.mark.parametrize("suffix", ["json", "yml", "toml"])
def test_answers_from_a_file(made, tmp_path, suffix):
    text = {"json": '{"colour": "blue"}', "yml": "colour: blue\n", "toml": 'colour = "blue"\n'}
    (tmp_path / f"answers.{suffix}").write_text(text[suffix])

    said = scaffold(
        "new",
        tmp_path / "p",
        "--template",
        made.path,
        "--yes",
        "--answers",
        tmp_path / f"answers.{suffix}",
    )

    assert said.code == 0, said.err
    assert 'colour = "blue"' in (tmp_path / "p" / "scaffold.toml").read_text()


def test_broken_answers_file_is_refused(made, tmp_path):
    (tmp_path / "answers.json").write_text("{")

    said = scaffold(
        "new",
        tmp_path / "p",
        "--template",
        made.path,
        "--yes",
        "--answers",
        tmp_path / "answers.json",
    )

    assert said.code == 2
    assert not (tmp_path / "p").exists()


def test_nothing_is_left_behind_when_git_fails(made, tmp_path, home):
    with (home / ".gitconfig").open("a") as config:
        config.write("[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = /bin/false\n")

    said = scaffold("new", tmp_path / "deep" / "p", "--template", made.path, "--yes")

    assert said.code == 2
    assert "first commit" in said.err
    assert not (tmp_path / "deep").exists()


def test_file_that_the_project_ignores_is_written_and_not_committed(template, tmp_path):
    made = template({".gitignore": ".env\n", ".env": "SECRET=\n", "a.txt": "a\n"})

    scaffold("new", tmp_path / "p", "--template", made.path, "--yes")

    assert (tmp_path / "p" / ".env").exists()
    assert ".env" not in git(tmp_path / "p", "ls-files").split()
    assert git(tmp_path / "p", "status", "--porcelain") == ""


@pytest.mark.parametrize("attributes", ["", "*.bin filter=lfs\n"])
def test_spec_and_lock_are_committed_whatever_git_ignores(template, tmp_path, attributes):
    made = template({".gitignore": "*.lock\nscaffold.*\n", ".gitattributes": attributes})

    scaffold("new", tmp_path / "p", "--template", made.path, "--yes")

    tracked = git(tmp_path / "p", "ls-files").split()
    assert tracked == [".gitattributes", ".gitignore", "scaffold.lock", "scaffold.toml"]
    made.release({"a.txt": "a\n"})
    assert scaffold("upgrade", "--commit", at=tmp_path / "p").code == 0


def test_odd_names_and_modes_are_in_the_first_commit(template, tmp_path):
    made = template({"ünï 名.txt": "x\n", "deep/a b.txt": "y\n", "empty": ""})

    scaffold("new", tmp_path / "p", "--template", made.path, "--yes")

    assert git(tmp_path / "p", "status", "--porcelain") == ""
    assert git(tmp_path / "p", "fsck", "--strict") == ""
    assert git(tmp_path / "p", "log", "-1", "--format=%an <%ae>") == "Ada <ada@example.com>"


def test_home_that_wants_other_object_ids(made, tmp_path, home):
    with (home / ".gitconfig").open("a") as config:  # which git obeys since 2.45
        config.write("[init]\n\tdefaultObjectFormat = sha256\n")

    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes")

    assert said.code == 0, said.err
    assert git(tmp_path / "p", "fsck", "--strict") == ""
    assert git(tmp_path / "p", "status", "--porcelain") == ""


def test_name_in_another_encoding(made, tmp_path, home):
    (home / ".gitconfig").write_bytes(b"[user]\n\tname = J\xf6rg\n\temail = j@example.com\n")

    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes")

    assert said.code == 0, said.err
    assert git(tmp_path / "p", "log", "--format=%ae") == "j@example.com"
    assert git(tmp_path / "p", "fsck", "--strict") == ""


def test_home_without_a_git_identity(made, tmp_path, home):
    (home / ".gitconfig").write_text("")

    said = scaffold("new", tmp_path / "p", "--template", made.path, "--yes")

    assert said.code == 0, said.err
    assert git(tmp_path / "p", "log", "-1", "--format=%an") == "scaffold"


def test_own_template_has_components_presets_and_a_next_step(tmp_path):
    said = scaffold("new", "p", "--yes", "--preset", "minimal", "--with", "docker", at=tmp_path)

    assert said.code == 0, said.err
    assert "make demo" in said.out
    assert (
        'components = ["classification", "docker"]'
        in (tmp_path / "p" / "scaffold.toml").read_text()
    )


def test_without_leaves_a_component_of_the_preset_out(tmp_path):
    said = scaffold(
        "new", "p", "--yes", "--without", "monitoring", "--json", "--dry-run", at=tmp_path
    )

    assert "monitoring" not in said.json["components"]
    assert "github" in said.json["components"]


def test_components_may_be_named_one_after_the_other(tmp_path):
    each = (
        "--with",
        "azure",
        "--with",
        "kubernetes,gitlab",
        "--without=compose",
        "--without",
        "github",
    )
    said = scaffold("new", "p", "--yes", *each, "--json", "--dry-run", at=tmp_path)

    assert {"azure", "kubernetes", "gitlab"} <= set(said.json["components"])
    assert "github" not in said.json["components"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--with", "nosuch"), "unknown-component"),
        (("--preset", "nosuch"), "unknown-preset"),
        (("--set", "package_name=Not A Name"), "bad-answer"),
        (("--set", "nosuch=1"), "unknown-answer"),
        (("--with", "regression,classification"), "component-clash"),
        (("--with", "docker", "--without", "docker"), "component-clash"),
        (("--with", "kubernetes", "--without", "docker"), "component-clash"),
        (("--without", "classification"), "component-clash"),
    ],
)
def test_wrong_wish_is_refused_and_nothing_is_written(tmp_path, arguments, code):
    said = scaffold("new", "p", "--yes", "--json", *arguments, at=tmp_path)

    assert (said.code, said.refusal) == (2, code)
    assert not (tmp_path / "p").exists()


def test_new_project_is_checked_clean(make_project, made):
    project = make_project(made)

    said = project.run("check")

    assert said.code == 0
    assert said.out == "up to date: v1.0.0\n"


def test_check_says_behind_and_by_how_much(make_project, made):
    project = make_project(made)
    made.release({"a.txt": "new\n"})

    said = project.run("check", "--json")

    assert said.code == 1
    assert said.json["is_behind"] is True
    assert said.json["newest"] == "v2.0.0"


def test_check_names_drift_without_being_negative_about_it(make_project, made):
    project = make_project(made)
    project.edit("a.txt", line=1, to="mine").delete("run.sh")

    said = project.run("check", "--json")

    assert said.code == 0
    assert said.json["drift"] == [
        {"path": "a.txt", "kind": "changed"},
        {"path": "run.sh", "kind": "deleted"},
    ]
    assert project.run("check", "--drift").code == 1


def test_check_finds_conflict_marks(make_project, made):
    project = make_project(made)
    project.write("a.txt", "<<<<<<< yours\na\n=======\nb\n>>>>>>> theirs\n")

    assert project.run("check", "--json").json["conflicts"] == ["a.txt"]
    assert project.run("check").code == 1


def test_check_says_what_the_spec_wants_and_the_project_has_not(make_project, made):
    project = make_project(made)
    project.replace("scaffold.toml", '"red"', '"blue"')

    said = project.run("check", "--json")

    assert said.code == 1
    assert said.json["unsynced"] == ["answers.colour"]


def test_check_and_diff_change_nothing(make_project, made):
    project = make_project(made)
    project.edit("a.txt", line=1, to="mine")
    before = project.snapshot

    project.run("check")
    project.run("diff")

    assert project.snapshot == before


def test_diff_is_a_patch_from_the_render_to_the_project(make_project, made):
    project = make_project(made)
    project.edit("a.txt", line=1, to="mine", commit=False)
    project.write("own.txt", "not the template's\n")

    patch = project.run("diff", "--json").json["patch"]

    assert "-line 1\n+mine\n" in patch
    assert "own.txt" not in patch


def test_diff_of_an_unchanged_project_says_so(make_project, made):
    said = make_project(made).run("diff")

    assert said.code == 0
    assert said.out == "no file of the template was changed\n"


def test_reverse_diff_applies_to_the_template(make_project, template):
    made = template({"a.txt": "{{cookiecutter.colour}}\n" + LINES}, colour="red")
    project = make_project(made)
    project.edit("a.txt", line=9, to="better")

    patch = project.run("diff", "--reverse", "--json").json["patch"]
    git(made.path, "apply", data=patch.encode())

    source = (made.path / "{{cookiecutter.project_slug}}" / "a.txt").read_text()
    assert source.startswith("{{cookiecutter.colour}}\n")
    assert "better\n" in source


def test_reverse_diff_of_scaffolds_own_template_applies_to_its_sources(tmp_path, root):
    scaffold("new", tmp_path / "p", "--yes", "--preset", "minimal", "--set", "package_name=churn")
    project = Project(tmp_path / "p")
    project.replace("src/churn/paths.py", "\nfrom ", "\nimport churn  # mine\nfrom ")
    project.replace("README.md", "\n## ", "\nA better word.\n\n## ")
    for name in ("src/project_package/paths.py", "README.md.jinja"):
        source = tmp_path / "template/base/files" / name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes((root / "template/base/files" / name).read_bytes())

    patch = project.run("diff", "--reverse", "--json").json["patch"]
    git(tmp_path, "apply", data=patch.encode())

    files = tmp_path / "template/base/files"
    assert (
        "import project_package  # mine\n" in (files / "src/project_package/paths.py").read_text()
    )
    assert "A better word." in (files / "README.md.jinja").read_text()


def test_reverse_diff_leaves_out_lines_that_would_become_jinja(make_project, template):
    project = make_project(template({"a.txt": "{{cookiecutter.colour}}\n" + LINES}, colour="red"))
    project.edit("a.txt", line=9, to="${{ github.sha }}")

    assert project.run("diff", "--reverse", "--json").json["unsent"] == ["a.txt"]


def test_reverse_diff_names_what_cannot_be_sent(make_project, template):
    made = template({"a.txt": "{{cookiecutter.colour}}\n" + LINES}, colour="red")
    project = make_project(made)
    project.edit("a.txt", line=1, to="mine")

    said = project.run("diff", "--reverse", "--json")

    assert said.json["unsent"] == ["a.txt"]


def test_completion_knows_the_commands(monkeypatch):
    monkeypatch.setenv("_SCAFFOLD_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "scaffold up")
    monkeypatch.setenv("COMP_CWORD", "1")

    assert "upgrade" in scaffold().out


def test_list_as_json_describes_components():
    rows = json.loads(scaffold("list", "--json").out)["components"]

    github = next(row for row in rows if row["name"] == "github")
    assert github["title"]
    assert github["summary"]
    assert {"category", "slot", "requires", "conflicts"} <= github.keys()


def test_place_with_blanks_can_be_copied(made, tmp_path):
    said = scaffold("new", "svc a/p", "--template", made.path, "--yes", at=tmp_path)

    assert "  cd 'svc a/p'\n" in said.out


def test_every_result_and_error_as_json_names_its_command(tmp_path, made):
    listing = scaffold("list", "--template", made.path, "--json", at=tmp_path)
    versions = scaffold("list", "--template", made.path, "--versions", "--json", at=tmp_path)
    refused = scaffold("new", "p", "--template", tmp_path / "nowhere", "--json", at=tmp_path)

    assert [each.json["command"] for each in (listing, versions, refused)] == [
        "list",
        "list",
        "new",
    ]
