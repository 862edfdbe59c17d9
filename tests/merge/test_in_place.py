"""Where no file can have moved, paths are merged alone: nobody may see a difference to a merge of whole trees."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merging import LABELS, Project, new_project, told, tree

from scaffold.merge import engine, merge
from scaffold.tree import File

NAMES = ("a.py", "b.py", "d/a.py", "d/e/a.py", "new/a.py")
LINES = 6


@st.composite
def files(draw: st.DrawFn) -> File:
    """Draw a file of a few lines, each as it always was, or one of two edits of it."""
    edits = [draw(st.sampled_from(["", "", "", " one", " two"])) for _ in range(LINES)]
    end = draw(st.sampled_from(["\n", "\n", "\n", "\r\n"]))
    text = "".join(f"line {number}{edit}{end}" for number, edit in enumerate(edits))
    return File(text.encode(), draw(st.sampled_from(["100644", "100644", "100755"])))


def sides(least: Mapping[str, File]) -> st.SearchStrategy[dict[str, File]]:
    """Draw a side that deletes nothing of `least`: each file as it is there, or another."""
    kept = {path: st.just(file) | files() for path, file in least.items()}
    added = {path: files() for path in NAMES if path not in least}
    return st.fixed_dictionaries(kept, optional=added)


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return new_project(tmp_path_factory.mktemp("in-place") / "project")


@pytest.fixture(scope="module")
def examples(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("--promises-examples") or 40


def test_paths_that_are_merged_alone_become_what_git_makes_of_the_trees(shared_project, examples):
    project, asked = shared_project, []

    @settings(max_examples=examples)
    @given(st.data())
    def same(data):
        base = data.draw(st.dictionaries(st.sampled_from(NAMES), files(), max_size=4))
        ours, theirs = data.draw(sides(base)), data.draw(sides(base))
        for path in NAMES:
            (project.folder / path).unlink(missing_ok=True)
        project.write({"own.py": "x\n", **ours})
        project.commit()

        def outcome():
            return merge(
                project.git, base=base, theirs=tree(theirs), head=project.head, labels=LABELS
            )

        alone = outcome()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine, "_can_have_moved", lambda *_: asked.append(1) or True)
            whole = outcome()
        assert alone.changes == whole.changes
        assert alone.tree == whole.tree

    same()
    assert len(asked) >= examples


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"moved.py": "a\n" * 20}, {"a.py": "a\n" * 20 + "b\n"}),
        ({"a.py": "a\n" * 20 + "b\n"}, {"moved.py": "a\n" * 20}),
    ],
    ids=["ours", "theirs"],
)
def test_a_file_that_one_side_moved_is_followed(ours, theirs, merged):
    outcome = merged({"a.py": "a\n" * 20}, ours, theirs)

    assert outcome.changes["moved.py"].after == File(b"a\n" * 20 + b"b\n")


def test_a_file_that_the_template_moved_with_an_edit_of_yours_is_told_so(merged):
    outcome = merged({"a.py": "a\n" * 20}, {"a.py": "a\n" * 20 + "b\n"}, {"moved.py": "a\n" * 20})

    assert told(outcome.changes["a.py"]) == ("deleted", "template-moved")
