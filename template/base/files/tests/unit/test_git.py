from pathlib import Path

import pytest

from project_package.errors import PipelineError
from project_package.git import ask_git, run_git


def test_git_works_in_the_folder_that_is_named(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "--quiet")

    assert run_git(tmp_path, "rev-parse", "--is-inside-work-tree") == "true"


def test_what_git_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"^git rev-parse: .*not a git repository"):
        run_git(tmp_path, "rev-parse", "HEAD")


def test_git_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(PipelineError, match="git is not installed"):
        run_git(tmp_path, "status")


def test_a_question_without_an_answer_is_answered_by_nothing(tmp_path: Path) -> None:
    assert ask_git(tmp_path, "rev-parse", "HEAD") == ""
