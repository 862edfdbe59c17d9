"""What rules settle before a person is asked, and what they must leave alone."""

from __future__ import annotations

import pytest
from merging import told

from scaffold.merge import Policy

REPLACING = Policy(may_replace=True)


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


@pytest.mark.parametrize("path", ["a.md", ".gitignore", "a.yml"])
@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(("x: 1\nyy: 1\n", "x: 1\nyy: 2", "x: 1\nyy: 1\nz: 1\n"), id="ours"),
        pytest.param(("x: 1\nyy: 1\n", "x: 1\nyy: 1\nz: 1\n", "x: 1\nyy: 2"), id="theirs"),
        pytest.param(("x: 1\nyy: 1", "x: 1\nyy: 1\nz: 1", "x: 1\nyy: 2"), id="no-side-has-one"),
    ],
)
def test_missing_last_line_feed_makes_no_two_lines_one(merged, path, texts):
    change = change_of(merged, path, *texts)

    assert change.after.content.decode() == "x: 1\nyy: 2\nz: 1"
    assert not change.is_conflict


def test_last_line_feed_that_the_template_added_is_there(merged):
    change = change_of(merged, "a.md", "x: 1\ny: 1", "x: 1\ny: 2", "x: 1\ny: 1\nz: 1\n")

    assert_settled(change, "lines-apart", "x: 1\ny: 2\nz: 1\n")


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
        policy=REPLACING,
    )

    assert_settled(change, "indentation", "steps\n  - a: 1\n    b: 2\n")


def test_ragged_indentation_is_left(merged):
    texts = ("a\nb\n", "  a\n    b\n", "a\nnew\n")

    assert_left(change_of(merged, "a.txt", *texts, policy=REPLACING))


def test_line_is_not_indented_anew_unasked(merged):
    assert_left(change_of(merged, "a.txt", "a\nb\n", "  a\n  b\n", "a\nnew\n"))


def test_change_that_the_project_already_has(merged):
    change = change_of(merged, "a.md", "a\nb\nc\n", "a\nnew\nmine\nc\n", "a\nnew\nc\n")

    assert_settled(change, "already-there", "a\nnew\nmine\nc\n")


def test_template_that_has_the_projects_change_and_more_stands(merged):
    change = change_of(merged, "a.md", "a\nb\nc\n", "a\nnew\nc\n", "a\nnew\nmore\nc\n")

    assert_settled(change, "already-there", "a\nnew\nmore\nc\n")


def test_data_that_the_project_already_has(merged):
    texts = ("a: 1\nb: 1\nc: 1\n", "a: 1\nb: 2\nz: 3\nc: 1\n", "a: 1\nb: 2\nc: 1\n")

    assert_settled(change_of(merged, "a.yml", *texts), "already-there", texts[1])


JOBS = "jobs:\n  lint:\n    python: 3.{}\n  {}:\n    python: 3.{}\n  docs:\n    python: 3.11\n"
RETRIES = (
    "def train():\n    retries = {}\ndef {}():\n    retries = {}\n\n\ndef other():\n    pass\n"
)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    "texts",
    [
        (
            "ci.yml",
            JOBS.format(11, "test", 11),
            JOBS.format(11, "test", 12),
            JOBS.format(12, "unit", 11),
        ),
        ("a.py", RETRIES.format(3, "f", 3), RETRIES.format(3, "f", 5), RETRIES.format(5, "g", 3)),
        ("a.md", "a\nb\nc\n", "a\nb\nnew\nc\n", "a\nnew\nB, longer\nc\n"),
        (
            *("a.toml", "[a]\nx = 0\n\n[b]\ny = 0\nz = 0\n"),
            *("[a]\nx = 0\n\n[b]\ny = 1\nz = 0\n", "[a]\nx = 1\ny = 1\n"),
        ),
    ],
)
def test_equal_line_in_another_place_is_not_the_change(merged, texts, turned):
    path, base, *sides = texts

    assert_left(change_of(merged, path, base, *(reversed(sides) if turned else sides)))


