"""The rules of containment, addresses and limits, one by one."""

import contextlib
import os
import stat
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.errors import ScaffoldError
from scaffold.render.answers_in_code import is_alone
from scaffold.tree import File
from scaffold.trust import (
    Limits,
    check_path,
    check_tree,
    confined,
    escape,
    notable,
    refuse_links,
    strip_userinfo,
)
from scaffold.trust.addresses import canonical, check_address, check_ref, is_remote
from scaffold.trust.paths import NOTABLE, check_inside, leads_out
from scaffold.trust.store import code_digest, describe, may_run


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "src/a_b/c-d.py",
        ".gitignore",
        ".gitmodules",
        ".github/x",
        "git/x",
        "a.git",
        "ü/日本.txt",
        "a b",
        "console.py",
        "x{{y}}",
        "(a)[b]@c+d=e,f",
        "naïve.txt",
        "…",
    ],
)
def test_an_ordinary_path_is_left_alone(path):
    assert check_path(path) == path


@pytest.mark.parametrize(
    "character",
    "\u061c\u180b\u180e\u115f\u3164\uffa0\u17b4\U000e0001\U000e0100\U0001d173\u2065\ufff0\u1160",
)
def test_a_character_that_file_systems_ignore_is_refused(character):
    for path in (f".g{character}it/config", f"a{character}b"):
        with pytest.raises(ScaffoldError):
            check_path(path)


@given(st.text(max_size=40))
def test_a_path_that_passes_stays_inside_and_is_printable(path):
    with contextlib.suppress(ScaffoldError):
        check_path(path)
        assert os.path.normpath(f"/root/{path}") == f"/root/{path}"
        assert escape(path) == path


NAMES = "a a.b .a a. a- -a _ A .. . .git .GIT .gitignore .git. git~1 con CON nul.txt com1 com10 lpt9.x prn-"
RESERVED = "scaffold.toml scaffold.lock Scaffold.Lock scaffold.txt scaffo~1.tom"
ODD = ["", " a", "a ", "a\n", "\u212a", "\u017fcaffold.toml", "com\u00b9", "x" * 255, "x" * 256]
names = st.sampled_from([*NAMES.split(), *RESERVED.split(), *ODD]) | st.text(
    "abcgitonu1.-_", max_size=5
)


def is_refused(check, path):
    try:
        return check(path) != path
    except ScaffoldError:
        return True


@pytest.mark.parametrize("check", [check_path, check_inside])
@given(st.lists(names, min_size=1, max_size=4).map("/".join) | st.just("/".join("a" * 65)))
def test_a_look_at_an_ordinary_path_answers_as_the_rules_do(check, path):
    with patch("scaffold.trust.paths._is_ordinary", return_value=False):
        by_the_rules = is_refused(check, path)

    assert is_refused(check, path) == by_the_rules


def test_case_twins_are_left_alone_where_they_are_one_path():
    check_tree(["a/b", "a/c", "d"])


@pytest.mark.parametrize(
    "paths",
    [
        ["README", "readme"],
        ["a/x", "A/y"],
        ["é", "e\u0301"],
        ["a", "a/b"],
        ["A", "a/b"],
        ["ß/a", "ss/b"],
        ["\u0390", "\u03aa\u0301"],
    ],
)
def test_paths_that_are_one_on_some_system_are_refused(paths):
    with pytest.raises(ScaffoldError) as caught:
        check_tree(paths)

    assert caught.value.code == "bad-path"


