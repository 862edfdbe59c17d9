"""What is printed, where, and what of others' text is not let through."""

import json

import pytest

from scaffold.cli import run
from scaffold.commands.report import Exit, Line, Report, Style
from scaffold.console import Console
from scaffold.errors import ScaffoldError


def test_error_is_one_line_and_a_hint_on_standard_error(capsys):
    Console().error(ScaffoldError("it is\nbroken", hint="mend it"))

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "error: it is broken\nhint: mend it\n"


def test_error_as_json_is_on_standard_output(capsys):
    Console(as_json=True).error(ScaffoldError("broken", code="broken-thing"))

    document = json.loads(capsys.readouterr().out)
    assert document == {
        "error": {"code": "broken-thing", "message": "broken", "hint": ""},
        "exit_code": 2,
    }


@pytest.mark.parametrize("text", ["\x1b[2Jgone", "a\rb", "\x9b31m", "\u202egpj.exe", "\x07"])
def test_control_characters_are_shown_not_obeyed(capsys, text):
    Console().report(Report({}, (Line(text),)))

    assert text not in capsys.readouterr().out


def test_a_line_stays_one_line(capsys):
    Console().report(Report({}, (Line("a\nerror: forged"),)))

    assert capsys.readouterr().out == "a\\nerror: forged\n"


def test_no_colour_where_nobody_looks(capsys):
    Console().report(Report({}, (Line("good", Style.GOOD),)))

    assert capsys.readouterr().out == "good\n"


def test_exit_code_is_in_the_json(capsys):
    Console(as_json=True).report(Report({"a": 1}, (), Exit.NEGATIVE))

    assert json.loads(capsys.readouterr().out) == {"a": 1, "exit_code": 1}


def test_help_names_every_command(capsys):
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    for command in ("new", "upgrade", "apply", "add", "remove", "set", "sync", "adopt", "check"):
        assert f"\n  {command} " in said


@pytest.mark.parametrize("command", ["new", "upgrade", "add", "sync", "adopt", "check", "list"])
def test_every_command_explains_itself(capsys, command):
    assert run([command, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("scaffold ")