def test_line_that_the_project_deleted_does_not_come_back_changed(merged):
    assert_left(change_of(merged, "a.md", "a\nvalue: 1\nc\n", "a\nc\n", "a\nvalue: 2\nc\n"))


@pytest.mark.parametrize(
    ("ours", "theirs", "newer"),
    [("v1.5.0", "v1.12.0", "v1.12.0"), ("v2.0", "v1.9", "v2.0"), ("1.10.1", "1.9.7", "1.10.1")],
)
def test_newer_of_two_versions_stands_and_the_older_is_named(merged, ours, theirs, newer):
    texts = (f"x\nrev: {version}\ny\n" for version in ("v1.1", ours, theirs))

    change = change_of(merged, "a.txt", *texts, policy=REPLACING)

    assert_settled(change, "newer-version", f"x\nrev: {newer}\ny\n")
    assert ours in change.settlements[0].ours
    assert theirs in change.settlements[0].theirs


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("rev: 1.0", "rev: 1.5"), ("rev: 1.2rc1", "rev: 1.3"), ("other: 1.4", "rev: 1.5")],
)
def test_version_that_was_not_simply_raised_is_left(merged, ours, theirs):
    texts = ("x\nrev: 1.1\n", f"x\n{ours}\n", f"x\n{theirs}\n")

    assert_left(change_of(merged, "a.txt", *texts, policy=REPLACING))


def pinned(commit, version):
    return f"x\n  - uses: some/action@{commit * 40} # {version}\ny\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "newer"),
    [("v2.10.1", "v2.13.1", "theirs"), ("v2.14.0", "v2.13.1", "ours"), ("v3.0", "v2.1", "ours")],
)
def test_newer_of_two_pinned_commits_stands_with_its_version(merged, ours, theirs, newer):
    base = "v2.0.1" if ours.count(".") > 1 else "v2.0"
    texts = pinned("0", base), pinned("a", ours), pinned("b", theirs)

    change = change_of(merged, "ci.yml", *texts, policy=REPLACING)

    assert_settled(change, "newer-version", texts[1 if newer == "ours" else 2])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (pinned("a", "v2.1"), pinned("b", "v2.1")),
        (pinned("a", "v2.0"), pinned("b", "v2.1")),
        (pinned("a", "v1.9"), pinned("b", "v2.1")),
        (pinned("a", "v3"), pinned("b", "v2.1")),
        (pinned("a", "main"), pinned("b", "main")),
        (pinned("a", "v2.1").replace("some", "my"), pinned("b", "v2.2")),
        (pinned("a", "v2.1").replace("# ", ""), pinned("b", "v2.2").replace("# ", "")),
        (pinned("a", "v2.1").replace("a" * 40, "v2.1"), pinned("b", "v2.2")),
    ],
    ids=[
        "one version",
        "not raised",
        "lowered",
        "another form",
        "a branch",
        "another action",
        "no comment",
        "no pin",
    ],
)
def test_pinned_commit_of_which_no_version_tells_the_age_is_left(merged, ours, theirs):
    base = pinned("0", "main" if "main" in ours else "v2.0")

    assert_left(change_of(merged, "ci.yml", base, ours, theirs, policy=REPLACING))


def test_pinned_commit_is_not_left_out_unasked(merged):
    texts = pinned("0", "v2.0"), pinned("a", "v2.1"), pinned("b", "v2.2")

    assert_left(change_of(merged, "ci.yml", *texts))


def test_older_version_is_not_left_out_unasked(merged):
    assert_left(change_of(merged, "a.txt", "v: 1.1\n", "v: 1.2\n", "v: 1.3\n"))


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
    texts = ('deps = ["a"]\n', 'deps = ["a", "mine"]\n', 'deps = ["new", "a"]\n')

    change = change_of(merged, "a.toml", *texts, policy=REPLACING)

    assert_settled(change, "keys", 'deps = ["new", "a", "mine"]\n')


