"""Look first, do later, undo: plans, --dry-run, --continue, --abort, --only, --commit, --branch."""

import json

import pytest
from rights import as_ordinary_user
from story import LINES, Project


@pytest.fixture
def made(template):
    return template({"a.txt": LINES, "b.txt": "b\n", "docs/c.md": "c\n"})


def change(made):
    return made.release(
        {"a.txt": LINES.replace("line 2\n", "theirs\n"), "b.txt": "new b\n", "d.txt": "d\n"}
    )


def test_dry_run_says_what_would_happen_and_changes_nothing(project, made):
    change(made)
    before = project.snapshot

    said = project.run("upgrade", "--dry-run")

    assert said.code == 0
    assert "would upgrade the template from v1.0.0 to v2.0.0" in said.out
    for line in ("updated  a.txt", "updated  b.txt", "added    d.txt"):
        assert line in said.out
    assert project.snapshot == before


def test_dry_run_of_a_conflict_has_its_exit_code(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    before = project.snapshot

    assert project.upgrade("--dry-run").code == 1
    assert project.snapshot == before


def test_dry_run_names_what_would_be_refused(project, made):
    change(made)
    project.write("d.txt", "mine\n", commit=False)

    said = project.run("upgrade", "--dry-run")

    assert said.code == 2
    assert "refused  d.txt" in said.out


def test_diff_prints_the_change_as_a_patch(project, made):
    change(made)
    before = project.snapshot

    said = project.run("upgrade", "--diff")

    assert "+theirs" in said.out
    assert "-line 2" in said.out
    assert project.snapshot == before


def test_saved_plan_is_what_happens(project, made, tmp_path):
    change(made)
    planned = project.upgrade("--plan", tmp_path / "plan.json")
    assert project.status == ""

    said = project.run("apply", tmp_path / "plan.json")

    assert said.code == 0, said.err
    assert planned.changes == {"a.txt": "updated", "b.txt": "updated", "d.txt": "added"}
    assert project.read("b.txt") == "new b\n"
    assert project.run("check").code == 0


def test_saved_plan_can_be_applied_and_committed(project, made, tmp_path):
    change(made)
    project.upgrade("--plan", tmp_path / "plan.json")

    said = project.run("apply", tmp_path / "plan.json", "--commit", "--json")

    assert said.json["commit"] == project.git("rev-parse", "HEAD")
    assert project.status == ""


def test_stale_plan_is_refused(project, made, tmp_path):
    change(made)
    project.upgrade("--plan", tmp_path / "plan.json")
    project.write("own.txt", "mine\n")
    before = project.snapshot

    said = project.run("apply", tmp_path / "plan.json", "--json")

    assert (said.code, said.refusal) == (2, "stale-plan")
    assert project.snapshot == before


def test_plan_of_a_spec_that_is_not_committed_is_what_happens(project, made, tmp_path):
    change(made)
    project.replace("scaffold.toml", "v1.0.0", "v2.0.0", commit=False)
    project.run("sync", "--plan", tmp_path / "plan.json")

    said = project.run("apply", tmp_path / "plan.json", "--commit")

    assert said.code == 0, said.err
    assert project.read("b.txt") == "new b\n"
    assert project.status == ""


def test_plan_of_a_spec_that_was_edited_again_is_refused(project, made, tmp_path):
    change(made)
    project.replace("scaffold.toml", "v1.0.0", "v2.0.0", commit=False)
    project.run("sync", "--plan", tmp_path / "plan.json")
    project.replace("scaffold.toml", "[template]", "# mine\n[template]", commit=False)
    before = project.snapshot

    said = project.run("apply", tmp_path / "plan.json", "--json")

    assert (said.code, said.refusal) == (2, "dirty")
    assert project.snapshot == before


def test_plan_for_a_branch_is_refused(project, made, tmp_path):
    change(made)

    said = project.upgrade("--plan", tmp_path / "plan.json", "--branch", "update")

    assert (said.code, said.refusal) == (2, "usage")
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 99}', '{"format": 1, "message": "x", "report": {}}']
)
def test_file_that_is_no_plan_is_refused(project, tmp_path, text):
    (tmp_path / "plan.json").write_text(text)

    assert project.run("apply", tmp_path / "plan.json").code == 2


