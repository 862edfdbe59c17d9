"""What becomes of a person's edits when the template changes."""

import pytest
from story import LINES, Project, Template


def with_line(number: int, text: str) -> str:
    lines = LINES.splitlines()
    lines[number - 1] = text
    return "\n".join(lines) + "\n"


@pytest.fixture
def project(make_project, template) -> tuple[Project, Template]:
    made = template({"a.txt": LINES, "b.txt": "b\n"})
    return make_project(made), made


def test_unedited_file_becomes_the_new_render(project):
    project, template = project
    template.release({"a.txt": with_line(2, "theirs")})

    said = project.upgrade()

    assert said.code == 0
    assert said.changes == {"a.txt": "updated"}
    assert project.read("a.txt") == with_line(2, "theirs")


def test_edit_elsewhere_in_the_file_stays(project):
    project, template = project
    project.edit("a.txt", line=10, to="mine")
    template.release({"a.txt": with_line(2, "theirs")})

    said = project.upgrade()

    assert said.code == 0
    assert said.changes == {"a.txt": "merged"}
    assert project.read("a.txt").splitlines()[1] == "theirs"
    assert project.read("a.txt").splitlines()[9] == "mine"


def test_file_that_only_the_project_changed_is_left_alone(project):
    project, template = project
    project.edit("a.txt", line=2, to="mine")
    template.release({"b.txt": "new b\n"})

    assert project.upgrade().changes == {"b.txt": "updated"}
    assert project.read("a.txt") == with_line(2, "mine")


def test_same_line_becomes_an_ordinary_git_conflict(project):
    project, template = project
    project.edit("a.txt", line=2, to="mine")
    template.release({"a.txt": with_line(2, "theirs")})

    said = project.upgrade()

    assert said.code == 1
    assert said.conflicts == ["a.txt"]
    text = project.read("a.txt")
    assert "<<<<<<< yours\nmine\n||||||| template v1.0.0\nline 2\n=======\ntheirs\n>>>>>>>" in text
    assert project.status.startswith("UU a.txt")
    assert len(project.git("ls-files", "-u").splitlines()) == 3


def test_conflict_is_named_with_its_next_step(project):
    project, template = project
    project.edit("a.txt", line=2, to="mine")
    template.release({"a.txt": with_line(2, "theirs")})

    said = project.run("upgrade")

    assert "conflict  a.txt" in said.out
    assert "scaffold upgrade --continue" in said.out
    assert "scaffold upgrade --abort" in said.out


def test_the_same_edit_on_both_sides_is_no_conflict(project):
    project, template = project
    project.edit("a.txt", line=2, to="same")
    template.release({"a.txt": with_line(2, "same")})

    assert project.upgrade().code == 0
    assert project.read("a.txt") == with_line(2, "same")


def test_deleted_file_stays_deleted_and_is_told(project):
    project, template = project
    project.delete("a.txt")
    template.release({"a.txt": with_line(2, "theirs")})

    said = project.upgrade()

    assert said.code == 0
    assert said.changes == {"a.txt": "kept-deleted"}
    assert not project.has("a.txt")


def test_deleted_file_that_the_template_did_not_change_is_not_mentioned(project):
    project, template = project
    project.delete("a.txt")
    template.release({"b.txt": "new\n"})

    assert project.upgrade().changes == {"b.txt": "updated"}
    assert not project.has("a.txt")


def test_file_that_the_template_deletes_goes(project):
    project, template = project
    template.release({"b.txt": None})

    assert project.upgrade().changes == {"b.txt": "deleted"}
    assert not project.has("b.txt")


def test_edited_file_that_the_template_deletes_stays_and_is_told(project):
    project, template = project
    project.write("b.txt", "mine\n")
    template.release({"b.txt": None})

    said = project.upgrade()

    assert said.code == 1
    assert said.changes == {"b.txt": "kept"}
    assert project.read("b.txt") == "mine\n"


def test_user_edit_follows_a_file_the_template_renamed(project):
    project, template = project
    project.edit("a.txt", line=10, to="mine")
    template.release({"a.txt": None, "c.txt": LINES})

    said = project.upgrade()

    assert said.conflicts == []
    assert project.read("c.txt") == with_line(10, "mine")
    assert not project.has("a.txt")


