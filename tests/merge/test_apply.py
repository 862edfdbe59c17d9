"""What applying an outcome does to a work tree, and when it is refused."""

from __future__ import annotations

import pytest
from merging import LABELS, Project, tree

from scaffold import apply
from scaffold.errors import ScaffoldError
from scaffold.git import Git
from scaffold.merge import merge
from scaffold.tree import File

TEXT = "".join(f"line {number}\n" for number in range(12))
NEW = TEXT.replace("line 9", "new")
MINE = TEXT.replace("line 1\n", "mine\n")


def outcome_of(project: Project, base, theirs, **keywords):
    return merge(
        project.git,
        base=tree(base),
        theirs=tree(theirs),
        head=project.head,
        labels=LABELS,
        **keywords,
    )


def codes(project: Project, outcome) -> dict[str, str]:
    return {refusal.path: refusal.code for refusal in apply.refusals(project.git, outcome)}


def test_result_is_staged_and_in_the_work_tree(project, upgraded):
    upgraded({"a": TEXT, "b": "1\n"}, {"a": MINE, "b": "1\n"}, {"a": NEW, "c/d": "2\n"})

    assert project.status() == ["M  a", "D  b", "A  c/d"]
    assert project.read("a") == MINE.replace("line 9", "new")
    assert project.read("c/d") == "2\n"


def test_conflict_is_an_ordinary_one_of_gits(project, upgraded):
    upgraded({"a": "1\n", "b": "1\n"}, {"a": "mine\n", "b": "mine\n"}, {"a": "new\n"})

    assert project.status() == ["UU a", "UD b"]
    assert project.run("show", ":1:a", ":2:a", ":3:a") == "1\nmine\nnew\n"
    assert project.read("b") == "mine\n"


def test_conflict_is_decided_and_committed_as_always(project, upgraded):
    upgraded({"a": "1\n"}, {"a": "mine\n"}, {"a": "new\n"})
    with pytest.raises(ScaffoldError, match="still in conflict: a"):
        apply.continue_(project.git)
    project.write({"a": "both\n"})
    project.run("add", "a")

    assert apply.continue_(project.git) == ("a",)
    assert apply.pending(project.git) is None
    project.run("commit", "--quiet", "--message", "upgrade")
    assert project.status() == []


def test_dirty_file_that_the_change_touches_is_refused(project, merged):
    outcome = merged({"a": "1\n"}, {"a": "1\n", "own": "1\n"}, {"a": "2\n"})
    project.write({"a": "dirty\n"})

    assert codes(project, outcome) == {"a": "dirty"}
    with pytest.raises(ScaffoldError, match="a has changes that are not committed"):
        apply.apply(project.git, outcome)
    assert project.read("a") == "dirty\n"


def test_staged_file_is_refused_too(project, merged):
    outcome = merged({"a": "1\n"}, {"a": "1\n"}, {"a": "2\n"})
    project.write({"a": "staged\n"})
    project.run("add", "a")

    assert codes(project, outcome) == {"a": "dirty"}


def test_other_dirty_files_are_nobodys_business(project, merged):
    outcome = merged({"a": "1\n"}, {"a": "1\n", "own": "1\n"}, {"a": "2\n"})
    project.write({"own": "dirty\n", "untracked": "x\n"})

    apply.apply(project.git, outcome)

    assert project.status() == ["M  a", " M own", "?? untracked"]


@pytest.mark.parametrize(("exclude", "code"), [("", "untracked"), (".env\n", "ignored")])
def test_file_in_the_way_is_refused_and_named(project, merged, exclude, code):
    outcome = merged({}, {"own": "1\n"}, {".env": "EXAMPLE=\n"})
    (project.folder / ".git" / "info" / "exclude").write_text(exclude)
    project.write({".env": "SECRET=1\n"})

    assert codes(project, outcome) == {".env": code}
    with pytest.raises(ScaffoldError, match=r"\.env is"):
        apply.apply(project.git, outcome)
    assert project.read(".env") == "SECRET=1\n"


