"""Small things that unfold without end: each is one line and exit 2, with seconds and memory to spare."""

from __future__ import annotations

import hashlib
import json
import resource
import struct
import time
import zlib

import pytest
from attacks import ROOT, SMALL, Attack
from conftest import Scratch, git
from test_attacks import hold

MOST_SECONDS = 20
"""Of wall time, on a machine that is busy with other tests; most take less than two."""
MOST_MEGABYTES = 700


@pytest.fixture(autouse=True)
def usable(monkeypatch):
    """Bind each render, and check that no test took long or much memory."""
    for name, value in {**SMALL, "SCAFFOLD_LIMIT_FETCH_SECONDS": "1"}.items():
        monkeypatch.setenv(name, value)
    began = time.monotonic()
    yield
    assert time.monotonic() - began < MOST_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000 < MOST_MEGABYTES


def refuse(scratch: Scratch, *arguments: str) -> str:
    """Run scaffold, check that it refuses and nothing changed, and return the code of the refusal."""
    before = scratch.snapshot()
    said = scratch.run(*arguments)
    hold(scratch, before, said)
    assert said.exit_code == 2, said.output
    return said.code


def test_marks_that_json_writes_otherwise_are_bound_too(scratch):
    options = {"variable_start_string": "\u00ab", "variable_end_string": "\u00bb"}
    context = {"_jinja2_env_vars": options, "q": "\u00ab 'a' * 10**10 \u00bb"}
    scratch.write_template(Attack("marks", "", "", {"a": "x"}, context))
    folder = scratch.template / ROOT
    folder.rename(scratch.template / "\u00abcookiecutter.slug\u00bb")

    source = scratch.source("folder")
    assert refuse(scratch, "new", "p", "--template", source, "--yes") == "over-limit"


def test_many_patterns_share_the_time_of_one(scratch):
    names = [f"q{number}" for number in range(20)]
    questions = {name: {"pattern": "(a+)+$"} for name in names}
    context = {**dict.fromkeys(names, "a" * 26 + "!"), "_settings": {"questions": questions}}
    scratch.write_template(Attack("patterns", "", "", {"a": "x"}, {**context, "z": "{{ 1 }}"}))

    source = scratch.source("folder")
    code = refuse(scratch, "new", "p", "--template", source, "--yes")

    assert code in ("over-limit", "bad-answer")


def test_a_sparse_file_is_not_read(scratch):
    with (scratch.template / "huge").open("wb") as file:
        file.truncate(10**12)

    said = scratch.run("new", "p", "--template", scratch.source_in_place(), "--yes")

    assert said.code == "over-limit"


def test_a_link_with_a_long_target_is_not_read(made, monkeypatch):
    monkeypatch.setenv("SCAFFOLD_LIMIT_MEGABYTES", "10")
    target = git(made.template, "hash-object", "-w", "--stdin", data=b"x" * 11_000_000)
    context = git(made.template, "hash-object", "-w", "--stdin", data=b'{"slug": "x"}')
    rows = f"120000 blob {target}\tl\0".encode()
    folder = git(made.template, "mktree", "-z", data=rows)
    rows = f"100644 blob {context}\tcookiecutter.json\0" + f"040000 tree {folder}\t{ROOT}\0"
    tree = git(made.template, "mktree", "-z", data=rows.encode())
    git(made.template, "tag", "v2", git(made.template, "commit-tree", "-m", "x", tree))

    assert refuse(made, "upgrade", "--yes") == "over-limit"


@pytest.mark.parametrize("text", ["[" * 100 + "]" * 100, "9" * 5000, '{"a":' * 70 + "1" + "}" * 70])
def test_a_context_that_is_deep_or_has_long_numbers(text, scratch):
    scratch.write_template(Attack("deep", "", "", {"a": "x"}))
    (scratch.template / "cookiecutter.json").write_text(f'{{"slug": "x", "q": {text}}}')

    refuse(scratch, "new", "p", "--template", scratch.source("folder"), "--yes")


def test_a_long_context_is_not_parsed(scratch):
    scratch.write_template(Attack("long", "", "", {"a": "x"}))
    text = '{"slug": "x", "q": [' + "[]," * 3_000_000 + "[]]}"
    (scratch.template / "cookiecutter.json").write_text(text)

    assert refuse(scratch, "new", "p", "--template", scratch.source("folder")) == "over-limit"


def test_adopting_asks_one_version_of_a_bomb(made):
    made.write_template(Attack("bomb", "", "", {"a": "{{ 9**(9**9) }}"}))
    made.commit(*(f"v{number}" for number in range(2, 40)))
    for name in ("scaffold.toml", "scaffold.lock"):
        (made.project / name).unlink()
    git(made.project, "commit", "-qam", "forget")

    assert refuse(made, "adopt", "--template", str(made.template), "--yes") == "over-limit"


def test_sending_changes_back_renders_within_limits(made):
    made.write_template(Attack("bomb", "", "", {"{{ 'a' * 10**10 }}": "x", "a": "one\n"}))
    made.commit()
    bomb = git(made.template, "rev-parse", "HEAD")
    lock = made.project / "scaffold.lock"
    lock.write_text(lock.read_text().replace(git(made.template, "rev-parse", "v1"), bomb))
    (made.project / "a").write_text("two\n")
    git(made.project, "commit", "-qam", "x")

    assert refuse(made, "diff", "--reverse") == "over-limit"