def test_a_folder_of_the_user_that_is_a_link_is_not_written_through(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    project = tmp_path / "project"
    project.mkdir()
    (project / "docs").symlink_to("../elsewhere")

    with pytest.raises(ScaffoldError, match="docs is a symbolic link"):
        refuse_links(project, ["docs/index.md"])


def test_folders_and_files_of_the_user_are_left_alone(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a").write_text("")

    refuse_links(tmp_path, ["docs/a", "docs/new", "new/folder/a", "docs/a/was/a/folder"])


def test_a_pipe_in_the_way_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ScaffoldError, match="pipe is neither"):
        refuse_links(tmp_path, ["pipe"])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("project/file", False),
        ("project/../file", False),
        ("project/sub/../../file", False),
        ("project/out/file", True),
        ("project/out/../file", True),
        ("project/within/file", False),
        ("project/within/../file", False),
        ("out/file", False),
    ],
)
def test_a_link_of_a_repository_leads_out_and_two_dots_do_not(tmp_path, path, expected):
    (tmp_path / "project" / ".git").mkdir(parents=True)
    (tmp_path / "project" / "sub").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to("elsewhere")
    (tmp_path / "project" / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "project" / "within").symlink_to("sub")

    assert leads_out(tmp_path / path) == expected


@given(
    st.sampled_from(sorted(NOTABLE)).map(lambda pattern: pattern.replace("*", "x")),
    st.sampled_from(["", "a/", "A/.git/", "a.", "x"]),
    st.sampled_from(["", "/b", ".py"]),
)
def test_what_is_pointed_out_is_what_the_patterns_match(name, before, after):
    path = f"{before}{name}{after}"

    reasons = {
        reason
        for pattern, reason in NOTABLE.items()
        if fnmatchcase(f"/{path.casefold()}", f"*/{pattern.casefold()}")
    }

    assert {*notable([path]).values()} <= reasons
    assert bool(notable([path])) == bool(reasons)


def test_files_that_make_a_tool_run_something_are_pointed_out():
    paths = [
        ".envrc",
        "sub/.envrc",
        ".vscode/tasks.json",
        ".github/workflows/ci.yml",
        ".gitattributes",
        "README.md",
        "src/a.py",
    ]

    assert set(notable(paths)) == set(paths) - {"README.md", "src/a.py"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pw@host/x", "https://host/x"),
        ("fatal: https://token@host/x failed", "fatal: https://host/x failed"),
        ("ssh://git:pw@host/x", "ssh://host/x"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("git@host:x", "git@host:x"),
        ("mail a@b.c", "mail a@b.c"),
        ("https://host/@scope/x", "https://host/@scope/x"),
    ],
)
def test_passwords_are_taken_out_of_addresses(text, shown):
    assert strip_userinfo(text) == shown


def test_two_spellings_of_an_address_are_trusted_as_one():
    assert canonical("https://me:pw@host/x.git/") == canonical("https://host/x")


@pytest.mark.parametrize(
    "address",
    ["https://h/x", "ssh://git@h/x", "git@h:x/y.git", "file:///x", "/x", "./x", "../x", "gh:a/b"],
)
def test_addresses_of_git_are_left_alone(address):
    assert check_address(address)


@pytest.mark.parametrize(
    ("address", "remote"),
    [("https://h/x", True), ("git@h:x", True), ("file:///x", False), ("./x", False)],
)
def test_what_needs_a_network(address, remote):
    assert is_remote(address) is remote


@pytest.mark.parametrize("ref", ["v1.0", "main", "feature/x", "a" * 40, "release-2", ""])
def test_names_of_versions_are_left_alone(ref):
    assert check_ref(ref) == ref


@pytest.mark.parametrize("text", ["plain", "two\nlines", "naïve …", "tab\there"])
def test_plain_text_is_left_alone(text):
    assert escape(text) == text


def test_escapes_are_shown():
    assert escape("a\x1b[31m\u202eb\r\x00é\n") == "a\\x1b[31m\\u202eb\\x0d\\x00é\n"
    assert escape("\u061c\u200b\u00ad\ufeff\U000e0041") == "\\u061c\\u200b\\xad\\ufeff\\U000e0041"


LIMITS = Limits(cpu_seconds=1, memory_mb=300)


def test_what_stays_within_the_limits_comes_back():
    assert confined(lambda: {"a": [1, b"x", None]}, LIMITS) == {"a": [1, b"x", None]}


def refuse():
    raise ScaffoldError("no", hint="yes", code="odd")


