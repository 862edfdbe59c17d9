"""Answers from the command line."""

import pytest

from scaffold.commands.given import given_answers
from scaffold.errors import ScaffoldError


def test_setting_wins_over_the_file(tmp_path):
    (tmp_path / "a.toml").write_text('colour = "red"\nsize = "small"\n')

    given = given_answers(tmp_path / "a.toml", ["colour=blue"])

    assert given == {"colour": "blue", "size": "small"}


def test_value_may_hold_an_equals_sign():
    assert given_answers(None, ["url=https://x/?a=b"]) == {"url": "https://x/?a=b"}


@pytest.mark.parametrize("wrapped", ["answers", "cookiecutter"])
def test_answers_may_lie_in_a_table_of_their_own(tmp_path, wrapped):
    (tmp_path / "a.json").write_text(f'{{"{wrapped}": {{"colour": "red"}}}}')

    assert given_answers(tmp_path / "a.json", []) == {"colour": "red"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", "{"), ("a.json", "[]"), ("a.toml", "x ="), ("a.yml", "a: [\n"), ("a.yml", "- x\n")],
)
def test_broken_file_is_named(tmp_path, name, text):
    (tmp_path / name).write_text(text)

    with pytest.raises(ScaffoldError, match="cannot be read") as refused:
        given_answers(tmp_path / name, [])

    assert refused.value.code == "bad-answers-file"


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ScaffoldError, match=r"a\.toml"):
        given_answers(tmp_path / "a.toml", [])


@pytest.mark.parametrize("setting", ["colour", "=blue"])
def test_setting_without_a_name_or_value_is_refused(setting):
    with pytest.raises(ScaffoldError, match="not an answer"):
        given_answers(None, [setting])