ALIASES = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yml", ALIASES),
        ("a.yml", "a: " + "[" * 3000 + "]" * 3000 + "\n"),
        ("a.json", '{"a": ' + "[" * 3000 + "]" * 3000 + "}\n"),
        ("a.json", '{"a": ' + "9" * 5000 + "}\n"),
        ("a.toml", "a = " + "9" * 5000 + "\n"),
        ("a.toml", ".".join("a" * 3000) + " = 1\n"),
    ],
)
def test_data_that_is_merged_key_by_key(name, text, made):
    made.write_template(Attack("two", "", "", {"a": "one\n", name: "k: 1\n"}))
    made.commit("v2")
    made.run("upgrade", "--yes", "--commit")
    (made.project / name).write_text(f"k: 2\n{text}")
    git(made.project, "commit", "-qam", "mine")
    made.write_template(Attack("three", "", "", {"a": "one\n", name: f"k: 3\n{text}l: 1\n"}))
    made.commit("v3")
    before = made.snapshot()

    said = made.run("upgrade", "--yes")

    hold(made, before, said)
    assert said.exit_code == 1


def test_a_message_without_end_is_not_told(made):
    made.write_template(Attack("two", "", "", {"a": "two\n"}))
    made.commit()
    long = made.home / "message"
    long.write_text("x\n\n" + "word " * 1_000_000)
    git(made.template, "tag", "-F", str(long), "v2")
    before = made.snapshot()

    said = made.run("upgrade", "--yes", "--commit")

    hold(made, before, said)
    assert len(said.output) < 20_000


def _number(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _head(kind: int, size: int) -> bytes:
    head, size = kind << 4 | size & 15, size >> 4
    parts = bytearray()
    while size:
        parts.append(head | 0x80)
        head, size = size & 0x7F, size >> 7
    return bytes([*parts, head])


def bomb_pack(objects: int, copies: int) -> bytes:
    """Return a pack in which each of `objects` deltas stands for `copies` times 16 MB."""
    base = bytes(16_000_000)
    name = hashlib.sha1(b"blob %d\0" % len(base) + base).digest()
    entries = [(3, len(base), b"", base)]
    for number in range(objects):
        delta = _number(len(base)) + _number(copies * len(base) + 4)
        # "copy from offset 0 a size of three bytes", and four bytes that make each object another
        delta += (
            (b"\xf0" + struct.pack("<I", len(base))[:3]) * copies
            + b"\x04"
            + struct.pack(">I", number)
        )
        entries.append((7, len(delta), name, delta))
    body = b"PACK" + struct.pack(">II", 2, len(entries))
    for kind, size, reference, content in entries:
        body += _head(kind, size) + reference + zlib.compress(content, 9)
    return body + hashlib.sha1(body).digest()


@pytest.mark.parametrize(("objects", "copies"), [(2000, 4), (4, 100)], ids=["time", "memory"])
def test_a_bundle_of_deltas_that_multiply(objects, copies, scratch):
    commit = git(scratch.template, "rev-parse", "HEAD")
    bundle = scratch.home / "bomb.bundle"
    head = f"# v2 git bundle\n{commit} refs/heads/main\n\n".encode()
    bundle.write_bytes(head + bomb_pack(objects, copies))
    assert bundle.stat().st_size < 200_000

    assert refuse(scratch, "new", "p", "--template", str(bundle), "--yes") == "over-limit"
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    assert children < 1_000


def test_a_deep_path_is_a_setting(scratch, monkeypatch):
    monkeypatch.setenv("SCAFFOLD_LIMIT_DEPTH", "3")
    scratch.write_template(Attack("deep", "", "", {"a/b/c/d": "x"}))

    assert refuse(scratch, "new", "p", "--template", scratch.source("folder")) == "bad-path"


def test_an_address_that_is_a_bomb_is_one_line(made):
    for address in (
        "a" * 5000,
        "~nobody-has-this/x",
        "/".join("a" * 3000),
        "file:///" + "a" * 5000,
    ):
        refuse(made, "new", "p", "--template", address, "--yes")
        refuse(made, "upgrade", "--template", address, "--yes")
        refuse(made, "upgrade", "--template", json.dumps(address), "--offline")


@pytest.mark.parametrize("command", ["diff", "upgrade --yes", "upgrade --yes --dry-run"])
def test_a_lock_that_names_one_large_file_many_times(command, made):
    (made.project / "big").write_bytes(bytes(10_000_000))
    blob = git(made.project, "hash-object", "-w", "big").strip()
    lock = made.project / "scaffold.lock"
    rows = "".join(f'"z{number}" = "100644 {blob}"\n' for number in range(3000))
    lock.write_text(lock.read_text() + rows)
    git(made.project, "add", "-A")
    git(made.project, "commit", "-qm", "x")

    assert refuse(made, *command.split()) == "over-limit"


@pytest.mark.parametrize("form", ["git", "bundle"])
def test_a_repository_of_references_without_end_is_not_fetched(form, made, monkeypatch):
    monkeypatch.setenv("SCAFFOLD_LIMIT_REFERENCES", "100")
    commit = git(made.template, "rev-parse", "HEAD")
    packed = "".join(f"{commit} refs/tags/v1.{number:06}\n" for number in range(101))
    (made.template / ".git" / "packed-refs").write_text(f"# pack-refs with: sorted \n{packed}")
    source = made.source(form)
    before = made.snapshot()

    for command in (("new", "other", "--yes"), ("new", "other", "--yes", "--ref", commit)):
        said = made.run(*command, "--template", source)
        hold(made, before, said)
        assert said.code in ("over-limit", "done")
        assert not (said.code == "done" and "--ref" not in command)
    monkeypatch.setenv("SCAFFOLD_LIMIT_REFERENCES", "200")
    assert made.run("new", "third", "--template", source, "--yes", "--dry-run").exit_code == 0
