"""TOML of others: what plain lines say is what the whole grammar says."""

import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scaffold.trust import toml

LINES = [
    "",
    "# a comment",
    "# a comment with \ttab and ü",
    "[template]",
    "[answers]",
    "[ answers ]",
    "[answers.more]",
    "[[answers]]",
    'source = "/x"',
    '"a key" = "x"',
    '"answers" = "x"',
    "answers = 1",
    'source = "a \\"b\\""',
    'components = ["a", "b"]',
    'components = ["a",]',
    "components = []",
    "yes = true",
    "no = false",
    "number = 12",
    "number = 012",
    "number = 0",
    "number = 1.5",
    "number = null",
    "table = {}",
    "a.b = 1",
    "day = 2026-01-01",
    "trailing = 1 ",
    "commented = 1 # yes",
    "'x' = 1",
    "text = '''",
    'text = """',
    "x = ",
    "\x7f",
    "# \x7f",
    "# \x00",
    'x = "\x7f"',
    'x = "\ud800"',
    "y = 1\r",
    "ü = 1",
]


@given(st.lists(st.sampled_from(LINES), max_size=6).map("\n".join) | st.text())
@example("a = 1\na = 1")
@example("[a]\n[a]")
@example("a = 1\n[a]")
@example('"a" = 1\na = 2')
@example("[a]\nb = 1\n[c]\nb = 2")
def test_plain_lines_say_what_the_whole_grammar_says(text):
    try:
        expected = tomllib.loads(text)
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011 - the message is tomllib's own
            toml.loads(text)
    else:
        assert toml.loads(text) == expected


def test_what_we_write_is_read_without_the_whole_grammar(monkeypatch):
    monkeypatch.setattr(tomllib, "loads", None)

    assert toml.loads(
        '# Written by scaffold; edit scaffold.toml instead.\nformat = 1\nbehind = ["a.py", "b c"]\n\n'
        '[template]\nsource = "scaffold"\ntrusted = true\n\n[answers]\n"my name" = "Zoë"\n'
    ) == {
        "format": 1,
        "behind": ["a.py", "b c"],
        "template": {"source": "scaffold", "trusted": True},
        "answers": {"my name": "Zoë"},
    }