def test_untracked_link_is_not_written_through(project, merged, tmp_path):
    outcome = merged({}, {"own": "1\n"}, {"docs/a": "new\n"})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project.folder / "docs").symlink_to(elsewhere)

    assert codes(project, outcome) == {"docs": "symlink"}
    assert list(elsewhere.iterdir()) == []


def test_untracked_file_where_a_folder_is_needed(project, merged):
    outcome = merged({}, {"own": "1\n"}, {"docs/a": "new\n"})
    project.write({"docs": "mine\n"})

    assert codes(project, outcome) == {"docs": "untracked"}


def test_merge_under_way_is_refused(project, merged):
    outcome = merged({"a": "1\n"}, {"a": "1\n"}, {"a": "2\n"})
    (project.folder / ".git" / "MERGE_HEAD").write_text(project.head + "\n")

    with pytest.raises(ScaffoldError, match="a merge is under way"):
        apply.apply(project.git, outcome)


def test_plan_for_another_commit_is_stale(project, merged):
    outcome = merged({"a": "1\n"}, {"a": "1\n"}, {"a": "2\n"})
    project.commit()

    with pytest.raises(ScaffoldError, match="stale"):
        apply.apply(project.git, outcome)


def test_permissions_that_somebody_set_stay(project, merged):
    outcome = merged({"a": "1\n"}, {"a": "1\n"}, {"a": "2\n"})
    (project.folder / "a").chmod(0o640)

    apply.apply(project.git, outcome)

    assert (project.folder / "a").stat().st_mode & 0o777 == 0o640


def test_folder_that_becomes_empty_goes(project, upgraded):
    upgraded({"deep/er/a": "1\n"}, {"deep/er/a": "1\n", "own": "1\n"}, {})

    assert not project.exists("deep")


def test_folder_with_an_own_file_stays(project, upgraded):
    upgraded({"deep/a": "1\n"}, {"deep/a": "1\n", "deep/own": "1\n"}, {})

    assert project.read("deep/own") == "1\n"


@pytest.mark.parametrize("setting", ["core.autocrlf=true", "core.eol=crlf"])
def test_line_ends_in_the_work_tree_are_as_git_writes_them(project, merged, setting):
    attributes = {".gitattributes": "* text=auto\n"} if "eol" in setting else {}
    outcome = merged({"a": "1\n"}, {"a": "1\n", **attributes}, {"a": "2\n", "b": "3\n"})
    project.run("config", *setting.split("="))

    apply.apply(project.git, outcome)

    assert (project.folder / "a").read_bytes() == b"2\r\n"
    assert (project.folder / "b").read_bytes() == b"3\r\n"
    assert project.run("show", ":a", ":b") == "2\n3\n"
    assert project.run("diff", "--name-only") == ""


def test_index_has_the_line_ends_that_git_would_have_stored(project, upgraded):
    attributes = {".gitattributes": "*.bat text eol=crlf\n"}

    upgraded({}, attributes, {**attributes, "new.bat": "a\r\nb\r\n", "new.bin": "a\r\n"})

    assert project.run("show", ":new.bat") == "a\nb\n"
    assert (project.folder / "new.bat").read_bytes() == b"a\r\nb\r\n"
    assert (project.folder / "new.bin").read_bytes() == b"a\r\n"
    assert project.run("diff", "--name-only") == ""


def test_first_files_of_a_repository_without_a_commit(project):
    outcome = merge(project.git, base={}, theirs=tree({"a": "1\n"}), head="")

    apply.apply(project.git, outcome)

    assert project.status() == ["A  a"]
    apply.abort(project.git)
    assert project.status() == []


