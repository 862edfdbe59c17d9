"""The ten promises of an upgrade, on random histories of a template and a project."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from histories import Files, History, edits, first_release, histories, lines_of, moved_places
from hypothesis import assume, given
from hypothesis import strategies as st
from merging import LABELS, Project, new_project

from scaffold import apply, durable
from scaffold.errors import ScaffoldError
from scaffold.merge import Kind, Outcome, merge
from scaffold.tree import File

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Each example syncs files to disk; in memory that costs nothing."""
FOREIGN = {"untracked.bin": b"\0\1", "folder/untracked": b"mine\r\n", "secret.ignored": b"KEY=1"}


@contextmanager
def project_with(files: Files) -> Iterator[Project]:
    """Yield a project that has committed these files, and others that are nobody's business."""
    with TemporaryDirectory(dir=MEMORY) as folder:
        project = new_project(Path(folder) / "project")
        project.write(files)
        project.commit()
        (project.folder / ".git" / "info" / "exclude").write_text("*.ignored\n")
        project.write(FOREIGN)
        yield project


def upgrade(project: Project, base: Files, theirs: Files) -> Outcome:
    outcome = planned(project, base, theirs)
    apply.apply(project.git, outcome)
    return outcome


def planned(project: Project, base: Files, theirs: Files) -> Outcome:
    return merge(project.git, base=base, theirs=theirs, head=project.head, labels=LABELS)


def tracked(project: Project) -> dict[str, tuple[bytes, bool]]:
    """Return path -> content and executable bit of the files that are in the index."""
    paths = project.run("ls-files", "-z", "--cached").split("\0")
    return {
        path: (file.read_bytes(), os.access(file, os.X_OK))
        for path in paths
        if path and (file := project.folder / path).is_file()
    }


def rendered(files: Files) -> dict[str, tuple[bytes, bool]]:
    return {path: (file.content, file.mode == "100755") for path, file in files.items()}


@given(histories())
def test_1_your_lines_survive_or_are_named(history: History) -> None:
    with project_with(history.project) as project:
        outcome = upgrade(project, history.first, history.second)

        there = b"\n".join(content for content, _ in tracked(project).values())
        named = json.dumps(outcome.to_json(), ensure_ascii=False).encode()
        for line in lines_of(history.project, "mine"):
            assert (
                line in there
                or json.dumps(line.decode(), ensure_ascii=False)[1:-1].encode() in named
            )


@given(histories())
def test_2_what_is_not_the_templates_is_not_touched(history: History) -> None:
    with project_with(history.project) as project:
        known = {*history.first, *history.second}
        before = project.snapshot()
        outcome = upgrade(project, history.first, history.second)

        after = project.snapshot()
        for path in {*FOREIGN, *history.project} - known - outcome.changes.keys():
            assert after[path] == before[path]
        for path in FOREIGN:
            assert path not in outcome.changes


@given(histories(), st.integers(1, 80))
def test_3_all_or_nothing(history: History, at: int) -> None:
    with project_with(history.project) as project, pytest.MonkeyPatch.context() as patch:
        before = project.snapshot()
        outcome = planned(project, history.first, history.second)
        steps, failed = iter([False] * at + [True]), []

        def fail(action: str, path: Path) -> None:
            del action
            if next(steps, False):
                failed.append(path)
                raise OSError(errno.ENOSPC, "No space left on device", str(path))

        patch.setattr(durable, "reached", fail)
        refused = ""
        try:
            apply.apply(project.git, outcome)
        except ScaffoldError as error:
            refused = error.code

        assert refused == ("unwritable" if failed else "")
        assert not failed or project.snapshot() == before


@given(histories())
def test_4_one_command_undoes_it(history: History) -> None:
    with project_with(history.project) as project:
        before = project.snapshot()
        upgrade(project, history.first, history.second)

        apply.abort(project.git)

        assert project.snapshot() == before
        assert apply.pending(project.git) is None


@given(histories())
def test_5_the_plan_is_what_happens(history: History) -> None:
    with project_with(history.project) as project:
        plan = json.loads(json.dumps(planned(project, history.first, history.second).to_plan()))
        outcome = Outcome.from_plan(plan)
        apply.apply(project.git, outcome)

        for path, change in outcome.changes.items():
            file = project.folder / path
            if change.code == "file-folder":
                continue
            assert file.is_file() == (change.after is not None)
            assert change.after is None or file.read_bytes() == change.after.content
        project.run("add", "--all", ".")
        project.commit()
        with pytest.raises(ScaffoldError, match="stale"):
            apply.apply(project.git, outcome)


@given(first_release(), edits("template"))
def test_6_where_you_changed_nothing_you_get_a_fresh_render(first: Files, edit) -> None:
    second = edit(first)
    with project_with(first) as project:
        outcome = upgrade(project, first, second)

        assert tracked(project) == rendered(second)
        assert not outcome.conflicts
        assert {change.kind for change in outcome.changes.values()} <= {
            Kind.ADDED,
            Kind.UPDATED,
            Kind.DELETED,
        }