def test_element_that_one_side_removed_and_the_other_changed_is_left(merged):
    assert_left(
        change_of(
            merged, "a.toml", 'deps = ["a>1", "b"]\n', 'deps = ["b"]\n', 'deps = ["a>2", "b"]\n'
        )
    )


@pytest.mark.parametrize(
    ("mine", "new"),
    [
        ("new==1", "new>=3"),
        ("new (>=1)", "new[x] (>=3)"),
        ("new @ https://example.org/1", "new ; python_version < '3'"),
        ("new 1.2", "new 1.*"),
        ("new ^1", "New"),
    ],
)
def test_one_requirement_with_two_pins_is_left(mine, new, merged):
    base = 'deps = [\n  "a",\n]\n'
    change = change_of(
        merged,
        "a.toml",
        base,
        base.replace("]", f'  "{mine}",\n]'),
        base.replace("]", f'  "{new}",\n]'),
    )

    assert_left(change)


CLASSIFIERS = """\
classifiers = [
  "Programming Language :: Python :: 3.11",
  "Programming Language :: Python :: 3.12",
]
x = {}
"""


def test_texts_of_several_words_are_no_requirements_of_one_name(merged):
    base = CLASSIFIERS.format(1)
    mine = base.replace('3.12",\n', '3.12",\n  "Programming Language :: C",\n')

    change = change_of(merged, "a.toml", base, mine, CLASSIFIERS.format(2).replace("3.12", "3.13"))

    assert_settled(change, "keys", mine.replace("3.12", "3.13").replace("x = 1", "x = 2"))


def test_text_of_several_words_that_both_sides_changed_is_left(merged):
    base = CLASSIFIERS.format(1)

    assert_left(
        change_of(merged, "a.toml", *(base.replace("3.12", x) for x in ("3.12", "C", "3.13")))
    )


JSON = '{\n  "scripts": {\n    "a": 1\n  },\n  "z": [\n    "a"\n  ]\n}\n'


@pytest.mark.parametrize(
    ("old", "mine", "new", "both"),
    [
        (
            '"a": 1',
            '"a": 1,\n    "m": 1',
            '"a": 1,\n    "t": 1',
            '"a": 1,\n    "m": 1,\n    "t": 1',
        ),
        ('"a": 1', '"a": 1,\n    "m": 1', '"a": 2', '"a": 2,\n    "m": 1'),
        ('"a": 1', '"m": 1', '"a": 1,\n    "t": 1', '"m": 1,\n    "t": 1'),
        ('"a"\n', '"a",\n    "m"\n', '"a",\n    "t"\n', '"a",\n    "m",\n    "t"\n'),
        ("  ]\n", '  ],\n  "m": {}\n', '  ],\n  "t": 1\n', '  ],\n  "m": {},\n  "t": 1\n'),
        (
            "  ]\n",
            '  ],\n  "m": {\n    "x": 1\n  }\n',
            '  ],\n  "t": {\n    "x": 1\n  }\n',
            '  ],\n  "m": {\n    "x": 1\n  },\n  "t": {\n    "x": 1\n  }\n',
        ),
    ],
    ids=["object", "changed", "replaced", "list", "top", "tables"],
)
def test_new_keys_at_the_end_of_a_json_object(merged, old, mine, new, both):
    texts = (JSON.replace(old, each) for each in (old, mine, new))

    change = change_of(merged, "package.json", *texts)

    assert_settled(change, "keys", JSON.replace(old, both))


