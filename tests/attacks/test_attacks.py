"""Every attack, through every command that opens a template, from every form of one."""

from __future__ import annotations

import json
import zlib

import pytest
from attacks import ATTACKS, DONE, Attack
from conftest import Said, Scratch, git

FORMS = ("folder", "git", "bundle")
IDS = [attack.id for attack in ATTACKS]
BUG = 3


def form_of(attack: Attack) -> str:
    """Return the form that this attack takes where one has to do: another for each attack."""
    return FORMS[zlib.crc32(attack.id.encode()) % len(FORMS)]


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


@pytest.mark.parametrize("attack", ATTACKS, ids=IDS)
def test_new(attack, scratch, monkeypatch):
    limit(attack, monkeypatch)
    scratch.write_template(attack)
    scratch.commit()
    source = scratch.source(form_of(attack))
    before = scratch.snapshot()

    ref = ("--ref", "main") if form_of(attack) != "folder" else ()
    said = scratch.run("new", "project", "--template", source, *ref, "--yes", *settings(attack))

    hold(scratch, before, said)
    assert said.code == attack.expected
    assert scratch.project.exists() == (attack.expected == DONE)
    for name, content in attack.contains.items():
        assert (scratch.project / name).read_text() == content


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("attack", ATTACKS[:: len(ATTACKS) // 12], ids=IDS[:: len(ATTACKS) // 12])
def test_new_from_every_form(attack, form, scratch, monkeypatch):
    limit(attack, monkeypatch)
    scratch.write_template(attack)
    scratch.commit("v2")
    source = scratch.source(form)
    before = scratch.snapshot()

    said = scratch.run("new", "project", "--template", source, "--yes", *settings(attack))

    hold(scratch, before, said)
    assert said.code == attack.expected


@pytest.mark.parametrize("attack", ATTACKS, ids=IDS)
def test_upgrade(attack, made, monkeypatch):
    limit(attack, monkeypatch)
    made.write_template(attack)
    made.commit("v2")
    before, project = made.snapshot(), git(made.project, "status", "--porcelain", "--ignored")

    said = made.run("upgrade", "--yes", *settings(attack))

    hold(made, before, said)
    assert said.code == attack.expected
    if attack.expected != DONE:
        assert git(made.project, "status", "--porcelain", "--ignored") == project


@pytest.mark.parametrize("command", ["sync", "adopt", "check", "diff", "add"])
@pytest.mark.parametrize("attack", ATTACKS[::8], ids=IDS[::8])
def test_the_other_commands(attack, command, made, monkeypatch):
    limit(attack, monkeypatch)
    made.write_template(attack)
    made.commit("v2")
    arguments: tuple[str, ...] = ("--yes",) if command == "sync" else ()
    if command == "sync":
        spec = made.project / "scaffold.toml"
        spec.write_text(spec.read_text().replace('"v1"', '"v2"'))
        git(made.project, "commit", "-qam", "wish for v2")
    if command == "adopt":
        for name in ("scaffold.toml", "scaffold.lock"):
            (made.project / name).unlink()
        git(made.project, "commit", "-qam", "forget")
        arguments = ("--template", str(made.template), "--ref", "v2", "--yes")
    if command == "add":
        arguments = ("docker", "--yes")
    before = made.snapshot()

    said = made.run(command, *arguments)

    hold(made, before, said)
    if command == "sync":
        assert said.code == attack.expected or attack.answers
    if command == "add":
        assert said.exit_code == 2


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
@pytest.mark.parametrize("way", ["new", "upgrade", "adopt", "spec", "lock"])
def test_addresses_that_run_something_are_refused(address, way, made):
    arguments = {
        "new": ("new", "other", "--template", address, "--yes"),
        "upgrade": ("upgrade", "--template", address, "--yes"),
        "adopt": ("adopt", "--template", address, "--yes"),
    }.get(way, ("upgrade", "--yes"))
    if way == "adopt":
        (made.project / "scaffold.toml").unlink()
        (made.project / "scaffold.lock").unlink()
        git(made.project, "commit", "-qam", "forget")
    if way in ("spec", "lock"):
        file = made.project / f"scaffold.{'toml' if way == 'spec' else 'lock'}"
        file.write_text(
            file.read_text().replace(json.dumps(str(made.template)), json.dumps(address))
        )
        git(made.project, "commit", "-qam", "an edit of a pull request")
    before = made.snapshot()

    said = made.run(*arguments)

    hold(made, before, said)
    if way != "lock":  # the lock's address is not asked while the spec's has the commit
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


def test_a_folder_of_the_project_that_is_a_link_is_not_written_through(made):
    (made.home / "victim").mkdir()
    (made.project / "docs").symlink_to(made.home / "victim")
    git(made.project, "add", "-A")
    git(made.project, "commit", "-qm", "x")
    made.write_template(Attack("two", "", "", {"a": "one\n", "docs/x": "x"}))
    made.commit("v2")
    before = made.snapshot()

    hold(made, before, made.run("upgrade", "--yes"))


def test_a_file_of_the_project_that_is_a_link_is_not_written_through(made):
    (made.home / "victim").write_text("mine\n")
    (made.project / "a").unlink()
    (made.project / "a").symlink_to(made.home / "victim")
    git(made.project, "commit", "-qam", "x")
    made.write_template(Attack("two", "", "", {"a": "two\n"}))
    made.commit("v2")
    before = made.snapshot()

    hold(made, before, made.run("upgrade", "--yes"))


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