@given(histories())
def test_7_again_does_nothing(history: History) -> None:
    with project_with(history.project) as project:
        upgrade(project, history.first, history.second)
        project.commit()

        assert planned(project, history.second, history.second).changes == {}


@given(histories())
def test_7_two_steps_are_one_where_nothing_conflicts(history: History) -> None:
    assume(not _took_the_same_step(history))
    with project_with(history.project) as direct, project_with(history.project) as slow:
        told = upgrade(direct, history.first, history.third).told
        told += upgrade(slow, history.first, history.second).told
        apply.continue_(slow.git) if not told else None
        slow.commit()
        told += upgrade(slow, history.second, history.third).told

        direct.commit()
        slow.commit()
        assert told or tracked(direct) == tracked(slow)


def _took_the_same_step(history: History) -> bool:
    """Whether the project made a change of the template's, by itself.

    After the first step nothing tells that change from the template's, so that the second may
    take it back; in one step the project's change would have stayed. So it is in every merge of
    three trees. Lines that both add differ; files, modes and the last line's end may be alike.
    """
    return any(
        aspect(history.project.get(path))
        == aspect(history.second.get(path))
        != aspect(history.first.get(path))
        for path in {*history.first, *history.second}
        for aspect in (lambda file: file, _mode, _last_line_ends)
    )


def _mode(file: File | None) -> str | None:
    return file and file.mode


def _last_line_ends(file: File | None) -> bool | None:
    return file and file.content.endswith(b"\n")


@given(histories())
def test_8_same_inputs_same_bytes(history: History) -> None:
    with project_with(history.project) as project:
        plan = planned(project, history.first, history.second).to_plan()
        for key, value in (
            ("merge.conflictStyle", "merge"),
            ("merge.renames", "false"),
            ("diff.algorithm", "patience"),
            ("diff.noprefix", "true"),
            ("core.quotePath", "false"),
            ("user.name", "Somebody Else"),
        ):
            project.run("config", key, value)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TZ", "Pacific/Kiritimati")
            patch.setenv("LC_ALL", "tr_TR.UTF-8")
            patch.setenv("GIT_DIR", "/nowhere")
            patch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
            turned = [dict(reversed(files.items())) for files in (history.first, history.second)]
            again = planned_with(project, plan["head"], *turned)

        assert again.to_plan() == plan


@given(histories())
def test_9_nothing_is_unsaid(history: History) -> None:
    with project_with(history.project) as project:
        outcome = upgrade(project, history.first, history.second)

        rows = project.run("ls-files", "--unmerged", "-z").split("\0")
        unmerged = {row.split("\t", 1)[1] for row in rows if row}
        assert unmerged == {change.path for change in outcome.conflicts}
        assert outcome.to_json()["conflicts"] == len(outcome.conflicts)
        for path, file in history.second.items():
            wanted = history.first.get(path) != file
            there = tracked(project)
            places = (there.get(place) for place in (path, *moved_places(path, there)))
            has_it = any(is_brought(history.first.get(path), file, each) for each in places if each)
            moved = any(change.origin == path for change in outcome.changes.values())
            unchanged = history.project.get(path) == history.first.get(path)
            if wanted and not has_it and not moved and (unchanged or path not in history.project):
                assert outcome.changes[path].is_told


@given(histories())
def test_10_nothing_of_the_repositorys_is_run(history: History) -> None:
    with project_with(history.project) as project:
        trap = project.folder.parent / "ran"
        project.write({".gitattributes": "* merge=trap diff=trap\n"})
        project.commit()
        hooks = project.folder / ".git" / "hooks"
        for name in ("post-index-change", "post-checkout", "pre-commit", "reference-transaction"):
            hook = hooks / name
            hook.write_text(f"#!/bin/sh\necho {name} >>{trap}\n")
            hook.chmod(0o755)
        project.run("config", "merge.trap.driver", f"echo driver >>{trap}")
        project.run("config", "diff.trap.textconv", f"echo textconv >>{trap}; cat")
        project.run("config", "core.fsmonitor", f"echo fsmonitor >>{trap}")
        trap.unlink(missing_ok=True)

        upgrade(project, history.first, history.second)
        apply.abort(project.git)

        assert not trap.exists()


def is_brought(base: File | None, theirs: File, found: tuple[bytes, bool]) -> bool:
    """Return whether a file has what the template changed: a mode that it left alone is its people's."""
    content, is_executable = found
    keeps_mode = base is not None and base.mode == theirs.mode
    return content == theirs.content and (keeps_mode or is_executable == (theirs.mode == "100755"))


def planned_with(project: Project, head: str, base: Files, theirs: Files) -> Outcome:
    return merge(project.git, base=base, theirs=theirs, head=head, labels=LABELS)
