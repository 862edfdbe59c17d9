"""What an upgrade starts and reaches, as the kernel sees it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from attacks import Attack
from conftest import Scratch

# Every git command that an upgrade may start, by itself or through another, and its options up to their `=`. Whatever
# comes out of a template or a project is an id, or goes in as data.
ALLOWED = """
    cat-file      --batch --buffer
    check-attr    -z --stdin
    check-ignore  -z --stdin --no-index
    config        -z --get --get-regexp
    fetch         --quiet --force --no-tags --update-shallow --no-write-fetch-head --no-recurse-submodules \
                  --end-of-options
    for-each-ref  --sort --merged --no-merged --format
    hash-object   -w --no-filters --stdin
    index-pack    --stdin --fix-thin --keep --pack_header
    init          --quiet --bare --template --
    log           -50 --no-show-signature --format
    ls-files      -u -z --unmerged --
    ls-remote     --symref --
    ls-tree       -r -z -l --full-tree
    merge-base    --is-ancestor
    merge-tree    --write-tree -z --messages
    pack-objects  --revs --thin --stdout --delta-base-offset
    rev-list      --objects --stdin --not --all --quiet --alternate-refs
    rev-parse     --absolute-git-dir --end-of-options --git-dir --git-path --is-bare-repository --is-inside-git-dir \
                  --path-format --quiet --show-object-format --show-prefix --show-toplevel --verify
    status        --porcelain --branch --no-ahead-behind -z --untracked-files --no-renames --ignore-submodules
    show-ref      --head --dereference
    symbolic-ref
    update-index  -q -z --index-info --refresh
    version
"""


def allowed() -> dict[str, set[str]]:
    """Return git command -> the options that it may have."""
    rows = (line.split() for line in ALLOWED.replace("\\\n", " ").splitlines())
    return {row[0]: set(row[1:]) for row in rows if row}


@pytest.fixture
def trace(tmp_path):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    return tmp_path / "trace"


REACHED = pytest.mark.parametrize("reached", [(), ("--offline",)], ids=["online", "offline"])


def traced_upgrade(made: Scratch, trace: Path, *reached: str) -> str:
    command = ["strace", "-f", "-qq", "-s", "400", "-e", "trace=execve,connect", "-o", str(trace)]
    scaffold = [sys.executable, "-m", "scaffold", "upgrade", "--yes", *reached]
    done = subprocess.run(
        [*command, *scaffold], cwd=made.project, capture_output=True, text=True, check=False
    )
    if "ptrace" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    return trace.read_text()


@REACHED
def test_an_upgrade_starts_git_and_nothing_else_and_connects_to_nothing(made, trace, reached):
    hook = "#!/bin/sh\ntouch $HOME/PWNED\n"
    made.write_template(
        Attack("two", "", "", {"a": "two\n"}, outside={"hooks/post_gen_project.sh": hook})
    )
    made.commit("v2")

    calls = traced_upgrade(made, trace, *reached)

    started = re.findall(r'execve\("([^"]+)", \[(.*)\], .*\) = 0', calls)
    shell = [arguments for program, arguments in started if program == "/bin/sh"]
    programs = {Path(program).name for program, _ in started[1:]} - {"sh"}
    assert programs <= {"git", "git-upload-pack"}
    # git itself reaches a repository on this machine so, with the path in quotes.
    assert all(
        re.match(rf'"/bin/sh", "-c", "git-upload-pack \'{made.template}\'', each) for each in shell
    )
    assert not re.search(r"connect\(.*AF_INET", calls)
    assert (made.project / "a").read_text() == "two\n"
    assert not made.was_entered()


@REACHED
def test_git_is_given_a_fixed_set_of_commands_and_options(made, trace, reached):
    made.write_template(Attack("two", "", "", {"a": "two\n", "b": "new\n"}))
    made.commit("v2")

    calls = traced_upgrade(made, trace, *reached)

    known, found = allowed(), []
    for words in commands(calls):
        options = {word.partition("=")[0] for word in words[1:] if word.startswith("-")}
        found += sorted(options - known.get(words[0], set()))
        found += [words[0]] if words[0] not in known else []
    assert found == []


def test_an_offline_upgrade_from_a_server_asks_no_server(made, trace):
    """The address is a server's; git's own `insteadOf` leads to this machine while it may be reached."""
    address = "https://server.invalid/template"
    settings = made.home / ".gitconfig"
    settings.write_text(f'[url "{made.template}"]\n\tinsteadOf = {address}\n')
    shutil.rmtree(made.project)
    start = ("--template", address, "--ref", "v1", "--yes")
    assert made.run("new", "project", *start).exit_code == 0
    made.write_template(Attack("two", "", "", {"a": "two\n"}))
    made.commit("v2")
    assert made.run("upgrade", "--yes", "--dry-run").exit_code == 0  # fetches it
    settings.unlink()

    calls = traced_upgrade(made, trace, "--offline")

    assert (made.project / "a").read_text() == "two\n"
    assert not {words[0] for words in commands(calls)} & {"fetch", "ls-remote", "remote-https"}
    assert not re.search(r"connect\(.*AF_INET", calls)


def commands(calls: str) -> list[list[str]]:
    """Return the words of each git command that was started, from its name on."""
    found = []
    for arguments in re.findall(r'execve\("[^"]+/git", \[(.*)\], .*\) = 0', calls):
        words = re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)[1:]
        while words and words[0].startswith("-"):
            words = words[2:] if words[0] == "-c" else words[1:]
        found.append(words)
    return found
