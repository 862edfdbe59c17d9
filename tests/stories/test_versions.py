"""Which version an upgrade goes to, and what it says of the way there."""

import pytest
from story import LINES, git, scaffold


@pytest.fixture
def made(template):
    return template({"a.txt": "one\n"}, "v1.0.0")


def test_upgrade_goes_to_the_newest_release(project, made):
    made.release({"a.txt": "ten\n"}, "v1.10.0").release({"a.txt": "nine\n"}, "v1.9.0")

    said = project.upgrade()

    assert said.json["to"]["version"] == "v1.10.0"
    assert project.read("a.txt") == "ten\n"
    assert 'version = "v1.10.0"' in project.read("scaffold.toml")


def test_upgrade_goes_to_the_version_that_is_named(project, made):
    made.release({"a.txt": "two\n"}, "v2.0.0").release({"a.txt": "three\n"}, "v3.0.0")

    assert project.upgrade("--to", "v2.0.0").code == 0
    assert project.read("a.txt") == "two\n"


def test_upgrade_goes_back_too(project, made):
    made.release({"a.txt": "two\n"}, "v2.0.0")
    project.upgrade("--commit")

    assert project.upgrade("--to", "v1.0.0").code == 0
    assert project.read("a.txt") == "one\n"


def test_prerelease_is_not_the_newest(project, made):
    made.release({"a.txt": "two\n"}, "v2.0.0rc1")

    assert project.upgrade().json["changes"] == []


def test_upgrade_does_not_go_back_to_a_prerelease(project, made):
    made.release({"a.txt": "candidate\n"}, "v2.0.0-RC1").release({"a.txt": "two\n"}, "v2.0.0")
    project.upgrade("--to", "v2.0.0", "--commit")

    assert project.run("check").code == 0
    assert project.upgrade().json["changes"] == []


def test_again_does_nothing(project, made):
    made.release({"a.txt": "two\n"})
    project.upgrade("--commit")
    before = project.snapshot

    said = project.run("upgrade")

    assert said.code == 0
    assert said.out.startswith("nothing to do")
    assert project.snapshot == before


def test_unknown_version_is_refused(project):
    before = project.snapshot

    said = project.run("upgrade", "--to", "v9.9.9")

    assert said.code == 2
    assert said.err == (
        "error: the template has no version v9.9.9\n"
        "hint: the newest is v1.0.0; `scaffold list --versions` has all\n"
    )
    assert project.snapshot == before


def test_template_without_tags_follows_its_default_branch(make_project, template):
    made = template({"a.txt": "one\n"}, "-")
    project = make_project(made)
    made.release({"a.txt": "two\n"}, "-")

    said = project.upgrade()

    assert said.json["to"]["commit"] == made.head
    assert project.read("a.txt") == "two\n"


def test_project_on_a_branch_follows_that_branch(make_project, made):
    git(made.path, "checkout", "-q", "-b", "next")
    made.release({"a.txt": "next\n"}, "-")
    project = make_project(made, "--ref", "next")
    made.release({"a.txt": "later\n"}, "-")
    git(made.path, "checkout", "-q", "main")
    made.release({"a.txt": "released\n"}, "v5.0.0")

    project.upgrade()

    assert project.read("a.txt") == "later\n"
    assert 'version = "next"' in project.read("scaffold.toml")


def test_upgrade_to_a_commit(project, made):
    made.release({"a.txt": "two\n"}, "-")

    assert project.upgrade("--to", made.head).code == 0
    assert project.read("a.txt") == "two\n"


def test_three_versions_in_two_steps_are_the_same_as_in_one(make_project, made):
    slow, fast = make_project(made, name="slow"), make_project(made, name="fast")
    made.release({"a.txt": "two\n", "b.txt": LINES}, "v2.0.0")
    made.release({"a.txt": "three\n", "b.txt": LINES + "more\n"}, "v3.0.0")

    slow.upgrade("--to", "v2.0.0", "--commit")
    slow.upgrade("--commit")
    fast.upgrade("--commit")

    assert slow.git("rev-parse", "HEAD^{tree}") == fast.git("rev-parse", "HEAD^{tree}")


def test_unedited_project_is_exactly_a_fresh_render(make_project, made):
    project = make_project(made)
    made.release({"a.txt": "two\n", "bin/x": "x"}, "v2.0.0", modes={"bin/x": 0o755})
    project.upgrade("--commit")

    fresh = make_project(made, name="fresh")

    listed = project.git("ls-tree", "-r", "HEAD").splitlines()
    assert listed == fresh.git("ls-tree", "-r", "HEAD").splitlines()


def test_release_notes_are_in_the_commit_and_the_pull_request(project, made):
    made.release({"a.txt": "two\n"}, "v2.0.0", message="Faster start")
    made.release({"a.txt": "three\n"}, "v3.0.0", message="Safer stop")

    said = project.upgrade("--commit")

    log = project.git("log", "-1", "--format=%B")
    assert log.startswith("Upgrade the template from v1.0.0 to v3.0.0")
    assert "Faster start" in log
    assert "Safer stop" in log
    assert "## v3.0.0" in said.json["pull_request"]["body"]
    assert [each["version"] for each in said.json["release_notes"]] == ["v3.0.0", "v2.0.0"]


def test_release_notes_keep_their_lines(project, made):
    notes = "- Faster start\n- Safer stop,\n  also by hand"
    made.release({"a.txt": "two\n"}, "v2.0.0", message=notes)

    said = project.upgrade("--commit")

    assert [each["text"] for each in said.json["release_notes"]] == [notes]
    told = "v2.0.0:\n  - Faster start\n  - Safer stop,\n    also by hand\n"
    assert told in project.git("log", "-1", "--format=%B")


