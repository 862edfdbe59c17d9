"""Whatever stops a command, and wherever, the project is as before or as after: at once, or one command later."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from story import CHANGED, LINES, Project, Said, Template, scaffold

CHART = "{% if 'chart' in cookiecutter.components.split(',') %}charts/chart.yaml{% endif %}"
COMPONENTS = {
    name: {"name": name, "title": name, "summary": name, "requires": [], "conflicts": []}
    for name in ("base", "chart")
}
COMMANDS = {
    "upgrade": ("upgrade",),
    "upgrade and commit": ("upgrade", "--commit"),
    "abort": ("upgrade", "--abort"),
    "continue": ("upgrade", "--continue"),
    "continue and commit": ("upgrade", "--continue", "--commit"),
    "apply": ("apply", "../plan"),
    "add": ("add", "chart"),
    "remove": ("remove", "chart"),
    "set": ("set", "colour=blue"),
    "adopt": ("adopt",),
}

State = dict[str, object]


@pytest.fixture
def made(template) -> Template:
    return template(
        {"a.txt": LINES, "b.txt": "{{cookiecutter.colour}}\n", "old/c.txt": "c\n"},
        colour="red",
        details={"colour": {"prompt": "Colour"}},
        _components=COMPONENTS,
        components="",
    )


@pytest.fixture
def ready(make_project, made) -> Callable[[str], Project]:
    """Return what makes a project that the named command has something to do in."""

    def ready(command: str) -> Project:
        chosen = ("--with", "chart") if command == "remove" else ()
        project = make_project(made, *chosen)
        if command == "adopt":
            return project.delete("scaffold.lock")
        if command.startswith("continue"):
            project.edit("a.txt", line=2, to="mine")
        made.release({"a.txt": CHANGED, "d/e.txt": "e\n", "old/c.txt": None})
        if command == "apply":
            assert project.run("upgrade", "--plan", "../plan").code == 0
        if command in ("abort", "continue", "continue and commit"):
            project.run("upgrade")
        if command.startswith("continue"):
            project.write("a.txt", "decided\n", commit=False).git("add", "a.txt")
        return project

    return ready


class Steps:
    """Stops this process, by Python's own audit events, when something is written below a folder."""

    def __init__(self) -> None:
        self._root = ""
        sys.addaudithook(self._hear)

    @contextlib.contextmanager
    def stopping(
        self, at: int, stop: Callable[[], None], root: Path, *, forever: bool = False
    ) -> Iterator[None]:
        """Call `stop` before the step `at`; with `forever`, before every step from there on that takes room."""
        self.seen, self._at, self._stop, self._forever = 0, at, stop, forever
        self._root = str(root)
        try:
            yield
        finally:
            self._root = ""

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._root or not any(self._root in str(each) for each in arguments[:2]):
            return
        flags = arguments[2] if event == "open" else 0
        takes_room = event in {"os.mkdir", "os.link", "os.symlink"} or (
            isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        )
        if takes_room or event in {"os.rename", "os.remove", "os.rmdir"}:
            self.seen += 1
            if self.seen == self._at or (self._forever and takes_room and self.seen > self._at):
                self._stop()


STEPS = Steps()


def failing(number: int) -> Callable[[], None]:
    def stop() -> None:
        raise OSError(number, os.strerror(number), "somewhere")

    return stop


