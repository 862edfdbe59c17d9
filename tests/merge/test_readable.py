"""Data that git merges without a conflict, and that could no longer be read."""

from __future__ import annotations

import pytest
from merging import told

from scaffold.merge import Policy

FORMATS = {
    "a.toml": ("", "k{n} = 1\n", "new = {value}\n", ""),
    "a.yaml": ("", "k{n}: 1\n", "new: {value}\n", ""),
    "a.json": ("{{\n", '  "k{n}": 1,\n', '  "new": {value},\n', '  "end": 1\n}}\n'),
    "tox.ini": ("[a]\n", "k{n} = 1\n", "new = {value}\n", ""),
    "b.cfg": ("[a]\n", "k{n} = 1\n", "new = {value}\n", ""),
}
"""Path -> the start, a line, the line that is added, the end."""


def text_of(path: str, added: dict[int, object]) -> str:
    """Return data of twelve keys, and the key `new` with some values after some of those."""
    start, line, new, end = FORMATS[path]
    rows = []
    for n in range(12):
        rows.append(line.format(n=n))
        if n in added:
            rows.append(new.format(value=added[n]))
    return start.format() + "".join(rows) + end.format()


def change_of(merged, path, *texts, policy=None):
    outcome = merged(*({path: text} for text in texts), policy)
    return outcome.changes[path]


def assert_marked(change, *sides):
    """Check that a person sees both sides' lines between marks, and has three files to compare."""
    assert told(change) == ("conflict", "unreadable")
    assert change.regions > 0
    assert [change.stages[stage].content.decode() for stage in (1, 2, 3)] == list(sides)


@pytest.mark.parametrize("path", FORMATS)
def test_key_that_both_sides_added_in_different_places_stands_where_the_project_has_it(
    merged, path
):
    base, ours, theirs = (text_of(path, added) for added in ({}, {10: 1}, {1: 1}))

    change = change_of(merged, path, base, ours, theirs)

    assert told(change) == ("merged", "settled")
    assert change.after.content.decode() == ours
    [settled] = change.settlements
    assert settled.code == "same-keys"
    assert settled.ours == settled.theirs == FORMATS[path][2].format(value=1)


@pytest.mark.parametrize("path", FORMATS)
def test_key_that_both_sides_added_with_other_values_is_a_conflict(merged, path):
    sides = [text_of(path, added) for added in ({}, {10: 1}, {1: 2})]

    change = change_of(merged, path, *sides)

    assert_marked(change, *sides)
    marked = change.after.content.decode()
    for value in (1, 2):
        assert marked.count(FORMATS[path][2].format(value=value)) == 1


def test_what_the_template_added_beside_it_is_in(merged):
    base, ours = (text_of("a.toml", added) for added in ({}, {10: 1}))
    theirs = base.replace("k1 = 1\n", "k1 = 1\nnew = 1\nother = 2\n").replace("k7 = 1", "k7 = 7")

    change = change_of(merged, "a.toml", base, ours, theirs)

    assert not change.is_conflict
    text = ours.replace("k1 = 1\n", "k1 = 1\nother = 2\n").replace("k7 = 1", "k7 = 7")
    assert change.after.content.decode() == text


def test_what_the_template_deleted_stays_deleted(merged):
    base = (
        text_of("a.toml", {})
        .replace("k5 = 1\n", "# old\nk5 = 1\n")
        .replace("k1 = 1", "# k1\nk1 = 1")
    )
    ours = base.replace("k10 = 1\n", "k10 = 1\nnew = 1\n")
    theirs = base.replace("# old\n", "").replace("# k1\n", "new = 1\n")

    change = change_of(merged, "a.toml", base, ours, theirs)

    assert not change.is_conflict
    assert change.after.content.decode() == ours.replace("# old\n", "").replace("# k1\n", "")


def test_table_with_more_in_it_on_one_side_is_a_conflict(merged):
    tables = "".join(f"[t{n}]\nx = 1\n\n" for n in range(9))
    sides = (tables, tables + "[new]\na = 1\n", "[new]\na = 1\nb = 2\n\n" + tables)

    change = change_of(merged, "a.toml", *sides)

    assert_marked(change, *sides)


def test_comment_on_a_key_that_both_sides_added_does_not_stand_alone(merged):
    base, ours = (text_of("a.toml", added) for added in ({}, {10: 1}))
    theirs = base.replace("k1 = 1\n", "k1 = 1\n# why\nnew = 1\n")

    assert_marked(change_of(merged, "a.toml", base, ours, theirs), base, ours, theirs)


