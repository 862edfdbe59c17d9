"""Secrets: asked without echo, never stored, never shown; and what a person reads before they trust code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from attacks import Attack
from conftest import Scratch, git
from terminal import ENTER, Terminal

SECRET = "sesame-4711"
SECRETIVE = {
    "passphrase": "none",
    "nick": "x",
    "_settings": {"questions": {"passphrase": {"secret": True, "required": False}}},
}
USES = "{% if cookiecutter.passphrase == 'sesame-4711' %}open{% else %}closed{% endif %}\n"


def release(scratch: Scratch, tag: str, files: Mapping[str, str], **more: object) -> None:
    attack = Attack("secret", "", "", files, {**SECRETIVE, **more})
    scratch.write_template(attack)
    scratch.commit(tag)


def at_terminal(scratch: Scratch, *arguments: str, answers: Mapping[str, str]) -> str:
    """Run scaffold at a terminal, answer its questions in their order, and return all that was shown, raw."""
    place = scratch.project if scratch.project.is_dir() else scratch.project.parent
    terminal = Terminal(*arguments, at=place)
    for question, answer in answers.items():
        terminal.expect(question).type(answer + ENTER)
    assert terminal.end() in (0, 1, 2), terminal.raw
    return terminal.raw


def places_with(home: Path, text: str) -> list[str]:
    """Return the files of the home that hold `text`, in the packs and objects of repositories too."""
    found = [
        str(path)
        for path in home.rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    ]
    for folder in home.rglob(".git"):
        listed = subprocess.run(
            ["git", "-C", str(folder.parent), "cat-file", "--batch-all-objects", "--batch"],
            capture_output=True, check=True,
        )  # fmt: skip
        found += [str(folder)] * (text.encode() in listed.stdout)
    return found


def test_a_secret_is_asked_without_echo_and_never_stored(scratch):
    release(scratch, "v2", {"a": USES})

    shown = at_terminal(
        scratch, "new", "project", "--template", str(scratch.template),
        answers={"Components": "", " slug ": "", "passphrase": SECRET, " nick ": ""},
    )  # fmt: skip

    assert (scratch.project / "a").read_text() == "open\n", shown
    assert SECRET not in shown
    assert shown.partition("(not shown)")[2].partition("nick")[0].count("*") == 0
    assert [place for place in places_with(scratch.home, SECRET) if "template" not in place] == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--dry-run",),
        ("--dry-run", "--diff"),
        ("--plan", "{home}/plan.json"),
        ("--commit",),
        ("--branch", "b"),
    ],
)
def test_a_given_secret_is_neither_stored_nor_shown(arguments, made):
    release(
        made, "v2", {"a": USES.replace("sesame-4711", "other"), "b": "{{ cookiecutter.nick }}\n"}
    )
    more = [word.format(home=made.home) for word in arguments]

    for as_text in (True, False):
        said = made.run("upgrade", "--yes", "--set", f"passphrase={SECRET}", *more, as_text=as_text)
        assert SECRET not in said.output

    assert said.exit_code in (0, 2), said.output
    assert places_with(made.home, SECRET) == []


KEEPS = "pass = {{ cookiecutter.passphrase }}\n1\n2\n3\n4\nnick = {{ cookiecutter.nick }}\n"


def filled(scratch: Scratch, **more: object) -> None:
    """Make a project of a template that writes the secret into a file, which is committed."""
    release(scratch, "v2", {"a": KEEPS}, **more)
    address = str(scratch.template)
    given = ("--set", f"passphrase={SECRET}")
    said = scratch.run("new", "project", "--template", address, *given, "--yes")
    assert said.exit_code == 0, said.output
    assert (scratch.project / "a").read_text().startswith(f"pass = {SECRET}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("upgrade", "--yes", "--commit"),
        ("upgrade", "--yes", "--only", "a", "--commit"),
        ("set", "nick=y", "--yes", "--commit"),
        ("add", "extra", "--yes", "--commit"),
    ],
    ids=["upgrade", "only", "set", "add"],
)
def test_a_line_that_a_secret_filled_stays_as_it_is(arguments, scratch):
    filled(scratch)
    if arguments[0] == "upgrade":
        release(scratch, "v3", {"a": KEEPS.replace("nick = ", "name = ")})

    said = scratch.run(*arguments)

    assert said.exit_code == 0, said.output
    assert SECRET not in said.output
    text = (scratch.project / "a").read_text()
    assert text.startswith(f"pass = {SECRET}\n1\n")
    assert ("name = x" in text) == (arguments[0] == "upgrade")


def test_a_line_that_a_secret_filled_stays_when_the_spec_is_synced(scratch):
    filled(scratch)
    spec = scratch.project / "scaffold.toml"
    spec.write_text(spec.read_text().replace('nick = "x"', 'nick = "y"'))

    said = scratch.run("sync", "--yes")

    assert said.exit_code == 0, said.output
    assert (scratch.project / "a").read_text().splitlines()[::5] == [f"pass = {SECRET}", "nick = y"]


def test_a_secret_that_is_given_again_fills_new_lines_and_keeps_the_old(scratch):
    filled(scratch)
    release(scratch, "v3", {"a": KEEPS, "b": "{{ cookiecutter.passphrase }}\n"})

    said = scratch.run("upgrade", "--yes", "--set", f"passphrase={SECRET}")

    assert said.exit_code == 0, said.output
    assert (scratch.project / "b").read_text() == f"{SECRET}\n"
    assert (scratch.project / "a").read_text().startswith(f"pass = {SECRET}\n")
    assert SECRET not in (scratch.project / "scaffold.lock").read_text()


@pytest.mark.parametrize(
    "arguments", [("--dry-run",), ("--dry-run", "--diff"), ("--plan", "plan.json"), ()]
)
def test_a_secret_that_fills_a_line_is_not_shown(arguments, scratch):
    filled(scratch)
    release(scratch, "v3", {"a": f"new = {{{{ cookiecutter.passphrase }}}}\n{KEEPS}"})

    for as_text in (True, False):
        said = scratch.run(
            "upgrade", "--yes", "--set", f"passphrase={SECRET}", *arguments, as_text=as_text
        )
        assert SECRET not in said.output
    assert not (scratch.project / "plan.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        "{% if cookiecutter.passphrase != 'none' %}{% include cookiecutter.passphrase %}{% endif %}",
        "{{ cookiecutter[cookiecutter.passphrase] }}",
    ],
)
def test_a_secret_that_breaks_the_render_is_not_shown(text, scratch):
    filled(scratch)
    release(scratch, "v3", {"a": text})

    said = scratch.run("upgrade", "--yes", "--set", f"passphrase={SECRET}")

    assert said.exit_code == 2
    assert SECRET not in said.output


def test_the_lock_holds_no_digest_of_a_secret(scratch):
    filled(scratch)

    digest = git(scratch.project, "hash-object", "a")

    assert digest not in (scratch.project / "scaffold.lock").read_text()


def test_no_answer_is_made_of_a_secret(scratch):
    filled(scratch, address="https://me:{{ cookiecutter.passphrase }}@host")

    stored = "".join(
        (scratch.project / name).read_text() for name in ("scaffold.toml", "scaffold.lock")
    )

    assert SECRET not in stored
    assert 'address = "https://me:none@host"' in stored


def test_a_project_with_a_secret_is_adopted_without_it(scratch):
    filled(scratch)
    for name in ("scaffold.toml", "scaffold.lock"):
        (scratch.project / name).unlink()
    git(scratch.project, "commit", "-qam", "forget")

    said = scratch.run("adopt", "--template", str(scratch.template), "--yes", "--commit")

    assert said.exit_code == 0, said.output
    assert SECRET not in said.output
    release(scratch, "v3", {"a": KEEPS.replace("nick = ", "name = ")})
    assert scratch.run("upgrade", "--yes", "--commit").exit_code == 0
    assert (scratch.project / "a").read_text() == f"pass = {SECRET}\n1\n2\n3\n4\nname = x\n"
    assert SECRET not in git(scratch.project, "log", "-1", "-p", "--", "scaffold.lock")


def test_a_secret_is_not_sent_back_to_the_template(scratch):
    filled(scratch)

    said = scratch.run("diff", "--reverse")

    assert said.exit_code == 0, said.output
    assert SECRET not in said.output


def test_a_secret_that_a_template_needs_is_asked_for_once_alone(scratch):
    settings = {"questions": {"passphrase": {"secret": True, "pattern": "[a-z0-9-]+"}}}
    release(scratch, "v2", {"a": KEEPS}, _settings=settings, passphrase="")
    start = ("new", "project", "--template", str(scratch.template), "--yes")

    assert scratch.run(*start).code == "bad-answer"
    assert scratch.run(*start, "--set", f"passphrase={SECRET}").exit_code == 0
    release(scratch, "v3", {"a": KEEPS, "b": "x\n"}, _settings=settings, passphrase="")

    assert scratch.run("upgrade", "--yes").exit_code == 0
    assert (scratch.project / "a").read_text().startswith(f"pass = {SECRET}\n")


def test_a_secret_that_does_not_fit_is_not_shown(made):
    settings = {"questions": {"passphrase": {"secret": True, "pattern": "[0-9]+"}}}
    release(made, "v2", {"a": "x\n"}, _settings=settings, passphrase="1")

    said = made.run("upgrade", "--yes", "--set", f"passphrase={SECRET}", as_text=True)

    assert said.exit_code == 2
    assert SECRET not in said.output


def test_a_bug_report_holds_no_answer_and_no_password(made, monkeypatch, tmp_path):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot do {SECRET} at https://me:hunter2@host/x")

    monkeypatch.setattr("scaffold.commands.upgrade.upgrade", fail)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    said = made.run("upgrade", "--yes", "--set", f"passphrase={SECRET}", as_text=True)

    assert said.exit_code == 3
    report = next(tmp_path.glob("scaffold-bug-*")).read_text()
    assert "RuntimeError" in report
    for text in (SECRET, "hunter2"):
        assert text not in report + said.output


ADDRESSES = [
    "https://me:22/hunter2@127.0.0.1:9/x",
    "https://me:443#hunter2@127.0.0.1:9/x",
    "https://me:hun ter2@127.0.0.1:9/x",
    "https:/me:hunter2@127.0.0.1:9/x",
    "https:////me:hunter2@127.0.0.1:9/x",
    "me:hunter2@127.0.0.1:x",
    "gh:me:hunter2@x/y",
    "gh:x/y?token=hunter2",
    "https://me:hunter2@127.0.0.1:9/x",
    "https://hunter2@127.0.0.1:9/x",
    "https://me:hun/ter2@127.0.0.1:9/x",
    "https://me:hunter2@h@127.0.0.1:9/x.git",
    "ssh://me:hunter2@127.0.0.1:9/x",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("way", ["new", "upgrade", "adopt", "spec", "list"])
def test_a_password_in_an_address_goes_nowhere(address, way, made):
    if way == "spec":
        for name in ("scaffold.toml", "scaffold.lock"):
            file = made.project / name
            file.write_text(file.read_text().replace(str(made.template), address))
    if way == "adopt":
        for name in ("scaffold.toml", "scaffold.lock"):
            (made.project / name).unlink()
        git(made.project, "commit", "-qam", "x")
    arguments = {
        "new": ("new", "other", "--template", address, "--yes"),
        "upgrade": ("upgrade", "--template", address, "--yes"),
        "adopt": ("adopt", "--template", address, "--yes"),
        "list": ("list", "--template", address),
    }.get(way, ("check",))

    for as_text in (True, False):
        said = made.run(*arguments, as_text=as_text)
        assert said.exit_code == 2, said.output
        for secret in ("hunter2", "ter2@"):
            assert secret not in said.output
    left = [place for place in places_with(made.home, "hunter2") if not place.endswith("/secret")]
    assert [place for place in left if way != "spec" or "/project/scaffold." not in place] == []


def test_the_code_and_its_digest_are_shown_before_the_yes_and_escaped(scratch):
    hook = "print('\x1b[2Jhello')\n"
    scratch.write_template(
        Attack("hook", "", "", {"a": "x\n"}, {}, {"hooks/post_gen_project.py": hook})
    )
    scratch.commit("v2")
    store = scratch.home / "state" / "trusted.json"

    shown = at_terminal(
        scratch, "new", "project", "--template", str(scratch.template),
        answers={"Components": "", "(y/N)": "y", " slug ": ""},
    )  # fmt: skip

    assert store.exists(), shown
    trusted = json.loads(store.read_text())
    digest = next(iter(trusted.values()))[0]
    before_yes = shown.partition("(y/N)")[0]
    assert str(scratch.template) in trusted
    assert digest in "".join(before_yes.split())
    assert "print('\\x1b[2Jhello')" in before_yes
    assert "\x1b[2Jhello" not in shown