def killed_by(number: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


def state_of(project: Project) -> State:
    """Return what must be all old or all new: files, modes, index, and what is committed."""
    files = {
        path: (content, mode)
        for path, (content, mode, _) in project.snapshot.items()
        if path != ":refs"
    }
    return {**files, ":tree": project.git("rev-parse", "HEAD^{tree}")}


def make_good(project: Project, command: str) -> None:
    """Do what a person does next: run scaffold again, and take back what was applied but never committed."""
    project.run("upgrade", "--dry-run")
    if command.startswith("upgrade and") and project.run("check", "--json").json.get("pending"):
        assert project.run("upgrade", "--abort").code == 0


def in_child(work: Callable[[], Said]) -> int:
    """Run scaffold in a process of its own, which may be killed; return what ended it, or its exit code."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = 99
        try:
            code = work().code
        finally:
            os._exit(code)
    return -os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Stopped:
    """A command, run on equal projects, and stopped later each time until nothing stops it."""

    def __init__(self, project: Project, arguments: tuple[str, ...], stride: int) -> None:
        self.project, self.arguments, self.stride = project, arguments, stride
        self.before = state_of(project)
        self.kept = project.path.with_name("kept")
        shutil.copytree(project.path, self.kept, symlinks=True)

    def runs(self, stop: Callable[[], None], *, forever: bool = False) -> Iterator[int]:
        """Yield the exit code of each run that was stopped."""
        for at in range(1, 1000, self.stride):
            with STEPS.stopping(at, stop, self.project.path, forever=forever):
                code = self.project.run(*self.arguments).code
            if STEPS.seen < at:
                return
            yield code
            self.restore()

    def killed_runs(self, number: int) -> Iterator[int]:
        """Yield what ended each run that sent itself a signal."""
        for at in range(1, 1000, self.stride):
            with STEPS.stopping(at, killed_by(number), self.project.path):
                code = in_child(lambda: self.project.run(*self.arguments))
            if code in (0, 1):
                return
            yield code
            self.restore()

    def restore(self) -> None:
        shutil.rmtree(self.project.path)
        shutil.copytree(self.kept, self.project.path, symlinks=True)


@pytest.fixture
def stride(request) -> int:
    """Return how many steps further the next stop comes: an ordinary run of the tests leaves most out."""
    return 1 if request.config.getoption("--every-step") else 8


@pytest.mark.parametrize("command", COMMANDS)
def test_fault_at_any_step_changes_nothing(ready, command, stride):
    project = ready(command)
    stopped = Stopped(project, COMMANDS[command], stride)
    undone, done = [], []

    for code in stopped.runs(failing(errno.EACCES)):
        is_refused = code == 2
        if command == "abort" and is_refused:  # the next run finishes it
            is_refused = project.run(*COMMANDS[command]).code == 2
        (undone if is_refused else done).append(state_of(project))

    assert [state for state in undone if state != stopped.before] == []
    assert [state for state in done if state != state_of(project)] == []


@pytest.mark.parametrize("command", ["upgrade", "upgrade and commit", "add"])
def test_disk_that_is_full_from_any_step_on_changes_nothing(ready, command, stride):
    project = ready(command)
    stopped = Stopped(project, COMMANDS[command], stride)
    states = []

    for code in stopped.runs(failing(errno.ENOSPC), forever=True):
        assert code in (0, 1, 2)
        make_good(project, command)
        states.append(state_of(project))

    after = state_of(project)
    assert [state for state in states if state not in (stopped.before, after)] == []


@pytest.mark.parametrize(
    ("command", "number"),
    [
        *((command, signal.SIGKILL) for command in COMMANDS),
        *((command, signal.SIGINT) for command in ("upgrade", "upgrade and commit", "add")),
    ],
)
def test_signal_at_any_step_is_made_good_by_the_next_run(ready, command, number, stride):
    project = ready(command)
    stopped = Stopped(project, COMMANDS[command], stride)
    states = []

    for ended_by in stopped.killed_runs(number):
        assert ended_by in (number, -130)
        make_good(project, command)
        states.append(state_of(project))

    project.run(*COMMANDS[command])
    after = state_of(project)
    assert states
    assert [state for state in states if state not in (stopped.before, after)] == []


def test_fault_at_any_step_of_new_leaves_nothing(made, tmp_path, stride):
    place = tmp_path / "place"
    place.mkdir()

    for at in range(1, 1000, stride):
        with STEPS.stopping(at, failing(errno.ENOSPC), place):
            said = scaffold("new", place / "deep/p", "--template", made.path, "--yes")
        if said.code == 0:  # nothing but tidying up was left
            break
        assert said.code == 2, said.err
        assert "cannot be written" in said.err
        assert list(place.iterdir()) == []

    assert at > stride
    assert [path.name for path in (place / "deep").iterdir()] == ["p"]
    assert scaffold("check", at=place / "deep/p").code == 0


@pytest.fixture
def killed(ready) -> Project:
    """Return a project whose upgrade was killed after it wrote `a.txt`, and before it was done."""
    project = ready("upgrade")
    kept = project.path.with_name("kept")
    shutil.copytree(project.path, kept, symlinks=True)
    for at in range(1, 1000):
        with STEPS.stopping(at, killed_by(signal.SIGKILL), project.path):
            in_child(lambda: project.run("upgrade"))
        if project.read("a.txt") == CHANGED:
            return project
        shutil.rmtree(project.path)
        shutil.copytree(kept, project.path, symlinks=True)
    raise AssertionError("a.txt was never written")


def test_check_tells_of_a_run_that_was_killed(killed):
    said = killed.run("check", "--json")

    assert (said.code, said.json["killed"], said.json["pending"]) == (1, True, False)
    assert "a run was killed half-way" in killed.run("check").out
    assert killed.run("upgrade", "--abort").code == 0
    assert killed.run("check", "--json").json["killed"] is False


def test_edit_after_the_kill_is_refused_until_somebody_says_abort(killed):
    killed.write("a.txt", CHANGED + "hours of work\n", commit=False)
    before = killed.snapshot

    for command in ("upgrade", "upgrade --dry-run", "set colour=blue"):
        said = killed.run(*command.split(), "--json")
        assert (said.code, said.refusal) == (2, "edited-since")
        assert killed.snapshot == before
    said = killed.run("upgrade", "--abort", "--json")

    assert killed.read("a.txt") == LINES
    kept = killed.git("cat-file", "blob", said.json["saved"]["a.txt"])
    assert kept.endswith("hours of work")
    assert killed.upgrade().code == 0


def test_edit_after_the_kill_that_is_committed_is_upgraded_like_any_other(killed):
    killed.write("a.txt", CHANGED + "hours of work\n")

    assert killed.upgrade("--commit").code == 0

    assert killed.read("a.txt") == CHANGED + "hours of work\n"
    assert killed.read("d/e.txt") == "e\n"
    assert not killed.has("old/c.txt")
    assert killed.run("check", "--json").json["killed"] is False


def test_other_files_that_are_committed_after_the_kill_stay(killed):
    (killed.path / ".git/index.lock").unlink(missing_ok=True)
    killed.write("own.txt", "mine\n", commit=False)
    killed.git("add", "own.txt")
    killed.git("commit", "--quiet", "--message", "mine", "own.txt")

    assert killed.run("upgrade", "--dry-run").code == 0

    assert (killed.read("a.txt"), killed.status) == (LINES, "")
    assert killed.upgrade("--commit").code == 0
    assert (killed.read("own.txt"), killed.read("a.txt")) == ("mine\n", CHANGED)
