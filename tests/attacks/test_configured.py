"""What a person, a machine or a template has configured in git is not run, but for what their own repository needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacks import Attack
from conftest import PERSON, Scratch, git

# Each names a program of its own, which leaves a mark with the setting's name.
SETTINGS = [
    "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy",
    "core.alternateRefsCommand", "diff.external", "diff.evil.command", "diff.evil.textconv", "merge.evil.driver",
    "merge.default", "filter.evil.smudge", "gpg.program", "gpg.ssh.program", "credential.helper", "sequence.editor",
    "pager.log", "pager.diff", "pager.config", "interactive.diffFilter", "uploadpack.packObjectsHook",
    "receive.fsckObjects", "trailer.x.command", "alias.fetch", "alias.status", "alias.merge-tree", "alias.ls-remote",
]  # fmt: skip
OTHERS = {
    "log.showSignature": "true",
    "core.logAllRefUpdates": "always",
    "protocol.ext.allow": "always",
    "submodule.recurse": "true",
    "fetch.recurseSubmodules": "true",
    "fetch.writeCommitGraph": "true",
    "merge.verbosity": "5",
}
ATTRIBUTES = "* filter=evil diff=evil merge=evil\n"


@pytest.fixture
def configured(made: Scratch) -> Scratch:
    """Return a home in which every setting that names a program names one, and a project behind its template."""
    hooks = made.home / "hooks"
    hooks.mkdir()
    for name in (
        "pre-commit",
        "post-commit",
        "post-checkout",
        "reference-transaction",
        "post-index-change",
    ):
        script(made, hooks / name, f"hook-{name}")
    lines = [f'[core]\n\thooksPath = "{hooks}"\n\tattributesFile = "{made.home}/attributes"\n']
    for name in SETTINGS:
        program = script(made, made.home / "programs" / name, name)
        *table, key = name.split(".")
        head = f'[{table[0]} "{table[1]}"]' if len(table) > 1 else f"[{table[0]}]"
        value = program if name not in ("merge.default", "receive.fsckObjects") else "evil"
        value = f"!{program}" if name.startswith("alias.") else value
        lines.append(f'{head}\n\t{key} = "{value}"\n')
    for name, value in OTHERS.items():
        table, key = name.rsplit(".", 1)
        first, _, second = table.partition(".")
        lines.append(
            f'[{first} "{second}"]\n\t{key} = {value}\n'
            if second
            else f"[{first}]\n\t{key} = {value}\n"
        )
    lines.append(
        f'[url "ext::sh -c touch% {made.home}/PWNED% "]\n\tinsteadOf = https://evil.invalid/\n'
    )
    text = "".join(lines).replace('fsckObjects = "evil"', "fsckObjects = true")
    made.write_template(Attack("two", "", "", {"a": "two\n", ".gitattributes": ATTRIBUTES}))
    made.commit("v2")
    (made.home / "attributes").write_text(ATTRIBUTES)
    (made.home / ".gitconfig").write_text(text)
    return made


def script(made: Scratch, path: Path, name: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {name} >> {made.home}/PWNED\nexec cat\n")
    path.chmod(0o755)
    return path


def ran(made: Scratch) -> set[str]:
    mark = made.home / "PWNED"
    return set(mark.read_text().split()) if mark.exists() else set()


COMMANDS = [
    ("check",),
    ("diff",),
    ("list", "--versions", "--template", "{template}"),
    ("upgrade", "--yes", "--dry-run", "--diff"),
    ("upgrade", "--yes", "--commit"),
    ("new", "other", "--template", "{template}", "--ref", "v1", "--yes"),
]


@pytest.mark.parametrize(
    "command", COMMANDS, ids=lambda command: "-".join(command[:1] + command[2:3])
)
def test_nothing_that_a_person_configured_is_run(command, configured):
    said = configured.run(*(word.format(template=configured.template) for word in command))

    assert said.exit_code in (0, 1), said.output
    assert ran(configured) == set()


def test_an_address_that_is_rewritten_to_a_program_is_refused(configured):
    said = configured.run("new", "other", "--template", "https://evil.invalid/x", "--yes")

    assert said.exit_code == 2
    assert ran(configured) == set()


def test_a_render_that_looks_like_a_repository_has_no_say_in_git(made, monkeypatch):
    for name in [name for name in PERSON if name != "GIT_CONFIG_NOSYSTEM"]:
        monkeypatch.delenv(name)
    (made.home / ".gitconfig").write_text("[user]\n\tname = Me\n\temail = me@example.com\n")
    program = script(made, made.home / "program", "rendered")
    config = (
        f"[core]\n\tbare = true\n\tsshCommand = {program}\n[user]\n\tname = You\n\temail = you\n"
        f"[init]\n\tdefaultBranch = evil\n\ttemplateDir = t\n[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = {program}\n"
    )
    hooks = {"t/hooks/post-commit": f"#!/bin/sh\ntouch {made.home}/PWNED\n"}
    for path in ("a", "a.bin"):
        files = {"HEAD": "ref: refs/heads/main\n", "objects/x": "x", "refs/x": "x", path: "x\r\n"}
        made.write_template(Attack("bare", "", "", {**files, **hooks, "config": config}))
        made.commit()
        name = f"new-{path}"

        said = made.run(
            "new", f"../{name}", "--template", str(made.template), "--ref", "main", "--yes"
        )

        assert said.exit_code == 0, said.output
        place = made.home / "work" / name
        told = git(place, "--git-dir=.git", "log", "--format=%an %ae %D")
        assert told == "Me me@example.com HEAD -> main"
        assert not (place / ".git" / "hooks" / "post-commit").exists()
        assert "worktree" not in (place / ".git" / "config").read_text()
        assert git(place, "--git-dir=.git", "status", "--porcelain") == ""
        assert ran(made) == set()


@pytest.mark.parametrize("form", ["git", "bundle"])
def test_offline_git_reaches_no_network_wherever_a_setting_sends_it(form, made):
    program = script(made, made.home / "program", "ssh")
    source = made.source(form)
    settings = (
        f'[core]\n\tsshCommand = {program}\n[url "ssh://evil.invalid/"]\n\tinsteadOf = {source}\n'
    )
    (made.home / ".gitconfig").write_text(settings)

    for place in (source, f"file://{source}"):
        for command in (("new", "other", "--yes"), ("list", "--versions")):
            said = made.run(*command, "--template", place, "--offline")
            assert said.exit_code in (0, 2)
            assert ran(made) == set()


ENVIRONMENT = {
    "GIT_EXTERNAL_DIFF": "{program}", "GIT_PAGER": "{program}", "GIT_EDITOR": "{program}", "PAGER": "{program}",
    "GIT_SEQUENCE_EDITOR": "{program}", "GIT_PROXY_COMMAND": "{program}", "GIT_TEMPLATE_DIR": "{home}/hooks",
    "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": "{program}",
    "GIT_CONFIG_PARAMETERS": "'core.fsmonitor={program}'", "GIT_CONFIG_GLOBAL": "{home}/other",
    "GIT_DIR": "{home}/nowhere", "GIT_WORK_TREE": "{home}", "GIT_INDEX_FILE": "{home}/index",
    "GIT_OBJECT_DIRECTORY": "{home}/objects", "GIT_TRACE": "{home}/trace", "GIT_TRACE2": "{home}/trace2",
    "GIT_ALLOW_PROTOCOL": "ext", "GIT_PROTOCOL_FROM_USER": "1", "GIT_NAMESPACE": "x", "GIT_GRAFT_FILE": "x",
}  # fmt: skip


def test_nothing_of_the_callers_git_variables_is_heard(made, monkeypatch):
    program = script(made, made.home / "program", "environment")
    (made.home / "other").write_text(f"[core]\n\tfsmonitor = {program}\n")
    made.write_template(Attack("two", "", "", {"a": "two\n"}))
    made.commit("v2")
    before = made.snapshot()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value.format(program=program, home=made.home))

    said = made.run("upgrade", "--yes", "--commit")

    assert said.exit_code == 0, said.output
    assert made.snapshot() == before


def test_a_filter_of_the_users_is_asked_what_is_changed_in_their_repository(configured):
    """As for `git status`: without its clean filter each file of Git LFS would look changed."""
    program = script(configured, configured.home / "clean", "clean")
    git(configured.project, "config", "filter.mine.clean", str(program))
    (configured.project / "sub").mkdir()
    (configured.project / "sub" / "big.bin").write_text("x\n")
    (configured.project / "sub" / ".gitattributes").write_text("*.bin filter=mine\n")
    git(configured.project, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=", "add", "-A")
    git(
        configured.project,
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=",
        "commit",
        "-qm",
        "x",
    )
    (configured.project / "sub" / "big.bin").write_text("x\n")
    (configured.home / "PWNED").unlink(missing_ok=True)

    said = configured.run("upgrade", "--yes", "--dry-run")

    assert said.exit_code == 0, said.output
    assert ran(configured) <= {"clean"}  # and nothing else


def test_a_template_that_lacks_objects_fetches_them_through_no_program(made):
    """A partial clone gets what it lacks from where its own settings say, by the program that they name."""
    program = script(made, made.home / "program", "lazy")
    made.write_template(Attack("two", "", "", {"a": "two\n"}))
    made.commit()
    git(made.template, "tag", "-m", "x", "v2")
    for name in ("v2", "main:{{cookiecutter.slug}}/a"):
        found = git(made.template, "rev-parse", name)
        (made.template / ".git" / "objects" / found[:2] / found[2:]).unlink()
    commit = git(made.template, "rev-parse", "main")
    settings = {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": "ssh://evil.invalid/x",
        "remote.origin.uploadpack": str(program),
        "core.sshCommand": str(program),
    }
    for name, value in settings.items():
        git(made.template, "config", name, value)

    for arguments in (
        ("check",),
        ("upgrade", "--yes"),
        ("upgrade", "--yes", "--to", commit),
        ("new", "other", "--template", str(made.template), "--yes"),
    ):
        assert made.run(*arguments).exit_code in (0, 1, 2)
        assert ran(made) == set()
