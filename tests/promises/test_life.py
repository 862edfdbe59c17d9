"""The ten promises, at every step of a random life of a template and a project, by the command line."""

from __future__ import annotations

import errno
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from histories import Files, edits, first_release, lines_of, moved_places
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from life import FOREIGN, Blobs, Life, Said, git, is_told, put, scaffold

from scaffold import durable

FEW = 6
"""Lives in an ordinary run of the tests; `--promises-examples` says another number."""
STEPS = 12
MOST_RELEASES = 5


def test_promises_hold_through_a_projects_life(request: pytest.FixtureRequest) -> None:
    asked = settings(
        max_examples=request.config.getoption("--promises-examples") or FEW,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(Upgrades, settings=asked)


@dataclass(frozen=True)
class Before:
    """A project before an upgrade: what was applied, what its people made of it, and every byte of it."""

    base: Blobs
    ours: Blobs
    mine: set[bytes]
    snapshot: Mapping[str, object]

    @classmethod
    def of(cls, life: Life) -> Before:
        return cls(life.pristine(), life.files(), lines_of(life.worked(), "mine"), life.snapshot())


class Upgrades(RuleBasedStateMachine):
    """What template authors and the people of a project do, in any order."""

    @initialize(first=first_release())
    def start(self, first: Files) -> None:
        self.life = Life(first)
        self.waiting: Said | None = None  # an upgrade that is applied and not committed
        self.before: Before | None = None
        self.applied = self.target = 1
        self.branches = 0

    @property
    def is_idle(self) -> bool:
        return self.waiting is None

    @property
    def releases_ahead(self) -> int:
        return len(self.life.releases) - self.applied

    @precondition(lambda self: len(self.life.releases) < MOST_RELEASES)
    @rule(change=edits("template"))
    def release(self, change) -> None:
        self.life.release(change(self.life.releases[-1]))

    @precondition(lambda self: self.is_idle)
    @rule(change=edits("mine"))
    def work(self, change) -> None:
        files = self.life.worked()
        put_into(self.life, files, change(files))

    @precondition(lambda self: self.is_idle and self.releases_ahead)
    @rule()
    def upgrade(self) -> None:
        """1, 2, 6 and 9."""
        self.before = Before.of(self.life)
        self.waiting = self.life.run("upgrade", "--json")
        self.check_upgraded(self.waiting)

    @precondition(lambda self: self.is_idle and self.releases_ahead)
    @rule()
    def upgrade_by_a_plan(self) -> None:
        """5. The plan is what happens."""
        self.before = Before.of(self.life)
        file = self.life.root / "plan"
        planned = self.life.run("upgrade", "--plan", file, "--json")
        assert self.life.snapshot() == self.before.snapshot
        self.waiting = self.life.run("apply", file, "--json")
        assert self.waiting.changes == planned.changes
        self.check_upgraded(self.waiting)

    @precondition(lambda self: self.is_idle and self.releases_ahead)
    @rule()
    def stale_plan(self) -> None:
        """5. A stale plan is refused."""
        file = self.life.root / "plan"
        self.life.run("upgrade", "--plan", file)
        self.life.commit()
        before = self.life.snapshot()
        assert self.life.run("apply", file, "--json").json["error"]["code"] == "stale-plan"
        assert self.life.snapshot() == before

    @precondition(lambda self: self.is_idle and self.releases_ahead)
    @rule()
    def upgrade_on_a_branch(self) -> None:
        """5 and 8. A branch gets what the work tree would get, which is left alone."""
        self.branches += 1
        branch = f"update-{self.branches}"
        self.before = Before.of(self.life)
        said = self.life.run("upgrade", "--branch", branch, "--json")
        after = self.life.snapshot()
        assert {**after, ":refs": ""} == {**self.before.snapshot, ":refs": ""}
        self.waiting = self.life.run("upgrade", "--json")
        assert said.changes == self.waiting.changes
        assert said.code == self.waiting.code
        worked = {path: file.blob_id for path, file in self.life.worked().items()}
        assert {path: blob for path, (_, blob) in self.life.files(branch).items()} == worked
        self.check_upgraded(self.waiting)

    @precondition(lambda self: not self.is_idle)
    @rule()
    def abort(self) -> None:
        """4. One command undoes it."""
        assert self.life.run("upgrade", "--abort").code == 0
        after = self.life.snapshot()
        assert {**after, ":refs": ""} == {**self.before.snapshot, ":refs": ""}
        self.waiting = None

    @precondition(lambda self: not self.is_idle)
    @rule(side=st.sampled_from(["--ours", "--theirs"]))
    def decide(self, side: str) -> None:
        """7. After it is decided and committed, the same upgrade does nothing."""
        for path in self.waiting.json["conflicts"]:
            take(self.life, path, side)
        assert self.life.run("upgrade", "--continue", "--commit").code == 0
        self.applied = self.target
        again = self.life.run("upgrade", "--to", f"v{self.target}.0", "--json")
        assert again.code == 0
        assert again.changes == {}
        self.waiting = None

    @precondition(lambda self: not self.is_idle and self.waiting.code == 1)
    @rule()
    def again_while_conflicts_are_open(self) -> None:
        """3. Refused, and nothing changes."""
        before = self.life.snapshot()
        assert self.life.run("upgrade", "--json").code in (1, 2)
        assert self.life.snapshot() == before

    @precondition(lambda self: self.is_idle and self.releases_ahead)
    @rule(
        at=st.integers(1, 40),
        error=st.sampled_from([errno.ENOSPC, errno.EACCES, KeyboardInterrupt]),
    )
    def upgrade_that_fails(self, at: int, error: int | type[BaseException]) -> None:
        """3. All or nothing."""
        before = self.life.snapshot()
        raised = OSError(error, os.strerror(error)) if isinstance(error, int) else error()
        with self.life.stopping(at, raised) as stopped:
            said = self.life.run("upgrade", "--json")
        if stopped:
            assert said.code == (2 if isinstance(error, int) else 130)
        else:
            assert self.life.run("upgrade", "--abort").code == 0
        assert self.life.snapshot() == before

    @precondition(lambda self: self.is_idle and self.releases_ahead)
    @rule(at=st.integers(1, 40))
    def upgrade_that_is_killed(self, at: int) -> None:
        """3. The next run has it as before, or finds it done; the lock never says what is not there."""
        before = self.life.snapshot()
        in_child(self.life, at)
        self.life.run("upgrade", "--dry-run")
        if self.life.run("check", "--json").json["pending"]:
            assert self.life.pristine() == blobs(self.life.releases[-1])
            assert self.life.run("upgrade", "--abort").code == 0
        assert self.life.snapshot() == before

    @precondition(lambda self: self.is_idle and self.releases_ahead > 1)
    @rule()
    def two_steps_and_one(self) -> None:
        """7. v1 -> v2 -> v3 equals v1 -> v3 where nothing conflicts."""
        if self.took_a_step_of_the_templates():
            return
        self.branches += 1
        first, second = self.applied + 1, self.applied + 2
        direct, slow = (self.life.copied(f"{name}-{self.branches}") for name in ("direct", "slow"))
        told = upgraded(direct, second).is_told
        told = upgraded(slow, first).is_told or told
        told = told or upgraded(slow, second).is_told
        assert told or self.life.files(folder=direct) == self.life.files(folder=slow)

    @precondition(lambda self: self.is_idle and self.releases_ahead)
    @rule()
    def same_inputs(self) -> None:
        """8. Same inputs, same bytes: no clock, locale, user, place or git configuration in the result."""
        said = self.life.run("upgrade", "--diff", "--json")
        other = self.life.root / "elsewhere" / str(self.branches)
        self.branches += 1
        git(self.life.root, "clone", "-q", str(self.life.project), str(other))
        for key, value in (
            ("merge.conflictStyle", "merge"),
            ("merge.renames", "false"),
            ("diff.algorithm", "patience"),
            ("diff.noprefix", "true"),
            ("user.name", "Somebody Else"),
        ):
            git(other, "config", key, value)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TZ", "Pacific/Kiritimati")
            patch.setenv("LC_ALL", "tr_TR.UTF-8")
            patch.setenv("GIT_DIR", "/nowhere")
            patch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
            again = scaffold("upgrade", "--diff", "--json", at=other)
        assert said.code in (0, 1)
        assert again.json == said.json

    @precondition(lambda self: self.is_idle and self.releases_ahead)
    @rule()
    def told_to_people(self) -> None:
        """9. What the JSON says, the text says too."""
        changes = self.life.run("upgrade", "--dry-run", "--json").changes
        text = self.life.run("upgrade", "--dry-run").out
        assert [path for path in changes if is_told(changes[path]) and path not in text] == []

    def teardown(self) -> None:
        """10. Nothing of the repository's or of the template's, which nobody trusts, was run."""
        if hasattr(self, "life"):
            ran = self.life.trap.exists()
            self.life.close()
            assert not ran

    def check_upgraded(self, said: Said) -> None:
        conflicts = set(said.json["conflicts"])
        assert said.code == (1 if conflicts else 0), said.out
        self.target = len(self.life.releases)
        theirs = blobs(self.life.releases[-1])
        assert self.life.pristine() == theirs
        self.check_1_lines_survive(said)
        self.check_2_foreign_files_are_untouched(said, theirs)
        self.check_6_fresh_where_unchanged(said, theirs)
        self.check_9_nothing_is_unsaid(said, theirs, conflicts)

    def check_1_lines_survive(self, said: Said) -> None:
        there = b"\n".join(file.content for file in self.life.worked().values())
        for line in self.before.mine:
            named = json.dumps(line.decode())[1:-1]
            assert line in there or named in said.out or line.decode() in said.out

    def check_2_foreign_files_are_untouched(self, said: Said, theirs: Blobs) -> None:
        after = self.life.snapshot()
        own = self.before.ours.keys() - self.before.base.keys() - theirs.keys()
        for path in {*FOREIGN, *own} - said.changes.keys():
            assert after[path] == self.before.snapshot[path], path
        assert not said.changes.keys() & FOREIGN.keys()

    def check_6_fresh_where_unchanged(self, said: Said, theirs: Blobs) -> None:
        base, ours = self.before.base, self.before.ours
        after = blobs(self.life.worked())
        known = base.keys() | theirs.keys()
        if {path: ours[path] for path in known & ours.keys()} == base:
            assert not said.is_told
            assert {path: after[path] for path in known & after.keys()} == theirs
        for path, file in base.items():  # whatever became of others
            if ours.get(path) == file:
                assert after.get(path) == theirs.get(path), path

    def check_9_nothing_is_unsaid(self, said: Said, theirs: Blobs, conflicts: set[str]) -> None:
        rows = git(self.life.project, "ls-files", "--unmerged", "-z").split("\0")
        assert {row.split("\t", 1)[1] for row in rows if row} == conflicts
        base, ours, after = self.before.base, self.before.ours, blobs(self.life.worked())
        named = said.changes.keys() | {change["origin"] for change in said.changes.values()}
        there = b"\n".join(file.content for file in self.life.worked().values())
        for path, file in theirs.items():
            if file == base.get(path):
                continue
            new = lines_of({path: self.life.releases[-1][path]}, "template")
            lies = path in after or bool(moved_places(path, ours))
            is_all_there = all(line in there for line in new)
            assert path in named or (lies and is_all_there), path
            if path in base and path not in ours and not lies:
                assert path in named, f"{path} stays deleted, and nobody says so"
        for path in base.keys() - theirs.keys():
            assert path in named or path not in after, f"{path} stays, and nobody says so"

    def took_a_step_of_the_templates(self) -> bool:
        """Return whether the project made a change of the template's by itself; see `docs/architecture.md`."""
        base, step = self.life.pristine(), blobs(self.life.releases[self.applied])
        ours = self.life.files()
        known = base.keys() | step.keys()
        return any(ours.get(path) == step.get(path) != base.get(path) for path in known)


def blobs(files: Files) -> Blobs:
    return {path: (file.mode, file.blob_id) for path, file in files.items()}


def put_into(life: Life, before: Files, after: Files) -> None:
    put(life.project, before, after)
    life.commit()


def upgraded(place: Path, release: int) -> Said:
    """Upgrade a clone, commit what comes of it, and return what was said."""
    said = scaffold("upgrade", "--to", f"v{release}.0", "--json", at=place)
    git(place, "add", "-A")
    git(place, "commit", "-q", "--allow-empty", "-m", "upgraded")
    return said


def take(life: Life, path: str, side: str) -> None:
    """Decide a conflict for one side, as a person would with git."""
    stage = {"--ours": "2", "--theirs": "3"}[side]
    rows = git(life.project, "ls-files", "-u", "-z", "--", path).split("\0")
    if any(row.split()[2] == stage for row in rows if row):
        git(life.project, "checkout", "-q", side, "--", path)
        git(life.project, "add", "-f", "--", path)
    else:
        git(life.project, "rm", "-q", "-f", "--", path)


def in_child(life: Life, at: int) -> None:
    """Upgrade in a process that kills itself at a step."""
    child = os.fork()
    if child == 0:
        seen: list[int] = []

        def reached(*_: object) -> None:
            seen.append(1)
            if len(seen) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        durable.reached = reached
        try:
            life.run("upgrade", "--json")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
