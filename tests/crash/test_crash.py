"""Whatever stops an upgrade, and wherever, the project is as before or one command away from it."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from merging import Project, tree
from rights import as_ordinary_user

from scaffold import apply, durable
from scaffold.errors import ScaffoldError
from scaffold.merge import Outcome, merge
from scaffold.tree import File
from scaffold.values import replace

TEXT = "".join(f"line {number}\n" for number in range(12))
BASE = {
    "updated": "1\n",
    "deleted/here/a": "1\n",
    "conflict": TEXT,
    "gone": "1\n",
    "script": File(b"#!/bin/sh\n", "100755"),
    "becomes": "1\n",
    "scaffold.lock": "1\n",
}
THEIRS = {
    "updated": "2\n",
    "conflict": TEXT.replace("line 5\n", "new\n"),
    "new/deep/b": "2\n",
    "script": "#!/bin/sh\nexit\n",
    "becomes/a/folder": "2\n",
    "link": File(b"updated", "120000"),
    "scaffold.lock": "2\n",
}
OURS = {**BASE, "conflict": TEXT.replace("line 5\n", "mine\n"), "gone": "mine\n", "own": "mine\n"}


@pytest.fixture
def outcome(project: Project) -> Outcome:
    project.write(OURS)
    project.commit()
    project.write({"untracked": "mine\n"})
    (project.folder / "updated").chmod(0o640)
    return merge(project.git, base=tree(BASE), theirs=tree(THEIRS), head=project.head)


class Stopped:
    """Stands in for `durable.reached`: does something at the n-th step, and counts."""

    def __init__(self, at: int, stop: Callable[[], None]) -> None:
        self.at = at
        self.stop = stop
        self.count = 0

    def __call__(self, action: str, path: Path) -> None:
        del action, path
        self.count += 1
        if self.count == self.at:
            self.stop()


def steps_of(project: Project, outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many steps an undisturbed run takes, and take it back."""
    counting = Stopped(0, lambda: None)
    monkeypatch.setattr(durable, "reached", counting)
    apply.apply(project.git, outcome)
    count = counting.count
    apply.abort(project.git)
    return count


def fail_with(number: int) -> Callable[[], None]:
    def stop() -> None:
        raise OSError(number, os.strerror(number), "somewhere")

    return stop


def interrupt() -> None:
    raise KeyboardInterrupt


