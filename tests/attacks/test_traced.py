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

# Every git command that an upgrade may start; each is given ids and paths as data, never as options.
COMMANDS = re.compile(
    r"cat-file|check-(attr|ignore)|config|diff(-files|-index|-tree)?|fast-import|fetch|for-each-ref|hash-object"
    r"|index-pack|init|log|ls-(files|remote|tree)|merge-(base|file|tree)|mktree|commit-tree|(un)?pack-objects"
    r"|read-tree|rev-(list|parse)|show-ref|status|symbolic-ref|update-(index|ref)|upload-pack|var|version|write-tree"
)


@pytest.fixture
def trace(tmp_path):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    return tmp_path / "trace"


def traced_upgrade(made: Scratch, trace: Path) -> str:
    command = ["strace", "-f", "-qq", "-s", "400", "-e", "trace=execve,connect", "-o", str(trace)]
    scaffold = [sys.executable, "-m", "scaffold", "upgrade", "--yes", "--offline"]
    done = subprocess.run(
        [*command, *scaffold], cwd=made.project, capture_output=True, text=True, check=False
    )
    if "ptrace" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    return trace.read_text()


def test_an_upgrade_starts_git_and_nothing_else_and_connects_to_nothing(made, trace):
    hook = "#!/bin/sh\ntouch $HOME/PWNED\n"
    made.write_template(
        Attack("two", "", "", {"a": "two\n"}, outside={"hooks/post_gen_project.sh": hook})
    )
    made.commit("v2")

    calls = traced_upgrade(made, trace)

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


def test_git_is_given_a_fixed_set_of_commands(made, trace):
    made.write_template(Attack("two", "", "", {"a": "two\n", "b": "new\n"}))
    made.commit("v2")

    calls = traced_upgrade(made, trace)

    commands = set()
    for arguments in re.findall(r'execve\("[^"]+/git", \[(.*)\], .*\) = 0', calls):
        words = re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)[1:]
        while words and words[0].startswith("-"):
            words = words[2:] if words[0] == "-c" else words[1:]
        commands.add(words[0])
    assert [command for command in commands if not COMMANDS.fullmatch(command)] == []
