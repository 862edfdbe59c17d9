"""What rules settle before a person is asked, and what they must leave alone."""

from __future__ import annotations

import pytest
from merging import told

from scaffold.merge import Policy


def change_of(merged, path, *texts, policy=None):
    outcome = merged(*({path: text} for text in texts), policy)
    return outcome.changes[path]


def assert_settled(change, code, text):
    assert [settlement.code for settlement in change.settlements] == [code]
    assert change.after.content.decode() == text
    assert not change.is_conflict


def assert_left(change):
    assert change.is_conflict
    assert b"<<<<<<< yours\n" in change.after.content


def test_conflict_marks_name_the_sides(merged):
    change = change_of(merged, "a.md", "a\nb\nc\n", "a\nmine\nc\n", "a\nnew\nc\n")

    assert change.after.content.decode() == (
        "a\n<<<<<<< yours\nmine\n||||||| template v1\nb\n=======\nnew\n>>>>>>> template v2\nc\n"
    )


def test_lines_that_both_sides_share_lie_outside_the_marks(merged):
    change = change_of(merged, "a.md", "x\n", "same\nmine\nend\n", "same\nnew\nend\n")

    text = change.after.content.decode()
    assert text.startswith("same\n<<<<<<< yours\nmine\n")
    assert text.endswith(">>>>>>> template v2\nend\n")


def test_missing_last_line_feed_does_not_swallow_a_mark(merged):
    change = change_of(merged, "a.md", "a\nb", "a\nmine", "a\nnew")

    assert change.after.content.decode() == (
        "a\n<<<<<<< yours\nmine\n||||||| template v1\nb\n=======\nnew\n>>>>>>> template v2\n"
    )


def test_missing_last_line_feed_of_a_settled_side_stays_missing(merged):
    change = change_of(merged, "a.md", "a\nb", "a\n\nb", "a\nnew")

    assert_settled(change, "blanks", "a\nnew")


def test_line_that_looks_like_a_mark_is_text(merged):
    title = "Title\n=======\n"

    change = change_of(merged, "a.rst", title + "b\n", title + "mine\n", title + "new\n")

    assert change.after.content.decode().startswith("Title\n=======\n<<<<<<< yours\n")


def test_blank_lines_alone_are_no_conflict(merged):
    change = change_of(merged, "a.md", "a\nb\nc\n", "a\n\nb\n\nc\n", "a\nnew\nc\n")

    assert_settled(change, "blanks", "a\nnew\nc\n")


def test_change_is_indented_as_the_project_indents(merged):
    change = change_of(
        merged,
        "a.txt",
        "steps\n- a: 1\n  b: 1\n",
        "steps\n  - a: 1\n    b: 1\n",
        "steps\n- a: 1\n  b: 2\n",
    )

    assert_settled(change, "indentation", "steps\n  - a: 1\n    b: 2\n")


def test_ragged_indentation_is_left(merged):
    assert_left(change_of(merged, "a.txt", "a\nb\n", "  a\n    b\n", "a\nnew\n"))


def test_change_that_the_project_already_has(merged):
    change = change_of(merged, "a.md", "a\nb\nc\n", "a\nnew\nmine\nc\n", "a\nnew\nc\n")

    assert_settled(change, "already-there", "a\nnew\nmine\nc\n")


def test_line_that_the_project_deleted_does_not_come_back_changed(merged):
    assert_left(change_of(merged, "a.md", "a\nvalue: 1\nc\n", "a\nc\n", "a\nvalue: 2\nc\n"))


@pytest.mark.parametrize(
    ("ours", "theirs", "newer"),
    [("v1.5.0", "v1.12.0", "v1.12.0"), ("v2.0", "v1.9", "v2.0"), ("1.10.1", "1.9.7", "1.10.1")],
)
def test_newer_of_two_versions_stands_and_the_older_is_named(merged, ours, theirs, newer):
    change = change_of(
        merged, "a.txt", "x\nrev: v1.1\ny\n", f"x\nrev: {ours}\ny\n", f"x\nrev: {theirs}\ny\n"
    )

    assert_settled(change, "newer-version", f"x\nrev: {newer}\ny\n")
    assert ours in change.settlements[0].ours
    assert theirs in change.settlements[0].theirs


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("rev: 1.0", "rev: 1.5"), ("rev: 1.2rc1", "rev: 1.3"), ("other: 1.4", "rev: 1.5")],
)
def test_version_that_was_not_simply_raised_is_left(merged, ours, theirs):
    assert_left(change_of(merged, "a.txt", "x\nrev: 1.1\n", f"x\n{ours}\n", f"x\n{theirs}\n"))


def test_literal_policy_leaves_versions_to_a_person(merged):
    policy = Policy(is_literal=True)

    assert_left(change_of(merged, "a.txt", "v: 1.1\n", "v: 1.2\n", "v: 1.3\n", policy=policy))


def test_different_keys_of_a_table(merged):
    base = "[tool]\na = 1\nb = 1\n"
    change = change_of(
        merged, "a.toml", base, base.replace("a = 1", "a = 2"), base.replace("b = 1", "b = 2")
    )

    assert_settled(change, "keys", "[tool]\na = 2\nb = 2\n")