def test_folder_of_a_monorepo_with_dirty_siblings(project):
    project.write({"sub/a": "1\n", "other/a": "1\n"})
    project.commit()
    project.write({"other/a": "dirty\n"})
    outcome = outcome_of(project, {"a": "1\n"}, {"a": "2\n"}, prefix="sub")

    apply.apply(Git(project.folder / "sub"), outcome)

    assert project.status() == [" M other/a", "M  sub/a"]


def test_linked_work_tree_has_a_journal_of_its_own(project, tmp_path):
    project.write({"a": "1\n"})
    project.commit()
    project.run("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = Project(tmp_path / "linked")
    outcome = outcome_of(linked, {"a": "1\n"}, {"a": "2\n"})

    apply.apply(linked.git, outcome)

    assert linked.status() == ["M  a"]
    assert apply.pending(project.git) is None
    apply.abort(linked.git)
    assert linked.status() == []


def test_shallow_clone(project, tmp_path):
    for text in (TEXT, MINE):
        project.write({"a": text})
        project.commit()
    project.run(
        "clone", "--quiet", "--depth", "1", project.folder.as_uri(), str(tmp_path / "shallow")
    )
    shallow = Project(tmp_path / "shallow")

    apply.apply(shallow.git, outcome_of(shallow, {"a": TEXT}, {"a": NEW}))

    assert shallow.read("a") == MINE.replace("line 9", "new")


def test_branch_of_a_bare_clone(project, tmp_path):
    project.write({"a": TEXT, "sub/b": "1\n"})
    project.commit()
    project.run("clone", "--quiet", "--bare", project.folder.as_uri(), str(tmp_path / "bare"))
    bare = Project(tmp_path / "bare")
    for key, value in (("user.name", "A"), ("user.email", "a@example.org")):
        bare.run("config", key, value)
    outcome = outcome_of(bare, {"a": TEXT}, {"a": NEW})

    commit = apply.to_branch(bare.git, outcome, "upgrade", "Upgrade")

    assert bare.run("log", "--format=%H %s", "-1", "upgrade") == f"{commit} Upgrade\n"
    assert bare.run("diff", "--name-only", "main", "upgrade") == "a\n"
    with pytest.raises(ScaffoldError, match="the branch upgrade exists"):
        apply.to_branch(bare.git, outcome, "upgrade", "Upgrade")


def test_branch_leaves_a_dirty_work_tree_alone(project, merged):
    outcome = merged({"a": "1\n"}, {"a": "1\n"}, {"a": "2\n"})
    project.write({"a": "dirty\n"})
    before = project.snapshot()

    apply.to_branch(project.git, outcome, "upgrade", "Upgrade")

    assert project.snapshot() == before


def test_branch_with_conflicts_has_them_with_their_marks(project, merged):
    outcome = merged({"a": "1\n"}, {"a": "mine\n"}, {"a": "new\n"})

    apply.to_branch(project.git, outcome, "upgrade", "Upgrade")

    marked = project.run("show", "upgrade:a")
    assert marked.startswith("<<<<<<< yours\nmine\n")
    assert project.read("a") == "mine\n"


def test_abort_after_a_commit_is_refused(project, upgraded):
    upgraded({"a": "1\n"}, {"a": "1\n"}, {"a": "2\n"})
    project.run("commit", "--quiet", "--message", "upgrade")

    with pytest.raises(ScaffoldError, match="commits were made since"):
        apply.abort(project.git)


def test_abort_names_what_was_edited_since(project, upgraded):
    upgraded({"a": "1\n"}, {"a": "mine\n"}, {"a": "new\n"})
    project.write({"a": "decided\n"})

    undone = apply.abort(project.git)

    assert project.read("a") == "mine\n"
    assert project.run("cat-file", "-p", undone.saved["a"]) == "decided\n"


def test_link_of_the_template_is_a_link(project, upgraded):
    upgraded({}, {"own": "1\n"}, {"link": File(b"own", "120000")})

    assert (project.folder / "link").readlink().name == "own"
    assert project.status() == ["A  link"]