@pytest.mark.parametrize(
    ("function", "code"),
    [
        (lambda: [0 for _ in iter(int, 1)], "over-limit"),
        (lambda: "a" * 10**10, "over-limit"),
        (os.abort, "render-crashed"),
        (lambda: os._exit(0), "render-crashed"),
        (lambda: 1 / 0, "render-crashed"),
        (refuse, "odd"),
    ],
)
def test_what_does_not_is_one_line_and_the_caller_lives(function, code):
    with pytest.raises(ScaffoldError) as caught:
        confined(function, LIMITS)

    assert caught.value.code == code


def test_a_confined_child_writes_no_file(tmp_path):
    with pytest.raises(ScaffoldError):
        confined(lambda: (tmp_path / "x").write_text("x" * 9999), LIMITS)

    assert not (tmp_path / "x").exists() or (tmp_path / "x").read_text() == ""


def test_limits_are_settings(monkeypatch):
    monkeypatch.setenv("SCAFFOLD_LIMIT_FILES", "7")

    assert Limits.from_environment() == Limits(files=7)


@pytest.mark.parametrize("value", ["-1", "0", "many", "1e9", "٣"])
def test_a_limit_that_is_no_number_is_one_line(value, monkeypatch):
    monkeypatch.setenv("SCAFFOLD_LIMIT_FILES", value)

    with pytest.raises(ScaffoldError, match="SCAFFOLD_LIMIT_FILES"):
        Limits.from_environment()


def template(
    hook: bytes = b"print(1)",
    extensions: tuple[str, ...] = (),
    other: bytes = b"x",
    address: str = "https://h/x",
):
    files = {"hooks/post_gen_project.py": File(hook), "other": File(other)}
    return SimpleNamespace(
        address=address,
        version="v1",
        files=files,
        hooks=("hooks/post_gen_project.py",),
        foreign_extensions=extensions,
    )


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SCAFFOLD_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state" / "trusted.json"


def yes(_):
    return True


def test_a_yes_is_remembered_and_only_its_owner_can_write_it(store):
    assert may_run(template(), ask=yes)
    assert may_run(template())
    assert stat.S_IMODE(store.stat().st_mode) == 0o600


def test_a_no_is_asked_again():
    assert not may_run(template(), ask=lambda _: False)
    assert may_run(template(), ask=yes)


def test_what_would_run_is_shown_before_the_yes():
    shown = []
    may_run(template(b"print('\x1b[2J')"), ask=shown.append)

    assert "hooks/post_gen_project.py" in shown[0]
    assert "print('\\x1b[2J')" in shown[0]
    assert "https://h/x at v1" in shown[0]


def test_code_that_changed_is_asked_for_again_and_refused_where_nobody_can_be():
    may_run(template(), ask=yes)

    with pytest.raises(ScaffoldError, match="changed since you trusted it"):
        may_run(template(b"print(2)"))
    assert may_run(template(b"print(2)"), ask=yes)


def test_another_address_is_another_template():
    may_run(template(), ask=yes)

    assert not may_run(template(address="https://h/y"))


def test_trust_for_one_call_is_not_remembered(store):
    assert may_run(template(), this_once=True)
    assert not store.exists()
    assert not may_run(template())


def test_code_that_ran_for_the_last_render_is_needed_for_this_one():
    with pytest.raises(ScaffoldError, match="not trusted"):
        may_run(template(), needed=True)


def test_an_extension_cannot_be_left_out():
    with pytest.raises(ScaffoldError, match=r"local\.x"):
        may_run(template(extensions=("local.x",)))


def test_a_store_that_others_can_write_is_no_store(store):
    may_run(template(), ask=yes)
    store.chmod(0o666)

    assert not may_run(template())


@pytest.mark.parametrize("text", ["", "[]", "{", '{"https://h/x": "all"}'])
def test_a_broken_store_trusts_nothing(store, text):
    store.parent.mkdir()
    store.write_text(text)

    assert not may_run(template())