def test_different_new_requirements(merged):
    base = 'deps = [\n  "a",\n]\n'
    change = change_of(
        merged,
        "a.toml",
        base,
        base.replace("]", '  "mine",\n]'),
        base.replace("]", '  "new",\n]'),
    )

    assert_settled(change, "keys", 'deps = [\n  "a",\n  "mine",\n  "new",\n]\n')


def test_different_elements_of_a_list_on_one_line(merged):
    change = change_of(
        merged, "a.toml", 'deps = ["a"]\n', 'deps = ["a", "mine"]\n', 'deps = ["new", "a"]\n'
    )

    assert_settled(change, "keys", 'deps = ["new", "a", "mine"]\n')


def test_element_that_one_side_removed_and_the_other_changed_is_left(merged):
    assert_left(
        change_of(
            merged, "a.toml", 'deps = ["a>1", "b"]\n', 'deps = ["b"]\n', 'deps = ["a>2", "b"]\n'
        )
    )


def test_one_requirement_with_two_pins_is_left(merged):
    base = 'deps = [\n  "a",\n]\n'
    change = change_of(
        merged,
        "a.toml",
        base,
        base.replace("]", '  "new==1",\n]'),
        base.replace("]", '  "new>=3",\n]'),
    )

    assert_left(change)


def test_one_key_with_two_values_is_left(merged):
    assert_left(change_of(merged, "a.toml", "a = 1\n", "a = 2\n", "a = 3\n"))


def test_new_keys_of_a_workflow(merged):
    base = "on: push\n\njobs: {}\n"
    change = change_of(
        merged,
        "ci.yml",
        base,
        base.replace("\n\n", "\nenv:\n  A: b\n\n"),
        base.replace("\n\n", "\npermissions:\n  contents: read\n\n"),
    )

    assert_settled(
        change, "keys", "on: push\nenv:\n  A: b\npermissions:\n  contents: read\n\njobs: {}\n"
    )


def test_broken_toml_falls_back_to_text(merged):
    assert_left(change_of(merged, "a.toml", "a = \nb = 1\n", "a = \nb = 2\n", "a = \nb = 3\n"))


def test_insertions_at_one_place_in_prose_are_left(merged):
    assert_left(change_of(merged, "a.md", "a\nb\n", "a\nmine\nb\n", "a\nnew\nb\n"))


def test_neighbouring_lines_of_prose(merged):
    change = change_of(
        merged,
        "a.md",
        "The first line.\nThe second line.\n",
        "The first line, mine.\nThe second line.\n",
        "The first line.\nThe second line, new.\n",
    )

    assert_settled(change, "lines-apart", "The first line, mine.\nThe second line, new.\n")


def test_change_inside_a_block_that_the_project_deleted_is_left(merged):
    assert_left(
        change_of(
            merged,
            "a.md",
            "keep\nThe first line.\nThe second line.\n",
            "keep\n",
            "keep\nThe first line.\nThe second line, new.\n",
        )
    )


def test_python_that_would_not_parse_is_left(merged):
    base = "call(\n    first_argument,\n    second_argument)\n"
    ours = "call(\n    first_argument, mine=1)\n"
    theirs = "call(\n    first_argument,\n    second_argument_new)\n"

    change = change_of(merged, "a.py", base, ours, theirs)

    assert change.is_conflict


def test_ignored_names_are_a_set(merged):
    change = change_of(merged, ".gitignore", "a\n", "a\nmine\nboth\n", "a\nnew\nboth\n")

    assert_settled(change, "lines", "a\nmine\nnew\nboth\n")


def test_order_of_exceptions_is_left_to_a_person(merged):
    assert_left(change_of(merged, ".gitignore", "a\n", "a\n!mine\n", "a\nnew\n"))


def test_owned_prose_keeps_the_projects_words(merged):
    change = change_of(
        merged, "README.md", "TODO\n", "mine\n", "new\n", policy=Policy(owned=("README.md",))
    )

    assert_settled(change, "owned", "mine\n")
    assert told(change) == ("merged", "settled")


def test_project_with_other_line_ends_keeps_them(merged):
    base = "".join(f"line {number}\n" for number in range(9))
    ours = base.replace("\n", "\r\n").replace("line 1\r", "mine\r")

    change = change_of(merged, "a.txt", base, ours, base.replace("line 7", "new"))

    assert change.after.content == ours.replace("line 7", "new").encode()
    assert not change.is_conflict


def test_line_ends_that_the_template_changed_arrive(merged):
    base = "".join(f"line {number}\n" for number in range(9))
    ours = base.replace("line 1", "mine")

    change = change_of(merged, "a.txt", base, ours, base.replace("\n", "\r\n"))

    assert change.after.content == ours.replace("\n", "\r\n").encode()


def test_close_regions_are_one_place_to_decide(merged):
    base, ours, theirs = (f"{a}\nk\nk\n{a}\n" for a in ("x", "mine", "new"))

    assert change_of(merged, "a.md", base, ours, theirs).regions == 1
