"""Code that a person trusted runs alone, in a folder that is thrown away, and only as it was shown."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest
from attacks import MARKER, Attack
from conftest import Scratch, git
from test_attacks import hold

from scaffold.commands.rendering import fetched
from scaffold.commands.wishes import Wishes
from scaffold.spec import Source
from scaffold.trust.store import may_run

PLANT = "import pathlib; pathlib.Path('{home}/PWNED').touch()"


def trusted(scratch: Scratch, hook: str, name: str = "post_gen_project.py") -> None:
    """Make a project, with trust, of a template that has a hook."""
    context = {"greeting": "hi", "__own": "{{ cookiecutter.greeting }}"}
    files = {"a": "{{ cookiecutter.greeting }}\n"}
    scratch.write_template(Attack("hook", "", "", files, context, {f"hooks/{name}": hook}))
    scratch.commit("v2")
    said = scratch.run("new", "project", "--template", str(scratch.template), "--yes", "--trust")
    assert said.exit_code == 0, said.output


@pytest.mark.parametrize(
    ("hook", "answer"),
    [
        ('NAME = "{{ cookiecutter.greeting }}"\n', '"; {plant} #'),
        ('NAME = f"{{ cookiecutter.greeting }}"\n', "{{{plant}}}"),
        ("# {{ cookiecutter.greeting }}\n", "x\n{plant}"),
        ("A = 'hi {{ cookiecutter.greeting }}'\n", "' + str(open('{home}/PWNED', 'w')) + '"),
        ("import os\nos.system('echo {{ cookiecutter.greeting }}')\n", "x; touch {home}/PWNED"),
        (
            'import yaml\nyaml.load("{{ cookiecutter.greeting }}", Loader=yaml.Loader)\n',
            "!!python/object/apply:open [{home}/PWNED, w]",
        ),
        (
            'import yaml as y\ny.unsafe_load("{{ cookiecutter.greeting }}")\n',
            "!!python/object/apply:open [{home}/PWNED, w]",
        ),
        ('import yaml\nNAME = "{{ cookiecutter.greeting }}"\n', '"; {plant} #'),
        (
            "A = 1\n{% if cookiecutter.greeting != 'hi' %}{{ cookiecutter.__own }}{% endif %}\n",
            "{plant}",
        ),
    ],
)
def test_an_answer_does_not_become_code_of_a_hook(hook, answer, scratch):
    trusted(scratch, hook)
    answer = answer.format(home=scratch.home, plant=PLANT.format(home=scratch.home))
    before = scratch.snapshot()

    said = scratch.run("set", f"greeting={answer}", "--trust", "--yes")

    hold(scratch, before, said)
    assert said.code == "bad-answer"
    assert "greeting would become code of hooks/post_gen_project.py" in said.output


def test_an_answer_does_not_become_code_of_a_script(scratch):
    trusted(scratch, "#!/bin/sh\necho {{ cookiecutter.greeting }}\n", "post_gen_project.sh")
    before = scratch.snapshot()

    said = scratch.run("set", f"greeting=$(touch {scratch.home}/PWNED)", "--trust", "--yes")

    hold(scratch, before, said)
    assert said.code == "bad-answer"


@pytest.mark.parametrize("answer", ["It's", "ü & co.", 'say "x"'])
def test_an_answer_with_quotes_is_left_alone_where_it_stays_a_text(answer, scratch):
    trusted(scratch, "ALL = {{ cookiecutter.greeting | tojson }}\n# {{ cookiecutter.greeting }}\n")

    said = scratch.run("set", f"greeting={answer}", "--trust", "--yes")

    assert said.exit_code == 0, said.output
    assert (scratch.project / "a").read_text() == f"{answer}\n"


def test_a_pattern_is_left_alone_in_a_hook_that_reads_data(scratch):
    hook = """\
        import json, yaml
        PATTERNS = "{{ cookiecutter.greeting }}"
        with open("b", "w", encoding="utf-8") as file:
            file.write(json.dumps({"executionMode": yaml.safe_load("[1]")}) + PATTERNS)
    """
    trusted(scratch, textwrap.dedent(hook))

    said = scratch.run("set", "greeting=^quay.io/appuio/oc$", "--trust", "--yes")

    assert said.exit_code == 0, said.output
    assert (scratch.project / "b").read_text() == '{"executionMode": [1]}^quay.io/appuio/oc$'


def test_an_answer_of_plain_punctuation_may_stand_in_a_script(scratch):
    trusted(scratch, "#!/bin/sh\necho {{ cookiecutter.greeting }}\n", "post_gen_project.sh")

    said = scratch.run("set", "greeting=Fast, and small!", "--trust", "--yes")

    assert said.exit_code == 0, said.output


@pytest.mark.parametrize("command", ["diff", "check"])
def test_looking_runs_nothing_of_a_trusted_template(command, scratch, monkeypatch):
    trusted(scratch, "open('b', 'w').write('made')\n")
    lock = scratch.project / "scaffold.lock"
    lock.write_text(re.sub(r'(b = "100644 )\w{40}', r"\g<1>" + "a" * 40, lock.read_text()))
    ran = []
    monkeypatch.setattr("subprocess.Popen.__init__", _noting(ran))

    said = scratch.run(command)

    assert said.exit_code == 0, said.output
    assert {Path(each).name for each in ran} <= {"git"}


def _noting(ran: list[str]):
    real = subprocess.Popen.__init__

    def start(self, arguments, *rest, **more):
        ran.append(arguments[0])
        real(self, arguments, *rest, **more)

    return start


SHOWS = """\
import json, os, pathlib
pathlib.Path("seen.json").write_text(json.dumps({**os.environ, "": os.getcwd()}))
"""
KEPT = {
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "NO_PROXY",
}


def test_a_hook_sees_no_secret_and_not_the_project(scratch, monkeypatch):
    for name in ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "GIT_SSH_COMMAND", "SSH_AUTH_SOCK", "X"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:hunter2@127.0.0.1/simple")
    trusted(scratch, SHOWS)
    assert scratch.run("set", "greeting=ho", "--trust", "--yes").exit_code == 0

    seen = json.loads((scratch.project / "seen.json").read_text())

    assert "hunter2" not in json.dumps(seen)
    assert str(scratch.home) not in json.dumps(
        {name: seen[name] for name in seen if name != "PATH"}
    )
    own = {"", "PIP_INDEX_URL", "HOME", "TMPDIR", "PWD", "OLDPWD", "_", "SHLVL"}
    others = {name for name in seen if not name.startswith(("PYTHON", "GIT_", "SCAFFOLD_SEED"))}
    assert others - own <= KEPT


def test_a_hook_that_leaves_links_outside_through_links_is_refused(scratch):
    hook = "import os\nos.symlink('.', 'd')\nos.symlink('d/../../../secret', 'l')\n"
    scratch.write_template(
        Attack("links", "", "", {"a": "x"}, {}, {"hooks/post_gen_project.py": hook})
    )
    scratch.commit("v2")
    before = scratch.snapshot()

    said = scratch.run("new", "p", "--template", str(scratch.template), "--yes", "--trust")

    hold(scratch, before, said)
    assert said.code == "bad-link"


def test_code_that_changed_is_refused_where_nobody_can_be_asked(scratch):
    trusted(scratch, "print(1)\n")
    opened = fetched(Source(str(scratch.template)), "v2", Wishes(scratch.project))
    assert may_run(opened, ask=lambda _: True)
    assert scratch.run("set", "greeting=ho", "--yes").exit_code == 0
    git(scratch.project, "commit", "-qam", "x")
    hook = {"hooks/post_gen_project.py": PLANT.format(home=scratch.home)}
    scratch.write_template(Attack("changed", "", "", {"a": "new\n"}, {"greeting": "hi"}, hook))
    scratch.commit("v3")
    before = scratch.snapshot()

    said = scratch.run("upgrade", "--yes")

    hold(scratch, before, said)
    assert said.code == "not-trusted"


TOUCH = "__import__('pathlib').Path('{home}/PWNED').touch()"
ALONE = "print(1)\n"
GREETS = 'print("{{ cookiecutter._greeting }}")\n'
HINTS = """\
import typing
def f(x: open("a").read()): pass
try: typing.get_type_hints(f)
except Exception: pass
"""
JINJA = "{{ cycler.__init__.__globals__.os.system('touch {home}/PWNED') }}"
LATER = [
    # id, what, the hook that was trusted and stays, what the next version changes: cookiecutter.json, files
    ("jinja", "render Jinja without a sandbox", ALONE, {}, {"a": JINJA}),
    ("context", "end a text of the hook", GREETS, {"_greeting": f'"); {TOUCH} #'}, {}),
    ("default", "render a default without a sandbox", ALONE, {"greeting": JINJA}, {}),
    ("hints", "be evaluated as an annotation", HINTS, {}, {"a": TOUCH}),
]


@pytest.mark.parametrize(
    ("hook", "context", "files"),
    [each[2:] for each in LATER],
    ids=[each[0] for each in LATER],
)
def test_trust_in_a_harmless_hook_is_none_in_the_next_version(hook, context, files, scratch):
    def told(text: str) -> str:
        return text.replace("{home}", str(scratch.home))

    def release(version: str, context: dict[str, object], files: dict[str, str]) -> None:
        files = {told(name): told(text) for name, text in ({"a": "1\n"} | files).items()}
        context = json.loads(told(json.dumps({"_greeting": "hi", **context})))
        outside = {"hooks/post_gen_project.py": told(hook)}
        scratch.write_template(Attack(version, "", "", files, context, outside))
        scratch.commit(version)

    release("v2", {}, {})
    opened = fetched(Source(str(scratch.template)), "v2", Wishes(scratch.project.parent))
    assert may_run(opened, ask=lambda _: True)
    said = scratch.run("new", "project", "--template", str(scratch.template), "--yes")
    assert said.exit_code == 0, said.output
    release("v3", context, files)
    before = scratch.snapshot()

    said = scratch.run("upgrade", "--yes")

    hold(scratch, before, said)
    assert said.code == "not-trusted"


def with_files(scratch: Scratch, *names: str) -> None:
    """Make a project, with trust, of a template with a hook that is harmless and files of these names."""
    hook = {"hooks/post_gen_project.py": "print(1)\n"}
    files = dict.fromkeys([*names, "a"], "x\n")
    scratch.write_template(Attack("hook", "", "", files, {"module": "m"}, hook))
    scratch.commit("v2")
    said = scratch.run("new", "project", "--template", str(scratch.template), "--yes", "--trust")
    assert said.exit_code == 0, said.output


@pytest.mark.parametrize("answer", ["../../../../../../{home}/x", "/{home}/x", "{home}/x"])
@pytest.mark.parametrize("name", ["{{cookiecutter.module}}.txt", "{{cookiecutter.module}}/a.txt"])
def test_cookiecutter_writes_nothing_where_an_answer_leads_outside(name, answer, scratch):
    with_files(scratch, name)
    before = scratch.snapshot()

    answer = answer.format(home=scratch.home)
    said = scratch.run("set", f"module={answer}", "--trust", "--yes")

    hold(scratch, before, said)
    assert said.code == "bad-path"


@pytest.mark.parametrize(
    "answer",
    [
        "{{ cycler.__init__.__globals__.os.system('touch $SCRATCH/PWNED') }}",
        "{% for x in y %}",
        "{home}/x",
        "..",
        "a\nb",
    ],
)
def test_the_projects_own_name_is_no_template_and_no_path(answer, scratch):
    with_files(scratch, "folder/file")
    before = scratch.snapshot()

    said = scratch.run(
        "set", f"slug={answer.replace('{home}', str(scratch.home))}", "--trust", "--yes"
    )

    hold(scratch, before, said)
    assert said.code == "bad-path"


def test_trust_for_one_call_is_not_remembered(scratch):
    trusted(scratch, "print(1)\n")

    assert not (scratch.home / "state" / "trusted.json").exists()
    assert scratch.run("set", "greeting=ho", "--yes").code == "not-trusted"


def test_the_same_code_at_another_address_is_not_trusted(scratch):
    trusted(scratch, PLANT.format(home=scratch.home))
    (scratch.home / MARKER).unlink()
    opened = fetched(Source(str(scratch.template)), "v2", Wishes(scratch.project))
    assert may_run(opened, ask=lambda _: True)
    shutil.copytree(scratch.template, scratch.home / "elsewhere")
    before = scratch.snapshot()

    said = scratch.run("new", "p", "--template", str(scratch.home / "elsewhere"), "--yes")

    assert said.exit_code == 0, said.output
    assert "hooks/post_gen_project.py was not run" in said.output
    assert not scratch.was_entered()
    assert scratch.snapshot() == before