def test_change_follows_a_file_the_user_moved(project):
    project, template = project
    project.move("a.txt", "deep/down/a.txt")
    template.release({"a.txt": with_line(2, "theirs")})

    said = project.upgrade()

    assert said.code == 0
    assert project.read("deep/down/a.txt") == with_line(2, "theirs")
    assert not project.has("a.txt")


def test_new_file_of_the_template_is_added(project):
    project, template = project
    template.release({"docs/new.md": "new\n"})

    assert project.upgrade().changes == {"docs/new.md": "added"}
    assert project.read("docs/new.md") == "new\n"


def test_new_file_that_the_project_has_too_is_a_conflict(project):
    project, template = project
    project.write("new.md", "mine\n")
    template.release({"new.md": "theirs\n"})

    said = project.upgrade()

    assert said.code == 1
    assert "mine\n" in project.read("new.md")
    assert "theirs\n" in project.read("new.md")


def test_new_file_that_the_project_has_with_the_same_content_is_no_conflict(project):
    project, template = project
    project.write("new.md", "same\n")
    template.release({"new.md": "same\n"})

    assert project.upgrade().code == 0
    assert project.read("new.md") == "same\n"


def test_executable_bit_arrives(project):
    project, template = project
    template.release({"run.sh": "#!/bin/sh\n"}, modes={"run.sh": 0o755})

    project.upgrade()

    assert (project.path / "run.sh").stat().st_mode & 0o111


def test_executable_bit_of_the_user_stays(project):
    project, template = project
    (project.path / "a.txt").chmod(0o755)
    project.commit()
    template.release({"a.txt": with_line(2, "theirs")})

    assert project.upgrade().code == 0
    assert (project.path / "a.txt").stat().st_mode & 0o111


def test_binary_file_on_both_sides_is_a_conflict_with_yours_in_place(make_project, template):
    made = template({"logo.png": b"\x89PNG\0one"})
    project = make_project(made)
    project.write("logo.png", b"\x89PNG\0mine")
    made.release({"logo.png": b"\x89PNG\0theirs"})

    assert project.upgrade().conflicts == ["logo.png"]
    assert (project.path / "logo.png").read_bytes() == b"\x89PNG\0mine"


def test_crlf_of_the_project_stays(project):
    project, template = project
    project.write("a.txt", LINES.replace("\n", "\r\n"))
    template.release({"a.txt": with_line(2, "theirs")})

    assert project.upgrade().code == 0
    assert project.read("a.txt") == with_line(2, "theirs").replace("\n", "\r\n")


def test_ignored_file_in_the_way_is_refused_before_anything_is_written(project):
    project, template = project
    project.write(".gitignore", ".env\n").write(".env", "SECRET=1\n", commit=False)
    template.release({".env": "SECRET=\n", "a.txt": with_line(2, "theirs")})
    before = project.snapshot

    said = project.upgrade()

    assert (said.code, said.refusal) == (2, "ignored")
    assert ".env" in said.json["error"]["message"]
    assert project.snapshot == before


def test_new_file_that_git_ignores_is_written_and_not_committed(project):
    project, template = project
    project.write(".gitignore", ".env\n")
    template.release({".env": "SECRET=\n", "c.txt": "c\n"})
    planned = project.upgrade("--dry-run").changes

    said = project.upgrade("--commit")

    assert said.changes == planned == {".env": "ignored", "c.txt": "added"}
    assert project.read(".env") == "SECRET=\n"
    assert ".env" not in project.git("ls-files").split()
    assert project.status == ""


def test_rule_of_the_new_version_or_of_the_user_alone_counts_too(project):
    project, template = project
    project.write(".git/info/exclude", "data/\n", commit=False)
    template.release({".gitignore": ".env\n", ".env": "SECRET=\n", "data/a.csv": "1\n"})

    said = project.upgrade()

    assert said.changes == {".env": "ignored", ".gitignore": "added", "data/a.csv": "ignored"}
    assert project.read("data/a.csv") == "1\n"
    assert ".gitignore" in project.git("ls-files").split()
    assert project.git("ls-files", ".env", "data") == ""