@pytest.mark.parametrize("hook", [b"print(1)", b"import subprocess"])
def test_the_digest_is_of_every_file_whatever_the_hook_says(hook):
    assert code_digest(template(hook, other=b"x")) != code_digest(template(hook, other=b"y"))
    assert code_digest(template(hook, other=b"x")) == code_digest(template(hook, other=b"x"))


@pytest.mark.parametrize(
    "hook",
    [
        "import subprocess",
        "import typing; typing.get_type_hints(f)",
        "from functools import singledispatch",
        "exec(open('x').read())",
        "os.system('./run')",
        "from os import system as s; s('./run')",
        "import sys; sys.path.append('.'); import helper",
        "import os, helper",
        "from helper import run",
        "import json; import helper",
        "getattr(os, 'sys' + 'tem')('./run')",
        "os.__dict__['sys' + 'tem']('./run')",
        "\uff45\uff58\uff45\uff43(open('x').read())",
        "# coding: utf_7\n+AG8-s",
        "# vim: set fileencoding=utf_7 :\n+AG8-s",
        "# encoding='x' coding:utf_7\n+AG8-s",
        "# coding:{{ cookiecutter.x }}\n+AG8-s",
        "import os; os.execv('./run', [])",
        "import os; os.execlp('x', 'executable')",
        "executed = exec  ('x')",
        "{% include 'helper.py' %}",
        "{%- import 'm' as m -%}",
        "import yaml; yaml.load(x, Loader=yaml.Loader)",
        "import yaml as y; y.load(x)",
        "import yaml as json; json.load(x, json.Loader)",
        "import json, yaml; yaml.unsafe_load(x)",
        "from yaml import *; full_load_all(x)",
        "from yaml import CLoader as Safe",
        "import yaml\nyaml.CUnsafeLoader(x).get_data()",
        "import yaml.loader as z\nz . Loader(x)",
        "import yaml\nyaml.SafeLoader.add_multi_constructor('!x', f)",
        "import \uff59aml; yaml.unsafe\uff3fload(x)",
        "from ruamel.yaml import YAML",
    ],
)
def test_a_literal_may_be_code_in_a_hook_that_starts_others(hook):
    assert not is_alone(hook)


@pytest.mark.parametrize(
    "hook",
    [
        "import os, sys\nif __name__ == '__main__':\n    os.remove('x')",
        "from pathlib import Path\nimport shutil\nshutil.rmtree('{{ cookiecutter.x }}')",
        "import json as j\nprint(j.dumps(1))",
        "# -*- coding: utf-8 -*-\nprint(1)",
        "open('x', encoding='utf-8'); open('y', encoding=\"latin-1\")",
        "print({'executionMode': 'update'})",
        "import tomllib\ntomllib.loads(x)",
        "import yaml\nyaml.safe_load(open('x')); list(yaml.safe_load_all(x)); yaml.CSafeLoader",
        "import tomlkit\ntomlkit.load(open('x'))",
    ],
)
def test_a_literal_is_none_in_a_hook_that_runs_alone(hook):
    assert is_alone(hook)


def test_the_digest_and_the_modules_of_extensions_are_shown_before_the_yes():
    asked = template(extensions=("local.x",))
    asked.files["local.py"] = File(b"print('module')")

    shown = describe(asked)

    assert code_digest(asked) in shown
    assert "print('module')" in shown


def test_a_long_hook_is_shown_with_the_number_of_lines_left_out():
    told = "and 50 lines more, which run too: read hooks/post_gen_project.py of that version"

    assert told in describe(template(b"x\n" * 250))


def test_the_files_that_a_hook_can_come_to_are_named_those_beside_it_first():
    asked = template()
    asked.files["hooks/helper"] = File(b"")
    asked.files |= {f"z{number}": File(b"") for number in range(100)}

    lines = describe(asked).splitlines()

    first = lines.index("  and whatever that code, or Jinja in any file, makes of its 102 others:")
    assert lines[first + 1] == "    hooks/helper"
    assert "    … and 52 more" in lines
