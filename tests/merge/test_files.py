"""Which file is where after a merge, and what is said of it."""

from __future__ import annotations

import os
import shutil

import pytest
from merging import told, tree

from scaffold.errors import ScaffoldError
from scaffold.merge import Policy, merge
from scaffold.tree import File

LINES = [f"line {number}" for number in range(12)]
TEXT = "\n".join(LINES) + "\n"


def edited(line: int, to: str, text: str = TEXT) -> str:
    return text.replace(f"line {line}\n", f"{to}\n")


def test_file_that_nobody_changed_is_not_spoken_of(merged):
    assert merged({"a": "1\n"}, {"a": "1\n"}, {"a": "1\n"}).changes == {}


def test_new_file_of_the_template_is_added(merged):
    outcome = merged({}, {"own": "x\n"}, {"a": File(b"new\n", "100755")})

    assert told(outcome.changes["a"]) == ("added", "template-added")
    assert outcome.changes["a"].after == File(b"new\n", "100755")


def test_unchanged_file_becomes_the_new_render(merged):
    outcome = merged({"a": "1\n"}, {"a": "1\n"}, {"a": "2"})

    assert told(outcome.changes["a"]) == ("updated", "template-changed")
    assert outcome.changes["a"].after == File(b"2")


def test_edits_in_different_places_are_merged(merged):
    outcome = merged({"a": TEXT}, {"a": edited(1, "mine")}, {"a": edited(9, "new")})

    assert told(outcome.changes["a"]) == ("merged", "both-changed")
    assert outcome.changes["a"].after == File(edited(9, "new", edited(1, "mine")).encode())


def test_executable_bit_of_one_side_meets_the_text_of_the_other(merged):
    outcome = merged({"a": TEXT}, {"a": File(TEXT.encode(), "100755")}, {"a": edited(9, "new")})

    assert outcome.changes["a"].after == File(edited(9, "new").encode(), "100755")


def test_template_deletes_a_file_that_nobody_changed(merged):
    outcome = merged({"a": "1\n"}, {"a": "1\n"}, {})

    assert told(outcome.changes["a"]) == ("deleted", "template-deleted")


def test_deleted_file_stays_deleted_and_is_told(merged):
    outcome = merged({"a": "1\n"}, {"own": "x\n"}, {"a": "2\n"})

    assert told(outcome.changes["a"]) == ("kept-deleted", "you-deleted")
    assert outcome.changes["a"].is_told
    assert outcome.is_empty


def test_deleted_file_that_the_template_renames_stays_deleted(merged):
    outcome = merged({"a": TEXT}, {"own": "x\n"}, {"b": TEXT})

    assert [told(change) for change in outcome.changes.values()] == [
        ("kept-deleted", "you-deleted")
    ]
    assert outcome.is_empty


def test_deletion_that_the_template_does_not_touch_is_not_spoken_of(merged):
    assert merged({"a": "1\n"}, {"own": "x\n"}, {"a": "1\n"}).changes == {}


def test_edited_file_that_the_template_deletes_is_kept_for_a_person(merged):
    outcome = merged({"a": "1\n"}, {"a": "mine\n"}, {})

    change = outcome.changes["a"]
    assert told(change) == ("kept", "template-deleted")
    assert change.after == File(b"mine\n")
    assert sorted(change.stages) == [1, 2]


def test_change_follows_a_file_that_the_user_moved(merged):
    outcome = merged({"a": TEXT}, {"deep/b": TEXT}, {"a": edited(9, "new")})

    change = outcome.changes["deep/b"]
    assert told(change) == ("moved", "you-moved")
    assert (change.origin, change.after) == ("a", File(edited(9, "new").encode()))
    assert "a" not in outcome.changes


def test_edit_follows_a_file_that_the_template_renamed(merged):
    outcome = merged({"a": TEXT}, {"a": edited(1, "mine")}, {"b": edited(9, "new")})

    assert told(outcome.changes["b"])[1] == "template-moved"
    assert outcome.changes["b"].after == File(edited(9, "new", edited(1, "mine")).encode())
    assert outcome.changes["a"].after is None