def test_file_that_git_ignores_is_taken_back_with_the_rest(project):
    project, template = project
    project.write(".gitignore", ".env\n")
    template.release({".env": "SECRET=\n"})
    before = project.snapshot

    project.upgrade()

    assert project.run("upgrade", "--abort").code == 0
    assert project.snapshot == before


def test_branch_does_not_have_what_git_ignores(project):
    project, template = project
    project.write(".gitignore", ".env\n")
    template.release({".env": "SECRET=\n", "c.txt": "c\n"})

    said = project.upgrade("--branch", "update")

    assert said.changes == {".env": "ignored", "c.txt": "added"}
    assert "the branch does not have it" in said.json["pull_request"]["body"]
    assert "c.txt" in project.git("ls-tree", "--name-only", "update").split()
    assert ".env" not in project.git("ls-tree", "--name-only", "update").split()
    assert project.git("fsck", "--strict") == ""
    assert not project.has(".env")


def test_file_that_new_left_to_git_s_rules_stays_as_it_is(template, make_project):
    made = template({".gitignore": ".env\n", ".env": "SECRET=\n", "a.txt": LINES})
    project = make_project(made)
    project.write(".env", "SECRET=mine\n", commit=False)
    made.release({".env": "SECRET=\nMORE=\n", "a.txt": with_line(2, "theirs")})
    before = project.snapshot[".env"]

    said = project.upgrade("--commit")

    assert said.changes == {".env": "kept", "a.txt": "updated"}
    assert project.snapshot[".env"] == before
    assert project.run("check", "--drift").code == 0


def test_tracked_file_is_upgraded_whatever_git_ignores(project):
    project, template = project
    project.write(".gitignore", "a.txt\n")
    template.release({"a.txt": with_line(2, "theirs")})

    assert project.upgrade("--commit").changes == {"a.txt": "updated"}
    assert project.status == ""


@pytest.mark.parametrize("rules", ["*.bin filter=lfs\n", "# filter\n*.bin -text\n"])
def test_filter_that_did_not_run_is_told(project, rules):
    project, template = project
    project.write(".gitattributes", rules)
    template.release({"deep/model.bin": b"\0\1", "c.txt": "c\n"})

    notes = project.upgrade("--dry-run").notes

    assert notes == project.upgrade("--commit").notes
    assert notes.get("not-filtered", []) == (["deep/model.bin"] if "=lfs" in rules else [])


def test_untracked_file_in_the_way_is_refused(project):
    project, template = project
    project.write("new.md", "mine\n", commit=False)
    template.release({"new.md": "theirs\n"})
    before = project.snapshot

    assert project.upgrade().refusal == "untracked"
    assert project.snapshot == before


def test_foreign_files_keep_bytes_mode_and_time(project):
    project, template = project
    project.write(".gitignore", "data/\n").write("data/big.csv", "1,2\n", commit=False)
    project.write("own.py", "mine = 1\n").write("scratch.txt", "s\n", commit=False)
    names = ("data/big.csv", "own.py", "scratch.txt")
    before = {name: project.snapshot[name] for name in names}
    template.release({"a.txt": with_line(2, "theirs"), "c.txt": "c\n"})

    assert project.upgrade().code == 0
    assert {name: project.snapshot[name] for name in names} == before


def upgraded_lock_file(make_project, template, *options):
    made = template({"uv.lock": "one\n"})
    project = make_project(made)
    project.write("uv.lock", "resolved here\n")
    made.release({"uv.lock": "two\n"})
    return project, project.upgrade(*options)


def test_lock_file_of_a_tool_is_one_place_to_decide(make_project, template):
    project, said = upgraded_lock_file(make_project, template)

    assert said.code == 1
    assert said.conflicts == ["uv.lock"]
    assert project.read("uv.lock").count("<<<<<<<") == 1