def test_key_that_is_only_written_otherwise_is_a_conflict(merged):
    base, ours = (text_of("a.toml", added) for added in ({}, {10: 1}))

    change = change_of(merged, "a.toml", base, ours, "new=1\n" + base)

    assert told(change) == ("conflict", "unreadable")
    assert "new=1\n" in change.after.content.decode()


def test_changes_that_have_nothing_to_do_with_it_are_not_marked(merged):
    base = text_of("a.yaml", {})
    ours = text_of("a.yaml", {10: 1}).replace("k5: 1", "k5: mine")
    theirs = text_of("a.yaml", {1: 2}).replace("k8: 1", "k8: new")

    text = change_of(merged, "a.yaml", base, ours, theirs).after.content.decode()

    assert text.count("k5: mine") == text.count("k8: new") >= 1
    assert "k8: 1" not in text


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_file_of_which_a_side_cannot_be_read_is_merged_as_text(merged, broken):
    sides = [text_of("a.json", added) for added in ({}, {10: 1}, {1: 2})]
    sides = [side.replace('"k5": 1', '"k5": 1 // why') for side in sides] if not broken else sides
    if broken:
        sides[broken] = sides[broken].replace('"k6": 1', '"k5": 1')

    assert told(change_of(merged, "a.json", *sides)) == ("merged", "both-changed")


def test_other_text_may_say_a_line_twice(merged):
    lines = "".join(f"line {n}\n" for n in range(12))

    change = change_of(merged, "a.txt", lines, lines + "new\n", "new\n" + lines)

    assert told(change) == ("merged", "both-changed")


def test_lock_file_of_a_tool_is_built_again_and_not_read(merged):
    sides = (text_of("a.yaml", added) for added in ({}, {10: 1}, {1: 2}))

    change = change_of(merged, "pnpm-lock.yaml", *sides)

    assert told(change) == ("merged", "derived")


def test_file_that_the_project_moved_is_read_too(merged):
    base, ours, theirs = (text_of("a.toml", added) for added in ({}, {10: 1}, {1: 2}))

    outcome = merged({"a.toml": base}, {"own/a.toml": ours}, {"a.toml": theirs})

    assert_marked(outcome.changes["own/a.toml"], base, ours, theirs)


def test_file_in_which_rules_settled_a_place_is_read_too(merged):
    base = text_of("a.toml", {})
    ours = text_of("a.toml", {10: 1}).replace("k5 = 1\n", "\nk5 = 1\n")
    theirs = text_of("a.toml", {1: 2}).replace("k5 = 1\n", "k5 = 5\n")

    change = change_of(merged, "a.toml", base, ours, theirs)

    assert_marked(change, base, ours, theirs)
    assert [settled.code for settled in change.settlements] == ["blanks"]


def test_file_with_a_place_to_decide_is_read_too(merged):
    base = text_of("a.yaml", {})
    ours = text_of("a.yaml", {11: 1}).replace("k1: 1", "k1: mine")
    theirs = text_of("a.yaml", {2: 2}).replace("k1: 1", "k1: new")

    change = change_of(merged, "a.yaml", base, ours, theirs)

    assert told(change) == ("conflict", "content")
    assert change.regions == 2
    assert change.after.content.endswith(
        b"<<<<<<< yours\nnew: 1\n||||||| template v1\n=======\n>>>>>>> template v2\n"
    )


def test_data_that_would_not_parse_for_its_indentation_is_a_conflict(merged):
    rest = "".join(f"k{n}: 1\n" for n in range(9))
    base = f"a:\n- 1\n- 2\n- 3\n- 4\n{rest}"
    ours = base.replace("- 4\n", "- 4\n- 5\n")
    theirs = base.replace("- 1\n- 2\n- 3\n- 4\n", "  - 1\n  - 2\n  - 3\n  - 4\n")

    change = change_of(merged, "a.yaml", base, ours, theirs)

    assert change.is_conflict


def test_line_ends_of_a_conflict_are_the_projects(merged):
    base, ours, theirs = (text_of("a.toml", added) for added in ({}, {10: 1}, {1: 2}))

    change = change_of(merged, "a.toml", base, ours.replace("\n", "\r\n"), theirs)

    text = change.after.content
    assert change.is_conflict
    assert text.count(b"\n") == text.count(b"\r\n")


def test_policy_that_owns_a_text_does_not_hide_it(merged):
    sides = [text_of("a.yaml", added) for added in ({}, {10: 1}, {1: 2})]

    assert_marked(change_of(merged, "a.yaml", *sides, policy=Policy(owned=("a.yaml",))), *sides)