def is_tidy(project: Project) -> bool:
    folder = project.folder / ".git"
    return not (folder / "index.lock").exists() and {
        path.name for path in (folder / "scaffold").iterdir()
    } <= {"mutex"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_failure_at_any_step_changes_nothing(project, outcome, monkeypatch, number):
    steps = steps_of(project, outcome, monkeypatch)
    before = project.snapshot()
    assert steps > 20

    for at in range(1, steps + 1):
        monkeypatch.setattr(durable, "reached", Stopped(at, fail_with(number)))
        with pytest.raises(ScaffoldError) as refused:
            apply.apply(project.git, outcome)

        assert refused.value.code == "unwritable"
        assert project.snapshot() == before, at
        assert is_tidy(project), at


def test_interrupt_at_any_step_changes_nothing(project, outcome, monkeypatch):
    steps = steps_of(project, outcome, monkeypatch)
    before = project.snapshot()

    for at in range(1, steps + 1):
        monkeypatch.setattr(durable, "reached", Stopped(at, interrupt))
        with pytest.raises(KeyboardInterrupt):
            apply.apply(project.git, outcome)

        assert project.snapshot() == before, at
        assert is_tidy(project), at


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_signal_at_any_step_is_undone_by_the_next_run(project, outcome, monkeypatch, number):
    steps = steps_of(project, outcome, monkeypatch)
    before = project.snapshot()

    for at in range(1, steps + 1):
        ended = in_child(lambda: apply.apply(project.git, outcome), at, number)
        assert ended in {number, 128 + number}
        apply.recover(project.git)

        if apply.pending(project.git) is not None:  # the very last step: it was done
            assert project.read("scaffold.lock") == "2\n"
            apply.abort(project.git)
        assert project.snapshot() == before, at

    apply.apply(project.git, outcome)
    assert is_finished(project)


def test_kill_before_the_end_never_leaves_a_lock_that_lies(project, outcome, monkeypatch):
    steps = steps_of(project, outcome, monkeypatch)

    for at in range(1, steps + 1):
        in_child(lambda: apply.apply(project.git, outcome), at, signal.SIGKILL)
        if project.read("scaffold.lock") == "2\n":
            assert is_finished(project), at
        apply.recover(project.git)
        if apply.pending(project.git) is not None:
            apply.abort(project.git)


def test_kill_at_any_step_of_an_abort_is_finished_by_the_next_run(project, outcome, monkeypatch):
    before = project.snapshot()
    apply.apply(project.git, outcome)
    counting = Stopped(0, lambda: None)
    monkeypatch.setattr(durable, "reached", counting)
    apply.abort(project.git)
    monkeypatch.undo()

    for at in range(1, counting.count + 1):
        apply.apply(project.git, outcome)
        in_child(lambda: apply.abort(project.git), at, signal.SIGKILL)
        if apply.recover(project.git) is None:
            apply.abort(project.git)

        assert project.snapshot() == before, at


def test_what_somebody_wrote_after_the_kill_is_undone_when_asked_and_kept_as_a_blob(
    project, outcome, monkeypatch
):
    steps = steps_of(project, outcome, monkeypatch)
    in_child(lambda: apply.apply(project.git, outcome), steps - 1, signal.SIGKILL)
    project.write({"conflict": "decided\n"})
    before = project.snapshot()

    with pytest.raises(ScaffoldError, match="edited since: conflict"):
        apply.recover(project.git)
    assert project.snapshot() == before

    undone = apply.abort(project.git)

    assert project.run("cat-file", "-p", undone.saved["conflict"]) == "decided\n"
    assert project.read("conflict") == OURS["conflict"]


def test_what_somebody_staged_after_the_kill_stays_staged(project, outcome, monkeypatch):
    steps = steps_of(project, outcome, monkeypatch)

    for at in range(1, steps):
        before = project.snapshot()
        killed_at(at, project, outcome)
        project.write({"own": f"mine at {at}\n"})
        project.run("add", "own")

        apply.recover(project.git)

        assert project.status() == ["M  own", "?? untracked"], at
        assert project.run("show", ":own") == f"mine at {at}\n", at
        assert without(project.snapshot(), "index", "own") == without(before, "index", "own"), at


@pytest.mark.parametrize("how", ["everything", "own", "after a reset"])
def test_what_somebody_committed_after_the_kill_is_not_taken_back(
    project, outcome, monkeypatch, how
):
    steps = steps_of(project, outcome, monkeypatch)
    project.run("add", "untracked")
    project.commit()
    start = project.head
    outcome = replace(outcome, head=start)

    for at in range(1, steps):
        killed_at(at, project, outcome)
        if how == "after a reset":
            project.run("reset", "--quiet", "--hard")
        project.write({"own": f"mine at {at}\n"})
        project.run("add", "--all" if how == "everything" else "own")
        everything = how == "everything" or project.run("ls-files", "--unmerged")
        project.run("commit", "--quiet", "--message", "mine", "--all" if everything else "own")

        apply.recover(project.git)

        assert project.status() == [], at
        assert project.run("show", "HEAD:own") == f"mine at {at}\n", at
        assert not (project.folder / ".git/scaffold/journal.json").exists(), at
        project.run("reset", "--quiet", "--hard", start)


def killed_at(at: int, project: Project, outcome: Outcome) -> None:
    """Apply in a child that is killed, and let git work again, as its own message says how."""
    in_child(lambda: apply.apply(project.git, outcome), at, signal.SIGKILL)
    (project.folder / ".git/index.lock").unlink(missing_ok=True)


def without(snapshot: dict[str, object], *names: str) -> dict[str, object]:
    return {name: found for name, found in snapshot.items() if name not in names}


def test_index_lock_of_another_git_is_respected(project, outcome):
    before = project.snapshot()
    lock = project.folder / ".git" / "index.lock"
    lock.touch()

    with pytest.raises(ScaffoldError, match="another git command"):
        apply.apply(project.git, outcome)

    assert lock.exists()
    lock.unlink()
    assert project.snapshot() == before


def test_folder_that_cannot_be_written(project, outcome):
    before = project.snapshot()
    folder = project.folder / "deleted" / "here"
    folder.chmod(0o555)

    def refused() -> None:
        with pytest.raises(ScaffoldError, match="ermission"):
            apply.apply(project.git, outcome)

    as_ordinary_user(refused)

    folder.chmod(0o755)
    assert project.snapshot() == before


def in_child(work: Callable[[], object], at: int, number: int) -> int:
    """Run in a child process that sends itself a signal at a step; return the signal or exit code it ended with."""
    child = os.fork()
    if child == 0:
        durable.reached = Stopped(at, lambda: os.kill(os.getpid(), number))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = 1
        try:
            work()
            code = 0
        except KeyboardInterrupt:
            code = 128 + signal.SIGINT
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def is_finished(project: Project) -> bool:
    wanted = tree({path: file for path, file in THEIRS.items() if path != "conflict"})
    return all(dict(contents(project)).get(path) == file.content for path, file in wanted.items())


def contents(project: Project) -> Iterator[tuple[str, bytes]]:
    for path in project.folder.rglob("*"):
        name = path.relative_to(project.folder).as_posix()
        if path.is_symlink():
            yield name, os.fsencode(path.readlink())
        elif path.is_file() and not name.startswith(".git/"):
            yield name, path.read_bytes()
