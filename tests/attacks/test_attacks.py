"""Every attack, through every command that opens a template, from every form of one."""

from __future__ import annotations

import json
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacks import ATTACKS, DONE, Attack
from conftest import FORMS, Said, Scratch, content_id, forget_cached, git, set_environment

COMMANDS = ("new", "upgrade", "add", "adopt", "diff", "check")
IDS = [attack.id for attack in ATTACKS]
BUG = 3


def form_of(attack: Attack, command: str) -> str:
    """Return the form of the template that a command meets this attack in.

    Over its six commands an attack is met in each form twice; over all attacks a command is met in each form.
    """
    turn = zlib.crc32(attack.id.encode()) + COMMANDS.index(command)
    return FORMS[turn % len(FORMS)]


def settings(attack: Attack) -> list[str]:
    return [
        argument
        for name, value in attack.answers.items()
        for argument in ("--set", f"{name}={value}")
    ]


def hold(scratch: Scratch, before: dict[str, str], said: Said) -> None:
    """Check what must hold however a command ended."""
    assert said.exit_code != BUG, said.output
    assert "Traceback" not in said.output
    assert "hunter2" not in said.output
    assert "\x1b" not in said.output
    assert not scratch.was_entered()
    assert scratch.snapshot() == before


def limit(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in attack.limits.items():
        monkeypatch.setenv(name, value)


def test_there_are_many_attacks_and_each_has_its_name():
    assert len(set(IDS)) == len(ATTACKS) >= 80


@pytest.fixture(scope="module")
def hostile(request, prepared) -> Iterator[tuple[Attack, Scratch]]:
    """Return an attack and a home whose template became hostile, in every form, after projects were made of it."""
    attack = request.param
    shutil.rmtree(prepared)
    shutil.copytree(prepared.with_name("made"), prepared, symlinks=True)
    scratch = Scratch(prepared)
    scratch.write_template(attack)
    scratch.commit("v2")
    for form in FORMS:
        scratch.source(form)
    forget_cached()
    return attack, scratch


@pytest.fixture
def attacked(hostile, monkeypatch) -> tuple[Attack, Scratch]:
    """Return an attack and a home; what its form can change is read anew by each command."""
    attack, scratch = hostile
    set_environment(monkeypatch, scratch.home)
    limit(attack, monkeypatch)
    if attack.links:
        forget_cached()
    return attack, scratch


def at_hostile_version(scratch: Scratch, attack: Attack, form: str) -> str:
    """Make the project's lock say that the hostile version was applied, as a pull request can; return its id."""
    address = scratch.address(form)
    found = content_id(Path(address)) if form == "folder" else ""
    commit = found or (scratch.template / ".git" / "refs" / "tags" / "v2").read_text().strip()
    for name in ("scaffold.toml", "scaffold.lock"):
        file = scratch.project / name
        text = re.sub(r'(?m)^commit = ".*"$', f'commit = "{commit}"', file.read_text())
        text = re.sub(r'(?m)^version = ".*"$', f'version = "{found[:12] or "v2"}"', text)
        answers = "".join(f"{key} = {json.dumps(each)}\n" for key, each in attack.answers.items())
        file.write_text(text.replace("[answers]\n", f"[answers]\n{answers}"))
    return commit


def prepare(scratch: Scratch, attack: Attack, command: str, form: str) -> list[str]:
    """Bring the project where `command` meets the attack, and return the command's arguments."""
    address = scratch.address(form)
    scratch.replace_project(form)
    if command == "new":
        shutil.rmtree(scratch.project)
        return ["project", "--template", address, "--yes", *settings(attack)]
    if command == "upgrade":
        return ["--yes", *settings(attack)]
    commit = at_hostile_version(scratch, attack, form)
    if (
        command == "diff"
    ):  # what was rendered is lost, so that the template is rendered to look at it
        lock = scratch.project / "scaffold.lock"
        lock.write_text(re.sub(r'(?m)^(a = "100644 )\w+', r"\g<1>" + "a" * 40, lock.read_text()))
        return []
    if command == "check":
        return []
    if command == "adopt":
        for name in ("scaffold.toml", "scaffold.lock"):
            (scratch.project / name).unlink()
    git(scratch.project, "commit", "-qam", "an edit of a pull request")
    if command == "add":
        return ["extra", "--yes"]
    return ["--template", address, "--ref", commit, "--yes", *settings(attack)]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("hostile", ATTACKS, ids=IDS, indirect=True)
def test_attack(command, attacked):
    attack, scratch = attacked
    meet(attack, scratch, command, form_of(attack, command))


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("hostile", ATTACKS, ids=IDS, indirect=True)
def test_attack_in_every_form(command, form, attacked):
    attack, scratch = attacked
    meet(attack, scratch, command, form)


def meet(attack: Attack, scratch: Scratch, command: str, form: str) -> None:
    """Run `command` over a template that became hostile, in one form, and check how it ends."""
    arguments = prepare(scratch, attack, command, form)
    before, project = scratch.snapshot(), scratch.project_snapshot()

    said = scratch.run(command, *arguments)

    hold(scratch, before, said)
    if command == "check":  # reads the lock and the names of versions
        assert scratch.project_snapshot() == project
        return
    if command == "diff":  # says what it could not render
        assert said.exit_code == 0, said.output
        assert scratch.project_snapshot() == project
        lost = attack.expected != DONE or "a" not in attack.files
        assert ("base-lost" in said.output) == lost
        return
    assert said.code == attack.expected, said.output
    if attack.expected != DONE:
        assert scratch.project_snapshot() == project
    if command in ("new", "upgrade", "add"):
        for name, content in attack.contains.items():
            assert (scratch.project / name).read_text() == content


def test_every_attack_meets_every_form_and_every_command_too():
    for attack in ATTACKS:
        assert {form_of(attack, command) for command in COMMANDS} == set(FORMS)
    for command in COMMANDS:
        assert {form_of(attack, command) for attack in ATTACKS} == set(FORMS)


ADDRESSES = [
    ("ext", "ext::sh -c 'touch PWNED'"),
    ("ext-upper", "EXT::sh -c 'touch PWNED'"),
    ("fd", "fd::7"),
    ("option", "--upload-pack=touch PWNED"),
    ("option-short", "-oProxyCommand=touch PWNED"),
    ("ssh-option", "ssh://-oProxyCommand=touch%20PWNED/x"),
    ("http", "http://example.invalid/x"),
    ("git", "git://example.invalid/x"),
    ("ftp", "ftp://example.invalid/x"),
    ("newline", "https://example.invalid/\nx"),
    ("empty", ""),
]


@pytest.mark.parametrize(
    "address",
    [each[1] for each in ADDRESSES if each[1]],
    ids=[each[0] for each in ADDRESSES if each[1]],
)
@pytest.mark.parametrize("way", ["new", "upgrade", "adopt", "spec", "check", "add", "diff", "lock"])
def test_addresses_that_run_something_are_refused(address, way, made):
    arguments = {
        "new": ("new", "other", "--template", address, "--yes"),
        "upgrade": ("upgrade", "--template", address, "--yes"),
        "adopt": ("adopt", "--template", address, "--yes"),
        "check": ("check",),
        "add": ("add", "extra", "--yes"),
        "diff": ("diff",),
    }.get(way, ("upgrade", "--yes"))
    if way == "adopt":
        (made.project / "scaffold.toml").unlink()
        (made.project / "scaffold.lock").unlink()
        git(made.project, "commit", "-qam", "forget")
    if way in ("spec", "check", "add", "diff", "lock"):
        file = made.project / f"scaffold.{'lock' if way == 'lock' else 'toml'}"
        file.write_text(
            file.read_text().replace(json.dumps(str(made.template)), json.dumps(address))
        )
        git(made.project, "commit", "-qam", "an edit of a pull request")
    before = made.snapshot()

    said = made.run(*arguments)

    hold(made, before, said)
    if way not in ("lock", "diff"):  # the lock's is not asked while the spec's has the commit
        assert said.exit_code == 2


@pytest.mark.parametrize(
    "ref",
    [
        "--output=x",
        "-x",
        "--upload-pack=touch PWNED",
        "v1..v2",
        "HEAD^{/x}",
        "v1:a",
        "@{-1}",
        "a b",
        "x\ny",
    ],
)
@pytest.mark.parametrize("way", ["new", "upgrade", "spec"])
def test_versions_that_are_options_or_expressions_are_refused(ref, way, made):
    arguments = {
        "new": ("new", "other", "--template", str(made.template), f"--ref={ref}", "--yes"),
        "upgrade": ("upgrade", f"--to={ref}", "--yes"),
    }.get(way, ("sync", "--yes"))
    if way == "spec":
        spec = made.project / "scaffold.toml"
        spec.write_text(spec.read_text().replace('"v1"', json.dumps(ref)))
        git(made.project, "commit", "-qam", "x")
    before = made.snapshot()

    said = made.run(*arguments)

    hold(made, before, said)
    assert said.exit_code == 2


LOCKED = "100644 " + "a" * 40
LOCKS = [
    ("parent", f'"../escaped" = "{LOCKED}"'),
    ("absolute", f'"/tmp/escaped" = "{LOCKED}"'),
    ("git", f'".git/hooks/pre-commit" = "{LOCKED}"'),
    ("link", '"a2" = "120000 ' + "a" * 40 + '"'),
    ("device", '"a3" = "020000 ' + "a" * 40 + '"'),
    ("kind", '"a4" = 1'),
    ("conflict", "<<<<<<< ours\n=======\n>>>>>>> theirs"),
    ("broken", "[[["),
    ("deep", "x = " + "[" * 9999),
]


@pytest.mark.parametrize("line", [each[1] for each in LOCKS], ids=[each[0] for each in LOCKS])
@pytest.mark.parametrize("command", ["upgrade", "sync", "check", "diff", "add", "list"])
def test_locks_that_a_pull_request_edited(line, command, made):
    lock = made.project / "scaffold.lock"
    lock.write_text(lock.read_text() + line + "\n")
    git(made.project, "commit", "-qam", "x")
    made.write_template(Attack("two", "", "", {"a": "two\n"}))
    made.commit("v2")
    before = made.snapshot()

    said = made.run(command, *(("docker",) if command == "add" else ()))

    hold(made, before, said)


@pytest.mark.parametrize(
    "name",
    [
        "core.fsmonitor",
        "core.hooksPath",
        "core.sshCommand",
        "core.pager",
        "diff.external",
        "core.editor",
        "uploadpack.packObjectsHook",
        "filter.evil.smudge",
        "merge.evil.driver",
        "gpg.program",
    ],
)
def test_nothing_that_a_repository_configures_is_run(name, made):
    script = made.home / "evil"
    script.write_text(f"#!/bin/sh\ntouch {made.home}/PWNED\n")
    script.chmod(0o755)
    for repository in (made.project, made.template):
        git(repository, "config", name, str(script))
    made.write_template(
        Attack(
            "two", "", "", {"a": "two\n", ".gitattributes": "* filter=evil merge=evil diff=evil\n"}
        )
    )
    git(made.template, "-c", f"{name}=", "add", "-A")
    git(
        made.template,
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "commit",
        "-qm",
        "x",
    )
    git(made.template, "tag", "v2")
    (made.home / "PWNED").unlink(missing_ok=True)
    before = made.snapshot()

    for arguments in (("check",), ("diff",), ("upgrade", "--yes")):
        hold(made, before, made.run(*arguments))


@pytest.mark.parametrize(
    "name",
    [
        "GIT_DIR",
        "GIT_EXEC_PATH",
        "GIT_EXTERNAL_DIFF",
        "GIT_CONFIG_PARAMETERS",
        "GIT_SSH_VARIANT",
        "GIT_PROXY_COMMAND",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_TEMPLATE_DIR",
    ],
)
def test_what_the_caller_says_to_git_is_not_heard(name, made, monkeypatch):
    monkeypatch.setenv(name, str(made.home / "nowhere"))
    before = made.snapshot()

    said = made.run("check")

    hold(made, before, said)
    assert said.exit_code == 0


WRITERS = [
    ("upgrade", "--yes"),
    ("upgrade", "--yes", "--commit"),
    ("upgrade", "--yes", "--only", "a"),
    ("upgrade", "--yes", "--branch", "b"),
    ("add", "extra", "--yes"),
    ("set", "slug=y", "--yes"),
    ("sync", "--yes"),
]


@pytest.mark.parametrize("command", WRITERS, ids=" ".join)
@pytest.mark.parametrize("kind", ["folder", "file", "both"])
def test_a_link_of_the_project_is_not_written_through(kind, command, made):
    victim = made.home / "victim"
    victim.mkdir()
    (victim / "a").write_text("mine\n")
    if kind in ("folder", "both"):
        (made.project / "docs").symlink_to(victim)
    if kind in ("file", "both"):
        (made.project / "a").unlink()
        (made.project / "a").symlink_to(victim / "a")
    made.write_template(Attack("two", "", "", {"a": "two {{cookiecutter.slug}}\n", "docs/x": "x"}))
    made.commit("v2")
    spec = made.project / "scaffold.toml"
    spec.write_text(spec.read_text().replace('"v1"', '"v2"'))
    git(made.project, "add", "-A")
    git(made.project, "commit", "-qm", "x")
    before = made.snapshot()

    hold(made, before, made.run(*command))


def test_a_new_project_is_not_written_through_a_link(scratch):
    victim = scratch.home / "victim"
    victim.mkdir()
    (scratch.project.parent / "project").symlink_to(victim)
    (scratch.project.parent / "below").symlink_to(victim)
    before = scratch.snapshot()

    said = scratch.run("new", str(scratch.project), "--template", str(scratch.template), "--yes")

    assert said.exit_code == 2
    assert scratch.snapshot() == before


def test_a_spec_cannot_grant_trust(made):
    for name in ("scaffold.toml", "scaffold.lock"):
        file = made.project / name
        file.write_text("trusted = true\ntrust = true\n" + file.read_text())
    git(made.project, "commit", "-qam", "x")
    made.write_template(
        Attack(
            "two",
            "",
            "",
            {"a": "two\n"},
            outside={"hooks/post_gen_project.sh": "#!/bin/sh\ntouch $HOME/PWNED\n"},
        )
    )
    made.commit("v2")
    before = made.snapshot()

    said = made.run("upgrade", "--yes")

    hold(made, before, said)
    assert said.exit_code == 2


def test_a_password_in_an_address_is_neither_stored_nor_shown(made):
    address = "https://me:hunter2@127.0.0.1:9/x"
    before = made.snapshot()

    for arguments in (
        ("new", "other", "--template", address, "--yes"),
        ("upgrade", "--template", address, "--yes"),
    ):
        hold(made, before, made.run(*arguments))
    kept = [
        path
        for path in made.project.rglob("*")
        if path.is_file() and b"hunter2" in path.read_bytes()
    ]
    assert kept == []


def test_a_plan_points_out_what_makes_a_tool_run_something(made):
    files = {".envrc": "x", ".github/workflows/ci.yml": "x", "docs/index.md": "x"}
    made.write_template(
        Attack("two", "", "", {"a": "one\n", **files}, outside={"hooks/post_gen_project.py": "1"})
    )
    made.commit("v2")

    said = made.run("upgrade", "--yes", "--dry-run")

    notes = {(note["code"], note["subject"]) for note in json.loads(said.output)["notes"]}
    assert notes >= {
        ("look-at", ".envrc"),
        ("look-at", ".github/workflows/ci.yml"),
        ("not-run", "hooks/post_gen_project.py"),
    }
    assert ("look-at", "docs/index.md") not in notes


def plumbed(scratch: Scratch, *entries: tuple[str, str, bytes]) -> None:
    """Commit a tree that git's own commands would not make: (mode, id, name) of each entry."""
    blob = git(scratch.template, "hash-object", "-w", "--stdin", data=b"x")
    context = git(scratch.template, "hash-object", "-w", "--stdin", data=b'{"slug": "x"}')
    project = _tree(scratch, [(mode, each or blob, name) for mode, each, name in entries])
    whole = [
        ("100644", context, b"cookiecutter.json"),
        ("40000", project, b"{{cookiecutter.slug}}"),
    ]
    commit = git(scratch.template, "commit-tree", "-m", "x", _tree(scratch, whole))
    git(scratch.template, "update-ref", "refs/heads/main", commit)
    git(scratch.template, "tag", "v2", commit)


def _tree(scratch: Scratch, entries: list[tuple[str, str, bytes]]) -> str:
    data = b"".join(
        mode.encode() + b" " + name + b"\0" + bytes.fromhex(each) for mode, each, name in entries
    )
    return git(
        scratch.template, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", data=data
    )


@pytest.mark.parametrize(
    "name",
    [b"..", b".git", b"../../escaped", b"/tmp/escaped", b"a\xff", b"a/../../b", b".", b"\\..\\x"],
)
def test_trees_that_only_plumbing_makes(name, made):
    plumbed(made, ("100644", "", name))
    before = made.snapshot()

    for arguments in (
        ("new", "other", "--template", str(made.template), "--yes"),
        ("upgrade", "--yes"),
    ):
        said = made.run(*arguments)
        hold(made, before, said)
        assert said.exit_code == 2


def test_modes_that_only_plumbing_makes_become_ordinary_ones(made):
    plumbed(made, ("104755", "", b"setuid"), ("100666", "", b"writable"))

    made.run("upgrade", "--yes")

    modes = [
        (made.project / name).stat().st_mode & 0o7777
        for name in ("setuid", "writable")
        if (made.project / name).exists()
    ]
    assert set(modes) <= {0o644, 0o755}


def test_a_tree_that_unfolds_without_end_is_refused(made, monkeypatch):
    monkeypatch.setenv("SCAFFOLD_LIMIT_FILES", "1000")
    each = git(made.template, "hash-object", "-w", "--stdin", data=b"x")
    mode = "100644"
    for _ in range(12):  # 10 ** 12 files in 12 objects
        each = _tree(made, [(mode, each, f"f{number}".encode()) for number in range(10)])
        mode = "40000"
    plumbed(made, ("40000", each, b"bomb"))
    before = made.snapshot()

    said = made.run("upgrade", "--yes")

    hold(made, before, said)
    assert said.code == "over-limit"


def test_a_submodule_of_a_template_is_neither_fetched_nor_followed(made):
    commit = git(made.template, "rev-parse", "v1")
    plumbed(made, ("100644", "", b"a"), ("160000", commit, b"sub"))
    before = made.snapshot()

    said = made.run("upgrade", "--yes")

    hold(made, before, said)
    assert said.exit_code == 0, said.output
    assert not (made.project / "sub").exists()