@pytest.mark.parametrize(
    ("path", "mine", "new"),
    [
        ("a.json", '"a": 1,\n    "x": 1', '"a": 1,\n    "x": 2'),
        ("a.json", '"a": 2,\n    "m": 1', '"a": 3,\n    "t": 1'),
        ("a.json", '"a": 1,\n    "m": 1', '"a": 1,\n    "t": 1, // why'),
        ("a.txt", '"a": 1,\n    "m": 1', '"a": 1,\n    "t": 1'),
    ],
    ids=["one key", "one value", "no JSON", "another format"],
)
def test_new_keys_that_do_not_go_together_are_left(merged, path, mine, new):
    assert_left(
        change_of(merged, path, *(JSON.replace('"a": 1', each) for each in ('"a": 1', mine, new)))
    )


def test_key_that_would_be_there_twice_is_left(merged):
    old, mine, new = ('"b": 1', '"b": 1,\n  "x": 1', '"b": 1,\n  "t": 1')
    base = '{\n  "x": 0,\n' + "".join(f'  "{n}": 1,\n' for n in range(9)) + '  "b": 1\n}\n'

    assert_left(
        change_of(merged, "a.json", *(base.replace(old, each) for each in (old, mine, new)))
    )


INI = "[a]\nx = 1\n\n[b]\ny = 1\n"


@pytest.mark.parametrize("path", ["tox.ini", "alembic.ini", "logging.cfg"])
def test_new_keys_of_an_ini_file(merged, path):
    change = change_of(
        merged,
        path,
        INI,
        INI.replace("1\n\n", "1\nm = 1\n\n"),
        INI.replace("1\n\n", "1\nt = 1\n\n"),
    )

    assert_settled(change, "keys", INI.replace("1\n\n", "1\nm = 1\nt = 1\n\n"))


@pytest.mark.parametrize(
    "old",
    ["global\n  log a\n", "[a]\nextension = a\nextension = b\n", "[a]\nflag\n  more\n"],
    ids=["no section", "one key twice", "no value"],
)
def test_file_that_is_ini_by_its_name_alone_is_merged_as_text(merged, old):
    assert_left(change_of(merged, "a.cfg", old, f"{old}  mine = 1\n", f"{old}  new = 1\n"))


def test_lines_of_an_ini_file_whose_order_may_count_are_left(merged):
    old = "[a]\nx =\n  one\n"

    assert_left(change_of(merged, "a.cfg", old, f"{old}  mine\n", f"{old}  new\n"))


def test_neighbouring_lines_of_a_file_that_is_ini_by_its_name_alone(merged):
    lines = ("The first line.\nThe second line.\n" * 2).splitlines(keepends=True)[:2]

    change = change_of(
        merged,
        "a.cfg",
        "".join(lines),
        "".join(lines).replace("first line", "first line, mine"),
        "".join(lines).replace("second line", "second line, new"),
    )

    assert_settled(change, "lines-apart", "The first line, mine.\nThe second line, new.\n")


def test_one_key_with_two_values_is_left(merged):
    assert_left(change_of(merged, "a.toml", "a = 1\n", "a = 2\n", "a = 3\n"))


HOOKS = """\
hooks:
  - {id: docs, args: [a]}
  - {id: docs, args: [b]}
  - {id: lint, rev: 1}
"""
FIRST = "  - {id: docs, args: [a]}\n"


def test_elements_that_share_a_key_follow_the_side_that_changed_them(merged):
    mine, new, both = (
        HOOKS.replace("[b]", args).replace("rev: 1", f"rev: {rev}")
        for args, rev in (("[mine]", 1), ("[b]", 2), ("[mine]", 2))
    )

    assert_settled(change_of(merged, "a.yml", HOOKS, mine, new), "keys", both)


