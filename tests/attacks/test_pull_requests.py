"""What a pull request can put into a project: spec, lock, links, plans and files, all of them hostile."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from attacks import ROOT, Attack
from conftest import Scratch, content_id, git
from test_attacks import hold

from scaffold import durable
from scaffold.commands.rendering import fetched
from scaffold.commands.wishes import Wishes
from scaffold.spec import Source
from scaffold.trust import limits
from scaffold.trust.store import code_digest


def pull_request(made: Scratch, files: Mapping[str, str], links: Mapping[str, str] | None = None):
    """Commit files and links to the project as somebody else's change."""
    for name, text in files.items():
        (made.project / name).write_text(text)
    for name, target in (links or {}).items():
        (made.project / name).symlink_to(target)
    git(made.project, "add", "-A")
    git(made.project, "commit", "-qm", "an edit of a pull request")


def locked(made: Scratch, path: str) -> str:
    """Return a lock that has `path` besides, with the id of a file that the project has."""
    blob = git(made.project, "rev-parse", "HEAD:a")
    text = (made.project / "scaffold.lock").read_text()
    return f'{text}{json.dumps(path)} = "100644 {blob}"\n'


COMMANDS = ["check", "diff", "upgrade", "sync"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("path", ["../../secret", "{home}/secret", "a\0b", "a/" * 3000 + "b"])
def test_a_lock_reads_nothing_outside(path, command, made):
    pull_request(made, {"scaffold.lock": locked(made, path.format(home=made.home))})
    before = made.snapshot()

    said = made.run(command)

    hold(made, before, said)
    assert said.exit_code == 2


@pytest.mark.parametrize("command", ["check", "diff"])
def test_a_lock_reads_nothing_through_a_link(command, made):
    pull_request(made, {"scaffold.lock": locked(made, "d/secret")}, {"d": str(made.home)})
    before = made.snapshot()

    hold(made, before, made.run(command))


@pytest.mark.parametrize("command", [*COMMANDS, "adopt"])
@pytest.mark.parametrize(
    "name", ["scaffold.toml", "scaffold.lock", ".cruft.json", "pyproject.toml"]
)
def test_a_state_file_that_is_a_link_is_not_read(name, command, made):
    outside = made.home / "outside"
    outside.write_text('[project]\nname = "hunter2"\n')
    (made.project / name).unlink(missing_ok=True)
    if command == "adopt":
        for each in {"scaffold.toml", "scaffold.lock"} - {name}:
            (made.project / each).unlink()
    pull_request(made, {}, {name: str(outside)})
    before = made.snapshot()

    said = made.run(command, *(("--template", str(made.template)) if command == "adopt" else ()))

    hold(made, before, said)


@pytest.mark.parametrize(
    "line",
    [
        "x = " + "9" * 5000,
        ".".join(["x"] * 4000) + " = 1",
        "x = " + "{a=" * 4000,
        "[" + ".".join(["x"] * 4000) + "]\ny = 1",
        'x = "\\u0000"',
        "x = 1e999999",
        "x = nan",
        "x = 2020-01-01",
    ],
)
@pytest.mark.parametrize("command", ["check", "sync", "add"])
def test_a_spec_that_is_a_bomb_is_one_line(line, command, made):
    text = (made.project / "scaffold.toml").read_text()
    pull_request(made, {"scaffold.toml": f"{text}\n{line}\n"})
    before = made.snapshot()

    said = made.run(command, *(("docker",) if command == "add" else ()))

    hold(made, before, said)


@pytest.mark.parametrize(
    "glob", ["*a" * 30 + "b", "**/" * 30 + "b", "[z-a]", "[", "*" * 200 + "b", "[!]x"]
)
@pytest.mark.parametrize("command", ["upgrade", "check"])
def test_a_glob_that_is_a_bomb_ends(glob, command, made):
    text = (made.project / "scaffold.toml").read_text()
    made.write_template(Attack("two", "", "", {"a" * 60: "x\n", "/".join("a" * 60): "x\n"}))
    made.commit("v2")
    pull_request(made, {"scaffold.toml": f"skip = [{json.dumps(glob)}]\n{text}"})
    before = made.snapshot()

    hold(made, before, made.run(command, *(("--yes",) if command == "upgrade" else ())))


PLANNED = ["../../escaped", ".git/hooks/post-commit", "d/escaped", "/tmp/escaped", ".git", "a\0b"]


@pytest.mark.parametrize("path", PLANNED)
def test_a_plan_writes_nothing_outside(path, made):
    made.write_template(Attack("two", "", "", {"a": "one\n", "new": "two\n"}))
    made.commit("v2")
    pull_request(made, {}, {"d": str(made.home)})
    made.run("upgrade", "--yes", "--plan", str(made.home / "plan"))
    plan = made.home / "plan"
    plan.write_text(plan.read_text().replace('"new"', json.dumps(path)))
    before = made.snapshot()

    said = made.run("apply", str(plan))

    hold(made, before, said)
    assert said.exit_code == 2
    assert not (made.project / ".git" / "hooks" / "post-commit").exists()
    assert (made.project / ".git").is_dir()


KINDS = ['"../../x"', "1", "null", "[]", "{}", '"\\u0000"', '"-x"', '["a"]']


@pytest.mark.parametrize("edit", ["prefix", "head", "tree", "objects", "message", "changes"])
def test_a_plan_of_other_kinds_is_one_line(edit, made):
    made.write_template(Attack("two", "", "", {"a": "one\n", "new": "two\n"}))
    made.commit("v2")
    plan = made.home / "plan"
    made.run("upgrade", "--yes", "--plan", str(plan))
    text = plan.read_text()
    for value in KINDS:
        document = json.loads(text)
        (document if edit == "message" else document["outcome"])[edit] = json.loads(value)
        plan.write_text(json.dumps(document))
        before = made.snapshot()

        said = made.run("apply", str(plan))

        hold(made, before, said)


def test_a_plan_is_not_written_into_a_folder_that_is_a_planted_link(made):
    made.write_template(Attack("two", "", "", {"a": "two\n"}))
    made.commit("v2")
    pull_request(made, {}, {"plans": str(made.home)})
    before = made.snapshot()

    said = made.run("upgrade", "--yes", "--plan", "plans/plan.json")

    hold(made, before, said)
    assert said.code == "in-the-way"


LINK = {"mode": "160000", "content": ""}
TAMPERED = [
    # id, where in the plan, what it is then (`...`: it is gone)
    ("no-message", ("message",), ...),
    ("message", ("message",), "a\0b"),
    ("message-surrogate", ("message",), "\ud800"),
    ("no-report", ("report",), ...),
    ("report", ("report",), 1),
    ("report-list", ("report",), [1]),
    ("submodule", ("outcome", "changes", 0, "after"), LINK),
    ("mode", ("outcome", "changes", 0, "after", "mode"), 5),
    ("mode-line", ("outcome", "changes", 0, "after", "mode"), "100644 0\0x"),
    ("content", ("outcome", "changes", 0, "after", "content"), 5),
    ("path", ("outcome", "changes", 0, "path"), 5),
    ("path-surrogate", ("outcome", "changes", 0, "path"), "\ud800"),
    ("reason", ("outcome", "changes", 0, "reason"), 5),
    ("regions", ("outcome", "changes", 0, "regions"), "5"),
    ("kind", ("outcome", "changes", 0, "kind"), "none"),
    ("stage", ("outcome", "changes", 0, "stages"), {"7": {"mode": "100644", "content": ""}}),
    ("tree", ("outcome", "tree"), "-x"),
    ("head", ("outcome", "head"), "-x"),
    ("object-name", ("outcome", "objects"), {"a" * 40: ["blob", "aGk="]}),
    ("object-path", ("outcome", "objects"), {"../../x": ["blob", "aGk="]}),
    ("object-kind", ("outcome", "objects"), {"a" * 40: ["x\n", "aGk="]}),
    ("deep", ("report",), [[[[1]]]]),
]


@pytest.mark.parametrize("wish", [(), ("--commit",)], ids=["", "commit"])
@pytest.mark.parametrize(
    ("place", "value"), [each[1:] for each in TAMPERED], ids=[each[0] for each in TAMPERED]
)
def test_a_plan_that_was_tampered_with_is_refused_before_anything_is_done(place, value, wish, made):
    made.write_template(Attack("two", "", "", {"a": "two\n", "new": "two\n"}))
    made.commit("v2")
    plan = made.home / "plan"
    made.run("upgrade", "--yes", "--plan", str(plan))
    document = table = json.loads(plan.read_text())
    *above, last = place
    for key in above:
        table = table[key]
    table[last] = value
    if value is ...:
        del table[last]
    elif value == [[[[1]]]]:
        table[last] = {"a": json.loads("[" * 500 + "]" * 500)}
    plan.write_text(json.dumps(document))
    before, project = made.snapshot(), made.project_snapshot()

    said = made.run("apply", str(plan), *wish)

    hold(made, before, said)
    assert said.code == "bad-plan"
    assert made.project_snapshot() == project


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format":1,"outcome":' + "[" * 100_000, "\xff"])
def test_a_plan_that_is_a_bomb_is_one_line(text, made):
    (made.home / "plan").write_text(text, "latin-1")
    before = made.snapshot()

    said = made.run("apply", str(made.home / "plan"))

    hold(made, before, said)
    assert said.code == "bad-plan"


def test_a_plan_that_is_a_pipe_is_not_waited_for(made):
    os.mkfifo(made.home / "plan")
    command = [sys.executable, "-m", "scaffold", "apply", str(made.home / "plan")]

    done = subprocess.run(command, cwd=made.project, capture_output=True, timeout=60, check=False)

    assert done.returncode == 2


@pytest.mark.parametrize(
    "edit",
    [
        "[" * 100_000,
        {"steps": [{"path": "a", "old_id": 5}]},
        {"folders": {"d": "x"}},
        {"conflicts": [5]},
        {"note": {"message": 5}},
        {"note": 5},
        {"head": 5},
    ],
    ids=["deep", "id", "folder", "conflict", "message", "note", "head"],
)
@pytest.mark.parametrize("command", [("check",), ("upgrade", "--abort")])
def test_a_journal_of_other_kinds_is_one_line(edit, command, made):
    folder = made.project / ".git" / "scaffold"
    folder.mkdir(exist_ok=True)
    head = git(made.project, "rev-parse", "HEAD")
    journal = {"format": 1, "state": "applied", "head": head, "steps": [], "conflicts": []}
    text = edit if isinstance(edit, str) else json.dumps(journal | edit)
    (folder / "journal.json").write_text(text)
    before = made.snapshot()

    said = made.run(*command)

    hold(made, before, said)
    assert command == ("check",) or said.code == "journal-damaged"


def test_a_git_folder_on_another_file_system_is_not_written_through_a_planted_link(
    made, monkeypatch
):
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.parent.name == "new":
            raise OSError(errno.EXDEV, "another file system")
        return real(self, target)

    made.write_template(Attack("two", "", "", {"a": "two\n"}))
    made.commit("v2")
    pull_request(made, {}, {".a.scaffold-new": "../../secret"})
    before = made.snapshot()
    monkeypatch.setattr(Path, "replace", replace)

    said = made.run("upgrade", "--yes")

    hold(made, before, said)
    assert said.exit_code == 0, said.output
    assert (made.project / "a").read_text() == "two\n"
    assert (made.project / ".a.scaffold-new").is_symlink()
    assert git(made.project, "status", "--porcelain", "--untracked-files=all").split() == [
        *("M", "a"), *("M", "scaffold.lock"), *("M", "scaffold.toml")
    ]  # fmt: skip


def test_a_plan_is_not_written_through_a_planted_link_and_is_its_owners_alone(made):
    made.write_template(Attack("two", "", "", {"a": "two\n"}))
    made.commit("v2")
    own = {f".plan.json.{os.getpid()}": "../../secret", "plan.json": "../../secret"}
    pull_request(made, {}, own)
    before = made.snapshot()

    said = made.run("upgrade", "--yes", "--plan", "plan.json")

    hold(made, before, said)
    plan = made.project / "plan.json"
    assert not plan.is_symlink()
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600


def test_a_folder_that_becomes_a_link_after_the_plan_is_not_written_through(made):
    made.write_template(Attack("two", "", "", {"a": "one\n", "docs/x": "two\n"}))
    made.commit("v2")
    plan = made.home / "plan"
    made.run("upgrade", "--yes", "--plan", str(plan))
    (made.project / "docs").symlink_to(made.home)
    before = made.snapshot()

    said = made.run("apply", str(plan))

    hold(made, before, said)
    assert said.exit_code == 2


def test_a_folder_that_becomes_a_link_while_files_are_written_is_not_written_through(
    made, monkeypatch
):
    made.write_template(Attack("two", "", "", {"a": "one\n", "docs/x": "two\n"}))
    made.commit("v2")
    before = made.snapshot()

    def swap(action: str, path: os.PathLike[str]) -> None:
        docs = made.project / "docs"
        if action in ("folder", "rename") and "docs" in str(path) and not docs.is_symlink():
            docs.symlink_to(made.home)

    monkeypatch.setattr(durable, "reached", swap)

    said = made.run("upgrade", "--yes")

    hold(made, before, said)
    assert said.exit_code == 2


def in_lock(made: Scratch, key: str, value: str) -> None:
    """Set a key of the project's lock as somebody else's change."""
    text = (made.project / "scaffold.lock").read_text()
    text = (
        text if f"\n{key} = " in text else text.replace("format = 1\n", f'format = 1\n{key} = ""\n')
    )
    pull_request(
        made,
        {"scaffold.lock": re.sub(rf'(?m)^{key} = ".*"$', lambda _: f'{key} = "{value}"', text)},
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("key", ["commit", "behind_commit"])
@pytest.mark.parametrize(
    "value", ["--output={home}/escaped", "HEAD", "v1", "main~1", "^HEAD", "a" * 39]
)
def test_a_commit_of_the_lock_is_a_full_id(value, key, command, made):
    made.write_template(Attack("two", "", "", {"a": "two\n"}))
    made.commit("v2")
    in_lock(made, key, value.format(home=made.home))
    before = made.snapshot()

    said = made.run(command)

    hold(made, before, said)
    assert said.exit_code == 2


@pytest.mark.parametrize(
    "value",
    ["a\\u0000b", "x" * 300_000, "0001-01-01T00:00:00+14:00 1", "\\n"],
    # pytest puts the id into the environment, where no value is longer than 128 KiB.
    ids=["nul", "long", "date", "line"],
)
def test_a_seed_of_the_lock_is_one_line(value, made):
    hook = {"hooks/post_gen_project.py": "print(1)\n"}
    made.write_template(Attack("two", "", "", {"a": "{% now 'utc', '%Y' %}"}, {}, hook))
    made.commit("v2")
    in_lock(made, "seed", value)
    before = made.snapshot()

    hold(made, before, made.run("upgrade", "--yes", "--trust"))


def test_a_state_file_that_is_a_link_to_gits_own_is_not_read(made):
    (made.project / ".git" / "config").write_text('[http]\n\textraheader = "hunter2"\n')
    (made.project / "scaffold.toml").unlink()
    pull_request(made, {}, {"scaffold.toml": ".git/config"})
    before = made.snapshot()

    said = made.run("check")

    hold(made, before, said)
    assert said.code == "bad-link"


def test_a_spec_that_is_a_pipe_is_not_waited_for(made):
    (made.project / "scaffold.toml").unlink()
    os.mkfifo(made.project / "scaffold.toml")
    command = [sys.executable, "-m", "scaffold", "check"]

    done = subprocess.run(command, cwd=made.project, capture_output=True, timeout=60, check=False)

    assert done.returncode == 2


STEPS = ["../../secret", "../../escaped", ".git/hooks/post-checkout", "/tmp/escaped"]


@pytest.mark.parametrize("command", [("check",), ("upgrade", "--yes"), ("upgrade", "--abort")])
@pytest.mark.parametrize("state", ["applying", "applied", "undoing"])
def test_a_journal_that_came_with_a_repository_moves_nothing_outside(state, command, made):
    folder = made.project / ".git" / "scaffold"
    (folder / "old").mkdir(parents=True, exist_ok=True)
    (folder / "old" / "0").write_text("#!/bin/sh\ntouch $SCRATCH/PWNED\n")
    head = git(made.project, "rev-parse", "HEAD")
    before, project = made.snapshot(), made.project_snapshot()
    for step in STEPS:
        steps = [{"path": step, "old": "0"}]
        journal = {
            "format": 1,
            "state": state,
            "head": head,
            "steps": steps,
            "folders": {"../x": 0},
        }
        (folder / "journal.json").write_text(json.dumps(journal))

        said = made.run(*command)

        hold(made, before, said)
        assert made.project_snapshot() == project


@pytest.mark.parametrize("name", ["old", "new"])
def test_a_journal_takes_no_file_from_outside(name, made):
    folder = made.project / ".git" / "scaffold"
    folder.mkdir(exist_ok=True)
    steps = [{"path": "a", name: "../../../../../secret"}]
    journal = {"format": 1, "state": "applying", "head": "", "steps": steps}
    (folder / "journal.json").write_text(json.dumps(journal))
    before = made.snapshot()

    said = made.run("upgrade", "--yes")

    hold(made, before, said)
    assert said.code == "journal-damaged"


@pytest.mark.parametrize("command", [("upgrade", "--yes"), ("upgrade", "--abort")])
@pytest.mark.parametrize("old", ["", "0"], ids=["delete", "restore"])
def test_a_journal_moves_nothing_through_a_link(old, command, made):
    outside = made.home / "outside"
    (outside / "empty").mkdir(parents=True)
    (outside / "f").write_text("mine\n")
    pull_request(made, {}, {"d": str(outside)})
    folder = made.project / ".git" / "scaffold"
    (folder / "old").mkdir(parents=True, exist_ok=True)
    (folder / "old" / "0").write_text("evil\n")
    journal = {
        "format": 1,
        "state": "applying",
        "head": git(made.project, "rev-parse", "HEAD"),
        "steps": [{"path": "d/f", "old": old}, {"path": "d/g/h", "old": old}],
        "folders": {"d/empty": None, "d/g": None},
        "conflicts": [],
    }
    (folder / "journal.json").write_text(json.dumps(journal))
    before = made.snapshot()

    said = made.run(*command)

    hold(made, before, said)
    assert said.code == "in-the-way"


def test_an_upgrade_is_taken_back_but_for_what_lies_behind_a_link(made):
    made.write_template(Attack("two", "", "", {"a": "two\n", "e/f": "two\n"}))
    made.commit("v2")
    assert made.run("upgrade", "--yes").exit_code == 0
    outside = made.home / "outside"
    outside.mkdir()
    (outside / "f").write_text("mine\n")
    (made.project / "e").rename(made.home / "e")
    (made.project / "e").symlink_to(outside)
    before = made.snapshot()

    said = made.run("upgrade", "--abort")

    hold(made, before, said)
    assert said.code == "in-the-way"
    assert "not taken back: e/f" in said.output
    assert (made.project / "a").read_text() == "one\n"
    (made.project / "e").unlink()
    assert made.run("upgrade", "--abort").exit_code == 0
    assert git(made.project, "status", "--porcelain") == ""


@pytest.mark.parametrize("address", ["ssh://evil.invalid/x", "https://127.0.0.1:9/x"])
@pytest.mark.parametrize("place", ["", "repositories/{key}.git", "git"])
def test_a_cache_in_the_work_tree_is_not_obeyed(place, address, made):
    """CI keeps one there, under a name that anybody can read, so that a pull request can bring a repository along."""
    program = made.home / "program"
    program.write_text("#!/bin/sh\ntouch $SCRATCH/PWNED\nexit 1\n")
    program.chmod(0o755)
    key = hashlib.sha256(address.encode()).hexdigest()[:24]
    planted = made.project / ".cache" / place.format(key=key)
    for name in ("objects", "refs"):
        (planted / name).mkdir(parents=True)
    (planted / "HEAD").write_text("ref: refs/heads/main\n")
    (planted / "config").write_text(
        f"[core]\n\tbare = true\n\tsshCommand = {program}\n\talternateRefsCommand = {program}\n"
        f'[credential]\n\thelper = "!{program}"\n[url "ssh://other.invalid/"]\n\tinsteadOf = https://\n'
    )
    git(made.project, "add", "-fA")
    git(made.project, "commit", "-qm", "a cache of a pull request")
    command = [sys.executable, "-m", "scaffold", "upgrade", "--template", address, "--yes"]
    made.run("check")  # so that there is a key
    before = made.snapshot()
    environment = {**os.environ, "SCAFFOLD_CACHE_DIR": str(made.project / ".cache")}

    for more in ((), ("--to", "a" * 40), ("--offline",)):
        done = subprocess.run(
            [*command, *more], cwd=made.project, env=environment, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert not made.was_entered()
    after = made.snapshot()
    assert {path for path in after if path not in before} <= {"state/copies"}
    assert {path: after[path] for path in before} == before


KINDS_OF_CACHE = ["templates", "compiled", "sources", "bundles", "help"]
LINKED = [
    {"": "../../outside"},
    {f"/{name}": "../../../outside" for name in KINDS_OF_CACHE},
    {f"/{name}": "../../../nowhere" for name in KINDS_OF_CACHE},
    {f"/{name}": "/dev/null" for name in KINDS_OF_CACHE},
]


@pytest.mark.parametrize("links", LINKED, ids=["root", "folders", "nowhere", "device"])
def test_a_cache_in_the_work_tree_is_not_written_through_a_planted_link(links, made):
    (made.home / "outside").mkdir()
    if "" not in links:
        (made.project / ".cache").mkdir()
    for name, target in links.items():
        (made.project / f".cache{name}").symlink_to(target)
    git(made.project, "add", "-fA")
    git(made.project, "commit", "-qm", "a cache of a pull request")
    made.write_template(Attack("two", "", "", {"a": "two {{ cookiecutter.slug|upper }}\n"}))
    made.commit("v2")
    made.run("check")  # so that there is a key
    before = made.snapshot()
    environment = {**os.environ, "SCAFFOLD_CACHE_DIR": str(made.project / ".cache")}
    command = [sys.executable, "-m", "scaffold", "upgrade", "--yes"]

    done = subprocess.run(
        command, cwd=made.project, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    after = made.snapshot()
    assert {path for path in after if path not in before} <= {"state/copies"} | {
        path for path in after if path.startswith("state/copies/")
    }
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize("way", ["upgrade", "new"])
def test_a_cached_template_is_not_opened_as_scaffolds_own(way, made, monkeypatch):
    """That one's is rendered without limits, since nobody else can change it."""
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    planted = made.project / "planted"
    (planted / ROOT).mkdir(parents=True)
    (planted / ROOT / "a").write_text(endless)
    (planted / "cookiecutter.json").write_text('{"slug": "x"}')
    made.write_template(Attack("two", "", "", {"a": endless}))
    made.commit("v2")
    monkeypatch.setenv("SCAFFOLD_LIMIT_CPU_SECONDS", "1")
    ids = [content_id(planted), git(made.template, "rev-parse", "v2")]
    for source in (planted, made.template):  # which opens it, and keeps it in the cache
        assert made.run("list", "--template", str(source)).exit_code == 0
    for version in ids:
        if way == "upgrade":
            for name in ("scaffold.toml", "scaffold.lock"):
                text = (made.project / name).read_text()
                text = re.sub(r'(?m)^source = ".*"$', 'source = "scaffold"', text)
                text = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text)
                (made.project / name).write_text(text)
            pull_request(made, {})
        before = made.snapshot()

        said = made.run(
            *{"new": ("new", "o", "--ref", version), "upgrade": ("sync",)}[way], "--yes"
        )

        hold(made, before, said)
        assert said.code == "unknown-version"


def test_a_program_called_git_in_the_project_is_not_run(made, monkeypatch):
    (made.project / "git").write_text(f"#!/bin/sh\ntouch {made.home}/PWNED\n")
    (made.project / "git").chmod(0o755)
    git(made.project, "add", "-A")
    git(made.project, "commit", "-qm", "an edit of a pull request")
    before, path = made.snapshot(), os.environ["PATH"]
    for searched in (f".:{path}", f":{path}", f"{path}:"):
        monkeypatch.setenv("PATH", searched)

        said = made.run("check")

        hold(made, before, said)
        assert said.exit_code == 0


def test_a_bare_repository_inside_the_project_is_not_obeyed(made):
    program = made.home / "program"
    program.write_text("#!/bin/sh\ntouch $SCRATCH/PWNED\ncat\n")
    program.chmod(0o755)
    planted = made.project / "vendor"
    for name in ("objects", "refs"):
        (planted / name).mkdir(parents=True)
    (planted / "HEAD").write_text("ref: refs/heads/main\n")
    (planted / "config").write_text(
        f'[core]\n\tworktree = ..\n\tfsmonitor = {program}\n[filter "x"]\n\tclean = {program}\n'
    )
    (made.project / ".gitattributes").write_text("* filter=x\n")
    (planted / "below").mkdir()
    git(made.project, "add", "-A")
    git(made.project, "commit", "-qm", "an edit of a pull request")
    before = made.snapshot()

    for place in (planted, planted / "below"):
        for command in (("check",), ("diff",), ("upgrade", "--yes")):
            said = made.run("-C", str(place), *command)
            hold(made, before, said)
            assert said.exit_code == 2


def with_source(made: Scratch, source: str) -> None:
    spec = made.project / "scaffold.toml"
    text = re.sub(r'(?m)^source = ".*"$', f"source = {json.dumps(source)}", spec.read_text())
    pull_request(made, {"scaffold.toml": text})


@pytest.mark.parametrize("command", ["check", "sync"])
@pytest.mark.parametrize("source", ["/", "/proc", "/proc/self/root", "/dev"])
def test_a_template_that_is_all_of_the_machine_is_not_read(source, command, made, monkeypatch):
    monkeypatch.setattr("scaffold.template._folder_files", lambda folder: pytest.fail(str(folder)))
    with_source(made, source)
    before = made.snapshot()

    said = made.run(command)

    hold(made, before, said)
    assert said.code == "no-template"


def test_of_a_templates_files_no_more_is_read_than_they_may_have(made, monkeypatch):
    """What says that it is empty need not be: files of /proc all do."""
    planted = made.project / "planted"
    (planted / ROOT).mkdir(parents=True)
    (planted / ROOT / "a").write_text("a" * 2_000_000)
    (planted / "cookiecutter.json").write_text('{"slug": "x"}')
    monkeypatch.setenv("SCAFFOLD_LIMIT_MEGABYTES", "1")
    with_source(made, "planted")
    before = made.snapshot()

    said = made.run("check")

    hold(made, before, said)
    assert said.code == "over-limit"


BARE = "[core]\n\tbare = true\n"
LEADING = [
    ("include", {"config": f"{BARE}[include]\n\tpath = {{home}}/secret\n"}, {}),
    ("include-if", {"config": f'{BARE}[ includeIf "gitdir:/"] path = {{home}}/secret\n'}, {}),
    ("worktree", {"config": BARE, "config.worktree": "[Include] path = {home}/secret\n"}, {}),
    ("config", {}, {"config": "/dev/ptmx"}),
    ("references", {"config": BARE}, {"packed-refs": "/dev/ptmx"}),
    ("head", {"config": BARE}, {"refs": "../.git/refs"}),
    ("elsewhere", {"config": BARE, "commondir": "../.git"}, {}),
]


@pytest.mark.parametrize("command", ["check", "sync", "list"])
@pytest.mark.parametrize(
    ("files", "links"), [each[1:] for each in LEADING], ids=[each[0] for each in LEADING]
)
def test_settings_of_a_bare_repository_of_a_pull_request_lead_nowhere(files, links, command, made):
    planted = made.project / "vendor"
    for name in ("objects", "refs"):
        if name not in links:
            (planted / name).mkdir(parents=True)
            (planted / name / "x").write_text("x\n")
    (planted / "HEAD").write_text("ref: refs/heads/main\n")
    for name, text in files.items():
        (planted / name).write_text(text.format(home=made.home))
    for name, target in links.items():
        (planted / name).symlink_to(target)
    with_source(made, "vendor")
    before = made.snapshot()

    said = made.run(command, *(("--versions",) if command == "list" else ()))

    hold(made, before, said)
    assert "lead to files outside of it" in said.output


def test_git_is_not_waited_for_without_end(made, monkeypatch):
    monkeypatch.setenv("SCAFFOLD_LIMIT_FETCH_SECONDS", "1")
    monkeypatch.setattr(limits, "LEAST_WAIT", 1)
    planted = made.project / "vendor"
    (planted / "objects").mkdir(parents=True)
    (planted / "refs" / "heads").mkdir(parents=True)
    (planted / "HEAD").write_text("ref: refs/heads/main\n")
    (planted / "config").write_text(BARE)
    os.mkfifo(planted / "refs" / "heads" / "main")
    with_source(made, "vendor")
    before = made.snapshot()

    said = made.run("check")

    hold(made, before, said)
    assert said.code == "over-limit"


CRUFT = {"template": "{template}", "commit": "{commit}", "context": {"cookiecutter": {}}}
STATES = [
    ("pyproject.toml", "a = " + "[" * 9999),
    ("pyproject.toml", "x = " + "9" * 5000),
    ("pyproject.toml", ".".join("a" * 5000) + " = 1"),
    ("pyproject.toml", "[project]\nname = 1\nauthors = [1]\n"),
    ("pyproject.toml", '[project]\nname = "a\\u0000"\n'),
    ("pyproject.toml", "project = 1\n"),
    ("pyproject.toml", '[project]\nname = "../../x"\n'),
    ("pyproject.toml", "[tool.cruft]\nskip = 1\n"),
    (".cruft.json", "[" * 99_999),
    (".cruft.json", "9" * 5000),
    (".cruft.json", "[]"),
    (".cruft.json", json.dumps({**CRUFT, "context": {"cookiecutter": 1}})),
    (".cruft.json", json.dumps({**CRUFT, "context": {"cookiecutter": {"slug": {"a": 1}}}})),
    (".cruft.json", json.dumps({**CRUFT, "context": {"cookiecutter": {"slug": "\ud800"}}})),
    (".cruft.json", json.dumps({**CRUFT, "checkout": "\ud800"})),
    (".cruft.json", json.dumps({**CRUFT, "checkout": ["--output=x"]})),
    (".cruft.json", json.dumps({**CRUFT, "skip": 1})),
    (".cruft.json", json.dumps({**CRUFT, "skip": ["\ud800", "**/" * 40]})),
    (".cruft.json", json.dumps({**CRUFT, "directory": "../.."})),
    (".cruft.json", json.dumps({**CRUFT, "commit": "--output=x"})),
    (".cruft.json", json.dumps({**CRUFT, "template": "--upload-pack=touch PWNED"})),
    ("scaffold.toml", '[template]\nsource = "{template}"\nversion = "v1"\ndirectory = ".."\n'),
    ("scaffold.toml", '[template]\nsource = "{template}"\nversion = "--output=x"\n'),
    (
        "scaffold.toml",
        '[template]\nsource = "{template}"\nversion = "v1"\n[answers]\nslug = {a = 1}\n',
    ),
    ("scaffold.toml", "#" * 17_000_000),
]


@pytest.mark.parametrize(("name", "text"), STATES, ids=range(len(STATES)))
def test_adopting_what_a_pull_request_wrote_is_one_line(name, text, made):
    for each in ("scaffold.toml", "scaffold.lock"):
        (made.project / each).unlink()
    commit = git(made.template, "rev-parse", "v1")
    text = text.replace("{template}", str(made.template)).replace("{commit}", commit)
    pull_request(made, {name: text})
    before = made.snapshot()

    for arguments in (
        ("check",),
        ("adopt", "--yes", "--dry-run"),
        ("adopt", "--template", str(made.template), "--yes"),
    ):
        hold(made, before, made.run(*arguments))


@pytest.mark.parametrize(
    "command", [("check",), ("diff",), ("upgrade", "--yes"), ("upgrade", "--abort")]
)
def test_a_work_tree_that_is_somewhere_else_is_not_written(command, made):
    victim = made.home / "victim"
    victim.mkdir()
    (victim / "a").write_text("one\n")
    git(made.project, "config", "core.worktree", str(victim))
    made.write_template(Attack("two", "", "", {"a": "two\n", "new": "x\n"}))
    made.commit("v2")
    before = made.snapshot()

    hold(made, before, made.run(*command))


def test_a_home_that_is_a_repository_grants_no_trust_and_no_settings(made):
    """Some machines of CI have their home in the work tree; what a pull request adds there is no state of anybody's."""
    program = made.home / "program"
    program.write_text("#!/bin/sh\ntouch $SCRATCH/PWNED\nexit 1\n")
    program.chmod(0o755)
    hook = {"hooks/post_gen_project.sh": f"#!/bin/sh\ntouch {made.home}/PWNED\n"}
    made.write_template(Attack("two", "", "", {"a": "two\n"}, {}, hook))
    made.commit("v2")
    address = "ssh://evil.invalid/x"
    key = hashlib.sha256(address.encode()).hexdigest()[:24]
    state = made.project / ".local" / "state" / "scaffold"
    for place in (made.project / ".cache" / "scaffold", state):
        planted = place / "copies" / f"{key}.git"
        for name in ("objects", "refs"):
            (planted / name).mkdir(parents=True)
        (planted / "HEAD").write_text("ref: refs/heads/main\n")
        (planted / "config").write_text(f"[core]\n\tbare = true\n\tsshCommand = {program}\n")
    opened = fetched(Source(str(made.template)), "v2", Wishes(made.project))
    trusted = {str(made.template): [code_digest(opened)]}
    pull_request(made, {".local/state/scaffold/trusted.json": json.dumps(trusted)})
    environment = {
        name: each for name, each in os.environ.items() if not name.startswith(("SCAFFOLD", "XDG"))
    }
    environment |= {"HOME": str(made.project), "SCRATCH": str(made.home)}

    for more in ((), ("--template", address)):
        done = subprocess.run(
            [sys.executable, "-m", "scaffold", "upgrade", "--yes", *more],
            cwd=made.project, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert not made.was_entered()