def test_lock_file_of_a_tool_stays_the_projects_on_request(make_project, template):
    project, said = upgraded_lock_file(make_project, template, "--settle")

    assert said.code == 0
    assert said.changes == {"uv.lock": "kept"}
    assert project.read("uv.lock") == "resolved here\n"


def test_two_versions_are_settled_on_request_and_both_are_named(make_project, template):
    made = template({"a.txt": "rev: 1.1\n"})
    project = make_project(made)
    project.write("a.txt", "rev: 1.2\n")
    made.release({"a.txt": "rev: 1.3\n"})

    said = project.upgrade("--settle")

    assert said.code == 0
    assert project.read("a.txt") == "rev: 1.3\n"
    changes = {each["path"]: each for each in said.json["changes"]}
    settled = changes["a.txt"]["settlements"][0]
    assert (settled["ours"], settled["theirs"]) == ("rev: 1.2\n", "rev: 1.3\n")


def test_two_versions_are_a_conflict_unasked(make_project, template):
    made = template({"a.txt": "rev: 1.1\n"})
    project = make_project(made)
    project.write("a.txt", "rev: 1.2\n")
    made.release({"a.txt": "rev: 1.3\n"})

    assert project.upgrade().conflicts == ["a.txt"]


TOML = '[project]\nname = "p"\ndependencies = [\n  "one>=1",\n]\n\n[tool.ruff]\nline-length = 100\n'


def test_toml_is_merged_key_by_key(make_project, template):
    made = template({"pyproject.toml": TOML})
    project = make_project(made)
    project.replace("pyproject.toml", '  "one>=1",\n', '  "one>=1",\n  "mine>=1",\n')
    made.release({"pyproject.toml": TOML.replace('  "one>=1",\n', '  "one>=1",\n  "theirs>=2",\n')})

    said = project.upgrade()

    assert said.code == 0, said.out
    text = project.read("pyproject.toml")
    assert '"mine>=1"' in text
    assert '"theirs>=2"' in text


def with_table(place: int, strict: str) -> str:
    """Return TOML whose tables `a` to `i` are joined by another one."""
    tables = [f"[tool.{name}]\nx = 1\n" for name in "abcdefghi"]
    return "\n".join([*tables[:place], f"[tool.mypy]\nstrict = {strict}\n", *tables[place:]])


def upgraded_table(make_project, template, strict: str):
    made = template({"pyproject.toml": with_table(0, "true").split("\n\n", 1)[1]})
    project = make_project(made)
    project.write("pyproject.toml", with_table(9, "true"))
    made.release({"pyproject.toml": with_table(1, strict)})
    return project, project.upgrade()


def test_table_that_both_sides_added_in_different_places_is_there_once(make_project, template):
    project, said = upgraded_table(make_project, template, "true")

    assert said.code == 0, said.out
    assert project.read("pyproject.toml") == with_table(9, "true")
    [change] = [each for each in said.json["changes"] if each["path"] == "pyproject.toml"]
    assert [each["code"] for each in change["settlements"]] == ["same-keys"]


def test_table_that_both_sides_added_with_other_values_is_an_ordinary_conflict(
    make_project, template
):
    project, said = upgraded_table(make_project, template, "false")

    assert said.code == 1
    assert said.conflicts == ["pyproject.toml"]
    assert len(project.git("ls-files", "-u").splitlines()) == 3
    text = project.read("pyproject.toml")
    assert "strict = true" in text
    assert "=======\n\n[tool.mypy]\nstrict = false\n>>>>>>>" in text


def test_new_scripts_of_both_sides_are_both_in(make_project, template):
    old = '{\n  "scripts": {\n    "a": "a"\n  }\n}\n'
    made = template({"package.json": old})
    project = make_project(made)
    project.replace("package.json", '"a"\n', '"a",\n    "mine": "b"\n')
    made.release({"package.json": old.replace('"a"\n', '"a",\n    "new": "c"\n')})

    said = project.upgrade()

    assert said.code == 0, said.out
    assert project.read("package.json") == old.replace(
        '"a"\n', '"a",\n    "mine": "b",\n    "new": "c"\n'
    )