@pytest.mark.parametrize(
    ("mine", "new"),
    [
        (HOOKS.replace("[a]", "[mine]"), HOOKS.replace("[b]", "[new]")),
        (HOOKS.replace(FIRST, ""), HOOKS.replace("[b]", "[new]")),
        (
            HOOKS.replace(FIRST, "").replace("lint,", f"lint}}\n{FIRST}  - {{"),
            HOOKS.replace("[b]", "[new]"),
        ),
        (HOOKS + FIRST.replace("docs", "lint"), HOOKS.replace("rev: 1", "rev: 2")),
        (
            HOOKS + FIRST.replace("docs", "n"),
            HOOKS + FIRST.replace("docs", "n").replace("[a]", "[b]"),
        ),
    ],
    ids=["one each", "one removed", "order", "one became two", "one new each"],
)
def test_elements_that_share_a_key_and_that_both_sides_changed_are_left(mine, new, merged):
    assert_left(change_of(merged, "a.yml", HOOKS, mine, new))


STEPS = """\
steps:
  - name: {}
    uses: actions/setup-python@v{}
"""


def test_renamed_step_has_the_other_sides_change(merged):
    texts = STEPS.format("Python", 5), STEPS.format("Python", 6), STEPS.format("Set up Python", 5)

    change = change_of(merged, "ci.yml", *texts)

    assert_settled(change, "keys", STEPS.format("Set up Python", 6))


def test_step_that_both_sides_renamed_is_left(merged):
    texts = STEPS.format("Python", 5), STEPS.format("My Python", 6), STEPS.format("New Python", 5)

    assert_left(change_of(merged, "ci.yml", *texts))


def test_other_element_in_the_place_of_one_is_no_renamed_one(merged):
    text = "packages:\n  - name: {}\n    version: {}\n"
    texts = text.format("old", 1), text.format("old", 2), text.format("other", 1)

    assert_left(change_of(merged, "a.yml", *texts))


TOOLS = "[tool.typos]\nwords = {}\n\n"


def test_table_that_both_sides_removed_is_gone_where_another_came(merged):
    base = TOOLS.format(1) + "[tool.bandit]\nskips = 1\n"
    ours = TOOLS.format(2) + "[tool.ruff]\nselect = 2\n"

    change = change_of(merged, "a.toml", base, ours, TOOLS.format(1))

    assert_settled(change, "keys", ours)


def test_comment_that_only_the_template_removed_does_not_stay(merged):
    base = TOOLS.format(1) + "# old\n[tool.bandit]\nskips = 1\n"
    ours = TOOLS.format(2) + "# old\n[tool.ruff]\nselect = 2\n"

    assert_left(change_of(merged, "a.toml", base, ours, TOOLS.format(1)))


def test_comment_that_the_project_deleted_does_not_come_back_as_a_key(merged):
    texts = "a:\n  - x\n  # - y\n  - z\n", "a:\n  - x\n  - z\n", "a:\n  - x\n  - y\n  - z\n"

    assert_left(change_of(merged, "a.yml", *texts))


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


def test_line_that_the_project_deleted_elsewhere_is_not_missed_where_the_template_repeats_it(
    merged,
):
    last = "  - name: last\n    run: make\n"
    base = "steps:\n  - uses: a\n    with:\n      x: 1\n\n  - name: b\n    run: test\n" + last
    ours = base.replace("x: 1\n", "x: 1\n      y: 1\n").removesuffix(last)
    new = "x: 1\n  - name: new\n    run: make\n"

    change = change_of(merged, "ci.yml", base, ours, base.replace("x: 1\n", new))

    assert_settled(change, "keys", ours.replace("y: 1\n", f"y: 1\n{new[5:]}"))


def test_line_that_was_added_beside_its_like_does_not_go_with_it(merged):
    assert_left(change_of(merged, "a.md", "like\nother\n", "like\nlike\n", "other\n"))


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


def two_changes(between):
    """Return a base and two sides that changed its first and its last line."""
    return tuple("\n".join([f"{who} 1", *between, f"{who} 2"]) + "\n" for who in ("b", "o", "t"))


