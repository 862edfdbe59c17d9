"""Help is what Typer says, and is kept between runs."""

from __future__ import annotations

import pytest

from scaffold import help_text
from scaffold.cli import COMMANDS, run


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def said(capsys, *arguments: str) -> str:
    assert run([*arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_kept_help_is_what_was_made_the_first_time(capsys, monkeypatch, arguments):
    first = said(capsys, *arguments)
    monkeypatch.setattr("scaffold.cli._help", lambda _: pytest.fail("it was made again"))

    assert said(capsys, *arguments) == first
    assert first.startswith("Usage: scaffold")


def test_help_for_another_width_is_made_anew(capsys, monkeypatch):
    wide = said(capsys, "upgrade", "--help")
    monkeypatch.setenv("COLUMNS", "60")

    narrow = said(capsys, "upgrade", "--help")

    assert max(map(len, narrow.splitlines())) < max(map(len, wide.splitlines()))


def test_help_is_made_anew_where_a_declaration_changed(capsys, monkeypatch):
    said(capsys, "check", "--help")
    monkeypatch.setattr(help_text, "_stamps", lambda: iter([(1, 2)]))
    monkeypatch.setattr("scaffold.cli._help", lambda _: "new\n")

    assert said(capsys, "check", "--help") == "new\n"


def test_help_is_there_where_nothing_can_be_kept(capsys, monkeypatch):
    def refused(*_: str) -> None:
        raise help_text.ScaffoldError("no place")

    monkeypatch.setattr(help_text.cache, "folder", refused)

    assert said(capsys, "list", "--help").startswith("Usage: scaffold list")


def test_wrong_word_beside_help_is_typers_to_refuse(capsys):
    assert run(["nonsense", "--help"]) == 2
    assert "nonsense" in capsys.readouterr().err