def test_file_that_both_sides_moved_stays_where_the_user_moved_it(merged):
    outcome = merged({"a": TEXT}, {"mine": edited(1, "mine")}, {"theirs": edited(9, "new")})

    assert told(outcome.changes["mine"]) == ("moved", "both-moved")
    assert outcome.changes["mine"].after == File(edited(9, "new", edited(1, "mine")).encode())
    assert told(outcome.changes["theirs"]) == ("kept-deleted", "moved-apart")


def test_new_file_follows_a_folder_that_the_user_renamed(merged):
    base = {f"old/{name}.py": TEXT + name for name in "abc"}
    ours = {f"new/{name}.py": TEXT + name for name in "abc"}

    outcome = merged(base, ours, {**base, "old/d.py": "d\n"})

    assert told(outcome.changes["new/d.py"]) == ("moved", "you-moved-folder")
    assert "old/d.py" not in outcome.changes


def test_own_file_stays_in_a_folder_that_the_template_renamed(merged):
    base = {f"old/{name}.py": TEXT + name for name in "abc"}
    theirs = {f"new/{name}.py": TEXT + name for name in "abc"}

    outcome = merged(base, {**base, "old/own.py": "mine\n"}, theirs)

    assert set(outcome.changes) == {*base, *theirs}


def in_folders(name: str, text: str = TEXT, other: str = "old") -> dict[str, str]:
    """Return a file that somebody may move, in a folder whose other files nobody does."""
    return {name: text, f"{other}/b": "b\n" * 9, f"{other}/c": "c\n" * 9}


@pytest.mark.parametrize("name", ["old/mine", "own/mine", "old/deep/mine"])
def test_change_follows_a_file_that_was_moved_out_of_the_way_of_a_renamed_folder(merged, name):
    ours = in_folders(name, edited(1, "mine"))

    outcome = merged(in_folders("old/a"), ours, in_folders("new/a", edited(9, "new"), "new"))

    change = outcome.changes[name]
    assert told(change) == ("moved", "both-moved")
    assert change.origin == "new/a"
    assert change.after == File(edited(9, "new", edited(1, "mine")).encode())
    assert told(outcome.changes["new/a"]) == ("kept-deleted", "moved-apart")
    assert "new/mine" not in outcome.changes


@pytest.mark.parametrize("name", ["old/mine", "own/mine"])
def test_file_that_both_sides_moved_and_changed_in_one_place_is_a_conflict(merged, name):
    ours = in_folders(name, edited(1, "mine"))

    outcome = merged(in_folders("old/a"), ours, in_folders("new/a", edited(1, "new"), "new"))

    change = outcome.changes[name]
    assert told(change) == ("conflict", "content")
    assert b"<<<<<<< yours\nmine\n||||||| template v1\nline 1\n" in change.after.content
    assert [change.stages[stage].content.decode() for stage in (1, 2, 3)] == [
        TEXT,
        edited(1, "mine"),
        edited(1, "new"),
    ]


def test_change_follows_a_file_into_a_folder_that_the_template_renames(merged):
    base, theirs = in_folders("a"), in_folders("a", edited(9, "new"), "new")

    outcome = merged(base, in_folders("old/mine", edited(1, "mine")), theirs)

    change = outcome.changes["old/mine"]
    assert told(change) == ("moved", "you-moved")
    assert change.after == File(edited(9, "new", edited(1, "mine")).encode())


def test_moved_file_that_the_template_deletes_with_its_folder_is_kept_for_a_person(merged):
    theirs = {path: text for path, text in in_folders("new/a", other="new").items() if text != TEXT}

    outcome = merged(in_folders("old/a"), in_folders("old/mine", edited(1, "mine")), theirs)

    assert told(outcome.changes["old/mine"]) == ("kept", "template-deleted")