@pytest.mark.parametrize(
    "between",
    [[f"line {n}" for n in range(6)], ["---", ""] * 9],
    ids=["as far as two changes of one hunk", "no word between"],
)
def test_neighbours_are_one_place_to_decide(merged, between):
    assert change_of(merged, "a.md", *two_changes(between)).regions == 1


def test_equal_lines_of_a_rewritten_passage_are_chance(merged):
    between = [f"line {n}" for n in range(9)]
    base, ours, theirs = two_changes(between)
    long = "".join(f"{{who}} {n}\n" for n in range(10))

    texts = (text + long.format(who=text[0]) for text in (base, ours, theirs))
    texts = (long.format(who=text[0] + "first") + text for text in texts)

    assert change_of(merged, "a.md", *texts).regions == 1


def test_places_far_from_each_other_are_two(merged):
    assert change_of(merged, "a.md", *two_changes([f"line {n}" for n in range(7)])).regions == 2


def test_settled_place_is_not_part_of_its_neighbour(merged):
    texts = ("x\n1\n2\n3\nb\n", "x\n\n1\n2\n3\nmine\n", "new\n1\n2\n3\nnew\n")

    change = change_of(merged, "a.md", *texts)

    assert change.after.content.startswith(b"new\n1\n2\n3\n<<<<<<< yours\nmine\n")


def test_imports_of_both_sides(merged):
    texts = ("x = 1\n", "import os\n\nx = 1\n", "import shutil\n\nx = 1\n")

    change = change_of(merged, "a.py", *texts)

    assert_settled(change, "imports", "import os\nimport shutil\n\nx = 1\n")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("from a import name", "from b import name"),
        ("from a import *", "from b import *"),
        ("import os", "os = 1"),
        ("import (", "import os"),
    ],
)
def test_imports_that_do_not_go_together_are_left(merged, ours, theirs):
    assert_left(change_of(merged, "a.py", "x = 1\n", f"{ours}\nx = 1\n", f"{theirs}\nx = 1\n"))


def test_imports_are_a_set_in_python_alone(merged):
    texts = ("x\n", "import os\nx\n", "import shutil\nx\n")

    assert_left(change_of(merged, "a.txt", *texts))


def test_elements_that_share_a_line_are_both_in(merged):
    hook = "  - repo: {name}\n    hooks:\n      - id: {name}\n"
    base, mine, new = (hook.format(name=name) for name in ("a", "mine", "new"))
    start = "repos:\n" + base

    change = change_of(merged, "a.yaml", start, start + mine, start + new)

    assert_settled(change, "keys", start + mine + new)


def test_template_is_laid_out_as_the_project_lays_out_its_own(merged):
    base = "x = [ 1, 2 ]\ny = 'a'\n"
    ours = 'x = [1, 2, 3]\ny = "a"\n'
    theirs = "x = [ 1, 2 ]\ny = 'new'\n"

    change = change_of(merged, "a.py", base, ours, theirs, policy=REPLACING)

    assert change.settlements[0].code == "formatter"
    assert change.after.content.decode() == 'x = [1, 2, 3]\ny = "new"\n'


@pytest.mark.parametrize(
    ("path", "ours", "policy"),
    [
        ("a.py", 'x = [1, 2, 3]\ny = "a"\n', None),
        ("a.py", 'x = [1, 2, 3 ]\ny = "a"\n', REPLACING),
        ("a.txt", 'x = [1, 2, 3]\ny = "a"\n', REPLACING),
    ],
    ids=["unasked", "a project that does not format", "no Python"],
)
def test_layout_is_left(merged, path, ours, policy):
    base, theirs = "x = [ 1, 2 ]\ny = 'a'\n", "x = [ 1, 2 ]\ny = 'new'\n"

    assert_left(change_of(merged, path, base, ours, theirs, policy=policy))