def test_release_notes_cannot_drive_a_terminal(project, made):
    made.release({"a.txt": "two\n"}, "v2.0.0", message="bad \x1b[2J news")

    project.upgrade("--commit")

    assert "\x1b" not in project.git("log", "-1", "--format=%B")


def test_list_shows_versions_newest_first(project, made):
    made.release({}, "v1.2.0").release({}, "v1.10.0")

    rows = project.run("list", "--versions", "--json").json["versions"]

    assert [row["version"] for row in rows] == ["v1.10.0", "v1.2.0", "v1.0.0"]


def test_list_says_what_is_new_since_a_version(project, made):
    made.release({}, "v2.0.0", message="Faster start", shape="round")

    said = project.run("list", "--new-since", "v1.0.0")

    assert "Faster start" in said.out
    assert "new question: shape" in said.out


def test_template_moved_to_another_address(project, made, tmp_path):
    made.release({"a.txt": "two\n"}, "v2.0.0")
    moved = tmp_path / "moved"
    made.path.rename(moved)

    said = project.upgrade("--template", moved)

    assert said.code == 0, said.out
    assert project.read("a.txt") == "two\n"
    assert str(moved) in project.read("scaffold.toml")


def test_offline_upgrade_of_a_local_template_works(project, made):
    made.release({"a.txt": "two\n"}, "v2.0.0")

    assert project.upgrade("--offline").code == 0


def test_network_down_is_one_line(make_project, made):
    project = make_project(made)
    project.replace("scaffold.toml", str(made.path), "https://localhost:1/nothing.git")
    before = project.snapshot

    said = project.run("upgrade")

    assert said.code == 2
    assert said.err.count("\n") <= 2
    assert "cannot be read" in said.err
    assert project.snapshot == before


def test_directory_inside_a_template_repository(tmp_path, template):
    made = template({"a.txt": "outer\n"})
    inner = made.path / "inner" / "{{cookiecutter.project_slug}}"
    inner.mkdir(parents=True)
    (inner / "a.txt").write_text("inner\n")
    (made.path / "inner" / "cookiecutter.json").write_text('{"project_slug": "p"}')
    made.release({}, "v2.0.0")

    said = scaffold("new", tmp_path / "p", "--template", made.path, "--directory", "inner", "--yes")

    assert said.code == 0, said.err
    assert (tmp_path / "p" / "a.txt").read_text() == "inner\n"
    assert 'directory = "inner"' in (tmp_path / "p" / "scaffold.toml").read_text()


def test_release_before_what_is_applied_is_no_upgrade(make_project, made):
    made.release({"new.txt": "unreleased\n"}, "-")
    project = make_project(made, "--ref", made.head)
    before = project.snapshot

    assert project.run("check").code == 0
    assert project.upgrade().json["changes"] == []
    assert project.snapshot == before


def test_prerelease_is_not_left_for_the_release_before_it(make_project, made):
    made.release({"a.txt": "two\n"}, "v2.0.0rc1")
    project = make_project(made, "--ref", "v2.0.0rc1")

    assert project.run("check").out.startswith("up to date: v2.0.0rc1")
    assert project.upgrade().json["changes"] == []


def test_release_after_what_is_applied_is_an_upgrade(make_project, made):
    made.release({"new.txt": "unreleased\n"}, "-")
    project = make_project(made, "--ref", made.head)
    made.release({"a.txt": "two\n"}, "v2.0.0")

    assert project.run("check").code == 1
    assert project.upgrade().json["to"]["version"] == "v2.0.0"


def test_check_knows_what_a_project_on_a_branch_follows(make_project, made):
    git(made.path, "checkout", "-q", "-b", "next")
    made.release({"a.txt": "next\n"}, "-")
    project = make_project(made, "--ref", "next")
    git(made.path, "tag", "v9.0.0", "main")

    assert project.run("check").out.startswith("up to date: next")
    made.release({"a.txt": "later\n"}, "-")
    assert project.run("check").code == 1


def test_check_says_that_a_followed_branch_is_gone(make_project, made):
    git(made.path, "checkout", "-q", "-b", "next")
    made.release({"a.txt": "next\n"}, "-")
    project = make_project(made, "--ref", "next")
    git(made.path, "branch", "-q", "-m", "next", "later")

    assert project.run("check", "--json").refusal == "unknown-version"
    assert project.upgrade().refusal == "unknown-version"


def test_tag_that_moved_is_told_with_both_commits(project, made):
    before = made.head[:12]
    made.release({"b.txt": "new\n"}, "-")
    git(made.path, "tag", "-f", "v1.0.0")

    moved = f"v1.0.0, which moved from {before} to {made.head[:12]}"
    assert f"behind: {moved}" in project.run("check").out
    assert project.run("upgrade").out.startswith(f"follow the template's {moved}\n")


def test_news_are_in_the_order_of_versions_and_called_as_their_tags(project, made):
    for version in ("v1.9.0", "v1.10.0", "nightly", "v2.0.0-rc1", "v2.0.0"):
        made.release({}, version)
    git(made.path, "branch", "v2.0.0")

    said = project.run("list", "--new-since", "v1.0.0", "--json")

    told = [each["version"] for each in said.json["release_notes"]]
    assert said.json["command"] == "list"
    assert told == ["v2.0.0", "v2.0.0-rc1", "v1.10.0", "v1.9.0", "nightly"]


def test_news_of_scaffolds_own_template_are_those_of_its_releases_in_a_checkout_too(tmp_path):
    said = scaffold("list", "--new-since", "v0.1.0", "--json", at=tmp_path)

    told = [each["version"] for each in said.json["release_notes"]]
    assert told[-1] == "v0.2.0"