@pytest.mark.parametrize("theirs", ["own\n", "new\n"])
def test_new_file_of_a_renamed_folder_meets_no_own_file_of_the_old_one(merged, theirs):
    base, renamed = in_folders("old/a"), in_folders("new/a", other="new")

    outcome = merged(base, {**base, "old/x": "own\n"}, {**renamed, "new/x": theirs})

    assert told(outcome.changes["new/x"]) == ("added", "template-added")
    assert outcome.changes["new/x"].after == File(theirs.encode())
    assert "old/x" not in outcome.changes


def test_both_get_what_is_theirs_where_a_moved_file_has_the_name_of_a_new_one(merged):
    ours = in_folders("old/mine", edited(1, "mine"))
    theirs = in_folders("new/a", edited(9, "new"), "new")

    outcome = merged(in_folders("old/a"), ours, {**theirs, "new/mine": "other\n"})

    both = edited(9, "new", edited(1, "mine"))
    assert outcome.changes["old/mine"].after == File(both.encode())
    assert outcome.changes["new/mine"].after == File(b"other\n")


def test_file_that_both_sides_added_alike_is_not_spoken_of(merged):
    assert merged({}, {"a": "1\n"}, {"a": "1\n"}).changes == {}


def test_file_that_both_sides_added_differently_is_a_conflict(merged):
    change = merged({}, {"a": "mine\n"}, {"a": "new\n"}).changes["a"]

    assert told(change) == ("conflict", "both-added")
    assert sorted(change.stages) == [2, 3]


def test_binary_file_that_both_sides_changed_keeps_the_users_bytes(merged):
    change = merged({"a": b"\0"}, {"a": b"\0mine"}, {"a": b"\0new"}).changes["a"]

    assert told(change) == ("conflict", "binary")
    assert change.after == File(b"\0mine")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [({"docs": "mine\n"}, {"docs/a": "new\n"}), ({"docs/a": "mine\n"}, {"docs": "new\n"})],
)
def test_file_against_folder_leaves_the_users_in_place(merged, ours, theirs):
    outcome = merged({}, ours, theirs)

    (change,) = outcome.changes.values()
    assert told(change) == ("conflict", "file-folder")
    assert sorted(change.stages) == [3]


def test_template_turns_a_file_into_a_folder(merged):
    outcome = merged({"docs": "1\n"}, {"docs": "1\n"}, {"docs/a": "2\n"})

    assert outcome.changes["docs"].after is None
    assert outcome.changes["docs/a"].after == File(b"2\n")
    assert not outcome.conflicts


def test_nothing_goes_through_a_link_of_the_users(merged):
    base = {"docs/a": "1\n"}
    ours = {"elsewhere/a": "1\n", "docs": File(b"elsewhere", "120000")}

    outcome = merged(base, ours, {"docs/a": "1\n", "docs/b": "new\n"})

    assert told(outcome.changes["docs/b"]) == ("conflict", "file-folder")
    assert "elsewhere/b" not in outcome.changes


def test_file_that_the_user_made_a_link_is_a_conflict(merged):
    outcome = merged({"a": "1\n"}, {"a": File(b"b", "120000"), "b": "1\n"}, {"a": "2\n"})

    assert told(outcome.changes["a"]) == ("conflict", "type")
    assert outcome.changes["a"].after == File(b"b", "120000")


@pytest.mark.parametrize("name", ["with space", "ünï", "-dash", 'quo"te', "tab\tname"])
def test_names_are_only_names(merged, name):
    outcome = merged({name: TEXT}, {name: edited(1, "mine")}, {name: edited(1, "new")})

    assert told(outcome.changes[name]) == ("conflict", "content")


def test_once_file_takes_no_part(merged):
    policy = Policy(once=("notebooks/**",))

    outcome = merged(
        {"notebooks/a": "1\n"}, {"notebooks/a": "mine\n"}, {"notebooks/a": "2\n"}, policy
    )

    assert told(outcome.changes["notebooks/a"]) == ("kept", "once")
    assert outcome.is_empty