def test_layout_follows_the_projects_settings(merged):
    settings = {"ruff.toml": "[format]\nquote-style = 'single'\n"}
    base, ours, theirs = ("x = [ 1 ]\ny = 'a'\n", "x = [1, 2]\ny = 'a'\n", "x = [ 1 ]\ny = 'b'\n")

    outcome = merged({"a.py": base}, {"a.py": ours, **settings}, {"a.py": theirs}, REPLACING)

    assert outcome.changes["a.py"].after.content.decode() == "x = [1, 2]\ny = 'b'\n"


def with_blanks(*changed):
    lines = [f"line {n}" for n in range(9)]
    for number, text in changed:
        lines[number] = text
    return "".join(f"{line}  \n" for line in lines)


def test_blanks_at_line_ends_are_no_conflict(merged):
    base, ours = with_blanks(), with_blanks((8, "mine")).replace("  \n", "\n")

    change = change_of(merged, "a.txt", base, ours, with_blanks((1, "new")), policy=REPLACING)

    assert_settled(change, "trailing-blanks", ours.replace("line 1\n", "new\n"))


def test_lines_do_not_lose_their_blanks_unasked(merged):
    ours = with_blanks((8, "mine")).replace("  \n", "\n")

    assert_left(change_of(merged, "a.txt", with_blanks(), ours, with_blanks((1, "new"))))


def test_blanks_of_a_project_that_has_some_stay(merged):
    ours = with_blanks((1, "mine")).replace("line 5  ", "line 5")

    change = change_of(
        merged, "a.txt", with_blanks(), ours, with_blanks((1, "n")), policy=REPLACING
    )

    assert b"line 4  \n" in change.after.content


def test_place_on_which_gits_two_alignments_differ_is_left(merged):
    texts = ("a\n}\na\na\n", "a\n}\na\ny\n", "}\na\n}\nb\na\na\n")

    assert_left(change_of(merged, "a.md", *texts))


RECORD = '{\n  "_commit": "%s",\n  "_template": "%s",\n  "name": "%s"\n}\n'


def test_what_the_template_says_of_itself_comes_back_where_the_project_lacks_it(merged):
    mine = '{\n  "_template": "https://example.org/t",\n  "name": "a"\n}\n'
    change = change_of(
        merged, ".cookiecutter.json", RECORD % ("1", "t", "a"), mine, RECORD % ("2", "t", "a")
    )

    text = '{\n  "_commit": "2",\n  "_template": "https://example.org/t",\n  "name": "a"\n}\n'
    assert_settled(change, "record", text)


def test_what_the_template_says_of_itself_stands_before_what_the_project_put_there(merged):
    mine = '{\n  "author": "me",\n  "name": "a"\n}\n'
    old, new = (RECORD % (commit, "t", "a") for commit in ("1", "2"))
    change = change_of(merged, ".cookiecutter.json", old, mine, new)

    assert_settled(change, "record", '{\n  "_commit": "2",\n  "author": "me",\n  "name": "a"\n}\n')


def test_key_of_the_templates_own_that_the_project_changed_too_is_left(merged):
    texts = (RECORD % (commit, "t", "a") for commit in ("1", "mine", "2"))

    assert_left(change_of(merged, ".cookiecutter.json", *texts))


@pytest.mark.parametrize(
    ("path", "key"),
    [("a.json", "version"), ("a.json", "_version"), ("a.txt", "_commit")],
)
def test_any_other_line_that_the_project_deleted_and_the_template_changed_is_left(
    merged, path, key
):
    text = '{\n  "%s": "%s",\n  "name": "%s"\n}\n'
    mine = '{\n  "name": "mine"\n}\n'

    assert_left(change_of(merged, path, text % (key, "1", "a"), mine, text % (key, "2", "a")))


def test_key_of_the_templates_own_that_would_be_there_twice_is_left(merged):
    mine = '{\n  "name": "mine",\n  "_commit": "mine"\n}\n'
    old, new = (RECORD % (commit, "t", "a") for commit in ("1", "2"))

    assert_left(change_of(merged, ".cookiecutter.json", old, mine, new))