def test_abort_undoes_all_of_it(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    before = project.snapshot
    assert project.upgrade().code == 1

    said = project.run("upgrade", "--abort")

    assert said.code == 0
    assert {k: v[:2] for k, v in project.snapshot.items()} == {k: v[:2] for k, v in before.items()}
    assert project.status == ""


def test_abort_with_nothing_to_undo_is_refused(project):
    said = project.run("upgrade", "--abort")

    assert said.code == 2
    assert "nothing to abort" in said.err


def test_continue_after_the_conflicts_are_decided(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    project.upgrade()
    project.write("a.txt", "decided\n", commit=False)
    project.git("add", "a.txt")

    said = project.run("upgrade", "--continue", "--commit")

    assert said.code == 0, said.err
    assert project.git("log", "-1", "--format=%s").startswith("Upgrade the template")
    assert project.status == ""


def test_continue_with_conflicts_left_is_refused(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    project.upgrade()

    said = project.run("upgrade", "--continue")

    assert said.code == 2
    assert "a.txt" in said.err


def test_second_upgrade_while_conflicts_are_open_is_refused(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    project.upgrade()
    made.release({"a.txt": "three\n"})
    before = project.snapshot

    said = project.upgrade()

    assert said.code == 2
    assert project.snapshot == before


def test_plain_git_commit_after_a_conflict_just_works(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    project.upgrade()
    project.write("a.txt", LINES, commit=False).commit("decided")

    assert project.upgrade().json["changes"] == []
    assert project.run("check").code == 0


def test_only_a_glob_upgrades_that_part_and_says_that_the_rest_is_behind(project, made):
    change(made)

    said = project.upgrade("--only", "a.txt", "--commit")

    assert said.code == 0, said.out
    assert said.changes == {"a.txt": "updated"}
    assert said.json["behind"] == ["b.txt", "d.txt"]
    assert project.read("b.txt") == "b\n"
    assert not project.has("d.txt")
    assert 'behind = ["b.txt", "d.txt"]' in project.read("scaffold.lock")
    assert project.run("check").code == 1


def test_the_rest_follows_with_the_next_upgrade(project, made):
    project.write("b.txt", "b\nmine\n")
    change(made)
    project.upgrade("--only", "a.txt", "--commit")

    said = project.upgrade("--commit")

    assert project.read("d.txt") == "d\n"
    assert "behind" not in project.read("scaffold.lock")
    assert said.json["behind"] == []
    assert said.json["message"].startswith("Bring the rest to v2.0.0\n")


def test_marks_after_only_name_no_version_for_lines_of_an_earlier_one(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    project.upgrade("--only", "b.txt", "--commit")

    assert project.upgrade().conflicts == ["a.txt"]
    assert "||||||| template before" in project.read("a.txt")


def test_only_something_that_does_not_exist_is_refused(project, made):
    change(made)

    assert project.upgrade("--only", "nosuch*").refusal == "no-such-part"


def test_commit_makes_one_commit_and_leaves_a_clean_tree(project, made):
    change(made)
    before = project.git("rev-list", "--count", "HEAD")

    said = project.upgrade("--commit")

    assert int(project.git("rev-list", "--count", "HEAD")) == int(before) + 1
    assert said.json["commit"] == project.git("rev-parse", "HEAD")
    assert project.status == ""


def test_commit_does_not_take_what_was_staged_by_hand(project, made):
    change(made)
    project.write("own.txt", "mine\n", commit=False)
    project.git("add", "own.txt")
    before = project.snapshot

    assert project.upgrade("--commit").refusal == "staged-changes"
    assert project.snapshot == before


@pytest.mark.parametrize("wish", [("--commit",), ("--branch", "update")])
def test_machine_whose_git_knows_no_user_can_commit(project, made, home, wish):
    change(made)
    (home / ".gitconfig").write_text("")

    said = project.upgrade(*wish)

    assert said.code == 0, said.out
    author = project.git("log", "-1", "--format=%an", said.json["commit"])
    assert author == "scaffold"


def test_commit_with_conflicts_makes_no_commit(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    head = project.git("rev-parse", "HEAD")

    assert project.upgrade("--commit").code == 1
    assert project.git("rev-parse", "HEAD") == head


def test_branch_gets_the_commit_and_the_work_tree_stays(project, made):
    change(made)
    project.write("a.txt", "dirty, and that is fine\n", commit=False)
    before = project.snapshot

    said = project.upgrade("--branch", "template-update")

    assert said.code == 0, said.out
    after = project.snapshot
    assert before.pop(":refs") != after.pop(":refs")
    assert after == before
    assert project.git("show", "template-update:b.txt") == "new b"
    assert "v2.0.0" in project.git("show", "template-update:scaffold.lock")


def test_branch_that_exists_is_refused(project, made):
    change(made)
    project.git("branch", "taken")
    before = project.snapshot

    assert project.upgrade("--branch", "taken").refusal == "branch-exists"
    assert project.snapshot == before


@pytest.mark.parametrize("name", ["-x", "HEAD", "refs/heads/x", "@{-1}", "a..b"])
def test_branch_that_git_would_not_name_so_is_refused(project, made, name):
    change(made)
    before = project.snapshot

    assert project.upgrade(f"--branch={name}").refusal == "branch-name"
    assert project.snapshot == before


def test_branch_that_cannot_be_written_is_not_said_to_exist(project, made):
    change(made)
    place = project.path / ".git" / "refs" / "heads"
    place.chmod(0o555)
    try:
        as_ordinary_user(lambda: refused_branch(project))
    finally:
        place.chmod(0o755)


def refused_branch(project: Project) -> None:
    said = project.run("upgrade", "--branch", "update")
    assert said.err.startswith("error: the branch update cannot be made: ")
    assert "Permission denied" in said.err
    assert project.upgrade("--branch", "update").refusal == "unwritable"


def test_branch_with_conflicts_has_them_marked_and_listed(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    before = project.snapshot

    said = project.upgrade("--branch", "update")

    assert said.code == 1
    assert said.json["branch"] == "update"
    assert "<<<<<<< yours\nmine\n" in project.git("show", "update:a.txt")
    assert "## To decide\n\n- `a.txt`: " in said.json["pull_request"]["body"]
    assert "To decide:\n- a.txt: " in project.git("log", "-1", "--format=%B", "update")
    assert {**project.snapshot, ":refs": ""} == {**before, ":refs": ""}


def test_branch_with_conflicts_is_decided_with_git_alone(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    said = project.run("upgrade", "--branch", "update")
    project.git("switch", "-q", "update")

    assert "next: git switch update" in said.out
    assert project.run("check", "--json").json["conflicts"] == ["a.txt"]
    project.write("a.txt", LINES.replace("line 2", "mine"))
    assert project.run("check").code == 0
    assert project.upgrade().json["changes"] == []


def test_conflict_marks_in_a_file_that_the_project_moved_are_found(project, made):
    project.edit("a.txt", line=2, to="mine")
    project.move("a.txt", to="moved/a.txt")
    change(made)
    project.upgrade("--branch", "update")
    project.git("switch", "-q", "update")

    assert project.run("check", "--json").json["conflicts"] == ["moved/a.txt"]


def test_conflict_marks_that_are_not_of_an_upgrade_are_no_conflict(project):
    project.write("docs.md", "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n")

    assert project.run("check", "--json").json["conflicts"] == []


def test_json_is_one_document_with_stable_keys(project, made):
    change(made)

    document = json.loads(project.upgrade().out)

    assert {
        "command",
        "from",
        "to",
        "changes",
        "conflicts",
        "notes",
        "exit_code",
    } <= document.keys()
    assert {each["path"]: each["code"] for each in document["changes"]}[
        "a.txt"
    ] == "template-changed"


def test_branch_beside_an_upgrade_that_waits_gets_what_is_committed(project, made):
    change(made)
    project.upgrade()

    said = project.upgrade("--branch", "template")

    assert said.code == 0
    assert project.git("show", "template:b.txt") == "new b"


def test_branch_leaves_out_an_edit_of_the_spec_that_is_not_committed(project, made):
    change(made)
    project.write("scaffold.toml", project.read("scaffold.toml") + "# mine\n", commit=False)

    project.upgrade("--branch", "template")

    assert "# mine" not in project.git("show", "template:scaffold.toml")


def test_sync_on_a_branch_takes_the_spec_as_it_lies_there(project, made):
    change(made)
    project.replace("scaffold.toml", "v1.0.0", "v2.0.0", commit=False)

    assert project.run("sync", "--branch", "template").code == 0
    assert 'version = "v2.0.0"' in project.git("show", "template:scaffold.lock")


def test_second_change_waits_for_the_commit_of_the_first(project, made):
    change(made)
    project.upgrade()
    before = project.snapshot

    for command in ("upgrade", "sync", "upgrade --dry-run", "set project_slug=other"):
        assert project.run(*command.split(), "--json").refusal == "pending"
    assert project.snapshot == before


def test_plan_of_another_project_waits_too(make_project, made):
    """The journal is the work tree's: what another operation forgot could not be aborted any more."""
    project = make_project(made)
    change(made)
    project.run("upgrade", "--plan", "../plan")
    project.upgrade()
    before = project.snapshot

    assert project.run("apply", "../plan", "--json").refusal == "pending"
    assert project.snapshot == before
    assert project.run("upgrade", "--abort").code == 0


def test_abort_leaves_staged_what_somebody_staged_since(project, made):
    change(made)
    project.upgrade()
    project.write("own.txt", "staged\n", commit=False).git("add", "own.txt")
    project.write("own.txt", "and edited\n", commit=False)

    assert project.run("upgrade", "--abort").code == 0
    assert project.status == "AM own.txt"
    assert project.git("show", ":own.txt") == "staged"


def test_sync_that_changed_no_version_and_was_committed_on_another_branch_waits_for_nothing(
    project, made
):
    project.git("switch", "-q", "-c", "other")
    project.write("scaffold.toml", "# mine\n" + project.read("scaffold.toml"), commit=False)
    assert project.run("sync").code == 0
    project.commit()
    project.git("switch", "-q", "-")
    change(made)

    assert project.run("upgrade", "--abort", "--json").refusal == "nothing-pending"
    assert project.upgrade().code == 0


def test_continue_with_marks_left_is_refused(project, made):
    project.edit("a.txt", line=2, to="mine")
    change(made)
    project.upgrade()
    project.git("add", "a.txt")

    said = project.run("upgrade", "--continue")

    assert said.code == 2
    assert "still in conflict: a.txt" in said.err


@pytest.mark.parametrize("undo", ["reset -q --hard", "stash -q"])
def test_change_that_git_took_back_is_nothing_to_abort(project, made, undo):
    change(made)
    project.upgrade()
    project.git(*undo.split())
    project.edit("a.txt", line=3, to="mine", commit=False)

    assert project.run("check", "--json").json["pending"] is False
    assert project.run("upgrade", "--abort", "--json").refusal == "nothing-pending"
    assert "mine" in project.read("a.txt")


def test_change_that_came_back_from_the_stash_can_be_aborted(project, made):
    change(made)
    project.upgrade()
    project.git("stash", "-q")
    project.git("stash", "pop", "-q", "--index")

    assert project.run("upgrade", "--abort").code == 0
    assert project.status == ""


def test_commits_are_signed_where_git_signs(project, made, tmp_path):
    signing(project, tmp_path, 'cat >/dev/null; echo "[GNUPG:] SIG_CREATED " >&2; echo signature')
    change(made)

    project.upgrade("--branch", "template")
    project.upgrade("--commit")

    for commit in ("template", "HEAD"):
        assert "gpgsig signature" in project.git("cat-file", "commit", commit)


def test_commit_that_cannot_be_signed_is_undone(project, made, tmp_path):
    signing(project, tmp_path, "echo no secret key >&2; exit 2")
    change(made)
    before = project.snapshot

    said = project.run("upgrade", "--commit")

    assert "git could not sign the commit" in said.err
    assert {k: v[:2] for k, v in project.snapshot.items()} == {k: v[:2] for k, v in before.items()}


def signing(project, folder, script):
    """Let git sign by a program of these words."""
    program = folder / "gpg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    project.git("config", "commit.gpgSign", "true")
    project.git("config", "gpg.program", str(program))


def test_saved_plan_is_named_beside_a_patch(project, made, tmp_path):
    change(made)

    said = project.run("upgrade", "--diff", "--plan", tmp_path / "a plan.json")

    assert said.out.startswith("diff --git ")
    assert f"the plan is saved; next: scaffold apply '{tmp_path}/a plan.json'" in said.err


def test_applied_plan_says_what_comes_next(project, made, tmp_path):
    change(made)
    project.upgrade("--plan", tmp_path / "plan.json")

    said = project.run("apply", tmp_path / "plan.json")

    assert said.out.splitlines()[-2:] == [
        "next: look at it (git diff --cached), then git commit",
        "      or take everything back: scaffold upgrade --abort",
    ]


def test_scaffolds_own_files_change_for_reasons_of_their_own(project, made):
    change(made)

    said = project.upgrade("--dry-run")

    reasons = {each["path"]: each["reason"] for each in said.json["changes"]}
    assert reasons["scaffold.toml"] == "says what the project wants"
    assert reasons["scaffold.lock"] == "says what is applied"


def test_branch_below_one_that_exists(project, made):
    change(made)
    project.git("branch", "foo")

    said = project.run("upgrade", "--branch", "foo/bar")

    assert said.code == 2
    assert said.err.startswith("error: the branch foo exists, so there can be no foo/bar\n")


def test_one_is_no_plural(project, made):
    made.release({"a.txt": LINES.replace("line 2\n", "theirs\n")})
    project.edit("a.txt", line=2, to="mine")
    project.run("upgrade")
    project.write("a.txt", LINES, commit=False)
    project.git("add", "a.txt")

    assert project.run("upgrade", "--continue").out.startswith("1 conflict decided\n")