def test_once_file_of_a_new_component_is_added(merged):
    outcome = merged({}, {"own": "x\n"}, {"sample": "1\n"}, Policy(once=("sample",)))

    assert told(outcome.changes["sample"]) == ("added", "template-added")


def test_once_file_of_a_removed_component_stays(merged):
    outcome = merged({"sample": "1\n"}, {"sample": "1\n"}, {}, Policy(once=("sample",)))

    assert outcome.is_empty


def test_lock_is_always_the_new_one(merged):
    outcome = merged(
        {"scaffold.lock": "1\n"}, {"scaffold.lock": "edited\n"}, {"scaffold.lock": "2\n"}
    )

    assert outcome.changes["scaffold.lock"].after == File(b"2\n")
    assert not outcome.conflicts


@pytest.mark.parametrize(
    ("policy", "kind"), [(Policy(), "merged"), (Policy(may_replace=True), "kept")]
)
def test_derived_file_is_named_for_rebuilding(merged, policy, kind):
    base, ours, theirs = TEXT, edited(1, "mine"), edited(9, "new")

    change = merged({"uv.lock": base}, {"uv.lock": ours}, {"uv.lock": theirs}, policy).changes[
        "uv.lock"
    ]

    assert told(change) == (kind, "derived")
    assert change.is_told


def test_derived_file_in_conflict_is_one_place_to_decide(merged):
    texts = [edited(0, who, edited(9, who)) for who in ("base", "mine", "new")]

    outcome = merged(*({"uv.lock": text} for text in texts))

    assert told(outcome.changes["uv.lock"]) == ("conflict", "derived")
    assert outcome.changes["uv.lock"].regions == 1


PINS = "a=={} \\\n    --hash=sha256:{}\n" + "".join(
    f"b{n}==1 \\\n    --hash=sha256:0\n" for n in range(9)
)


def test_requirements_with_hashes_are_derived(merged):
    base = PINS.format(1, 1) + PINS.format(1, 1)
    texts = [base.replace("a==1", f"a=={n}").replace("sha256:1", f"sha256:{n}") for n in (1, 2, 3)]

    change = merged(*({"ci/requirements.txt": text} for text in texts)).changes[
        "ci/requirements.txt"
    ]

    assert told(change) == ("conflict", "derived")
    assert change.regions == 1


def test_hash_in_one_sides_prose_makes_no_file_derived(merged):
    texts = ["a\n", "a\n    --hash=sha256:0\n", "b\n"]

    outcome = merged(*({"notes.txt": text} for text in texts))

    assert told(outcome.changes["notes.txt"]) == ("conflict", "content")


def test_skipped_file_is_left_alone_and_told(merged):
    outcome = merged({"a": "1\n"}, {"a": "1\n"}, {"a": "2\n"}, Policy(skipped=("a",)))

    assert told(outcome.changes["a"]) == ("kept", "skipped")
    assert outcome.is_empty


def test_first_commit_is_not_needed(project):
    outcome = merge(project.git, base={}, theirs=tree({"a/b": "1\n"}), head="")

    assert told(outcome.changes["a/b"]) == ("added", "template-added")


def test_folder_of_a_monorepo_is_a_world_of_its_own(project):
    project.write({"sub/a": TEXT, "a": "other\n"})
    project.commit()

    outcome = merge(
        project.git,
        base=tree({"a": TEXT}),
        theirs=tree({"a": edited(1, "new")}),
        head=project.head,
        prefix="sub",
    )

    assert list(outcome.changes) == ["a"]
    assert outcome.in_repository("a") == "sub/a"


def test_git_that_is_too_old_is_named(merged, tmp_path, monkeypatch):
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    real = shutil.which("git")
    old.write_text(f'#!/bin/sh\ncase "$*" in *merge-tree*) exit 129;; esac\nexec {real} "$@"\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")

    with pytest.raises(ScaffoldError) as refused:
        merged({"a": "1\n"}, {"a": "mine\n"}, {"a": "2\n"})

    assert refused.value.code == "git-too-old"
    assert "2.38" in refused.value.hint