def test_broken_toml_is_merged_as_text(make_project, template):
    made = template({"pyproject.toml": TOML})
    project = make_project(made)
    project.replace("pyproject.toml", 'name = "p"', 'name = "p')
    made.release({"pyproject.toml": TOML.replace("100", "88")})

    said = project.upgrade()

    assert said.code == 0
    assert "line-length = 88" in project.read("pyproject.toml")
    assert 'name = "p\n' in project.read("pyproject.toml")


def test_ignore_lists_are_merged_as_sets_of_lines(make_project, template):
    made = template({".gitignore": "dist/\n"})
    project = make_project(made)
    project.write(".gitignore", "dist/\nmine/\n")
    made.release({".gitignore": "dist/\ntheirs/\n"})

    assert project.upgrade().code == 0
    assert {"mine/", "theirs/", "dist/"} == set(project.read(".gitignore").split())


def test_skipped_files_are_left_alone(project):
    project, template = project
    spec = project.read("scaffold.toml")
    project.write("scaffold.toml", 'skip = ["a.txt"]\n' + spec)
    template.release({"a.txt": with_line(2, "theirs"), "b.txt": "new\n"})

    said = project.upgrade()

    assert said.changes == {"a.txt": "kept", "b.txt": "updated"}
    assert project.read("a.txt") == LINES
    assert 'skip = ["a.txt"]' in project.read("scaffold.toml")


def own(project: Project, *globs: str) -> None:
    listed = ", ".join(f'"{glob}"' for glob in globs)
    project.write("scaffold.toml", f"owned = [{listed}]\n" + project.read("scaffold.toml"))


def test_owned_prose_keeps_its_words_and_the_templates_are_told(project):
    project, template = project
    own(project, "a.txt")
    project.edit("a.txt", line=2, to="mine")
    template.release({"a.txt": with_line(2, "theirs")})

    said = project.upgrade()

    assert said.code == 0, said.err
    assert project.read("a.txt") == with_line(2, "mine")
    [settled] = said.json["changes"][0]["settlements"]
    assert (settled["code"], settled["ours"], settled["theirs"]) == ("owned", "mine\n", "theirs\n")
    assert 'owned = ["a.txt"]' in project.read("scaffold.toml")


def test_owned_prose_gets_what_the_template_changed_elsewhere(project):
    project, template = project
    own(project, "a.txt")
    project.edit("a.txt", line=10, to="mine")
    template.release({"a.txt": with_line(2, "theirs")})

    assert project.upgrade().code == 0
    assert project.read("a.txt").splitlines()[1] == "theirs"
    assert project.read("a.txt").splitlines()[9] == "mine"


def test_file_that_is_not_owned_conflicts_as_ever(project):
    project, template = project
    own(project, "docs", "b.txt")
    project.edit("a.txt", line=2, to="mine")
    template.release({"a.txt": with_line(2, "theirs")})

    said = project.upgrade()

    assert said.code == 1
    assert said.json["conflicts"] == ["a.txt"]


def test_conflict_in_a_file_that_was_moved_says_where_the_template_has_it(project):
    project, template = project
    project.move("a.txt", "deep/a.txt")
    project.edit("deep/a.txt", line=2, to="mine")
    template.release({"a.txt": with_line(2, "theirs")})

    said = project.upgrade()

    assert said.code == 1
    [change] = [each for each in said.json["changes"] if each["path"] == "deep/a.txt"]
    assert change["origin"] == "a.txt"


def test_conflict_in_a_file_that_was_not_moved_has_no_other_origin(project):
    project, template = project
    project.edit("a.txt", line=2, to="mine")
    template.release({"a.txt": with_line(2, "theirs")})

    said = project.upgrade()

    assert [each["origin"] for each in said.json["changes"]] == ["" for _ in said.json["changes"]]


def test_marks_of_an_earlier_conflict_that_were_committed_are_told(project):
    project, template = project
    project.edit("a.txt", line=2, to="mine")
    template.release({"a.txt": with_line(2, "theirs")})
    project.upgrade()
    project.commit()
    template.release({"a.txt": with_line(2, "theirs") + "more\n"})

    assert project.upgrade().notes["marks-left"] == ["a.txt"]
