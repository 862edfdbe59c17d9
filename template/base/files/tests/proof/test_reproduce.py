"""A registered model comes out again from its commit, or the reason why not is told."""

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from project_package.errors import PipelineError
from project_package.parameters import Parameters, read_parameters
from project_package.paths import Paths
from project_package.proof import reproduce as module
from project_package.proof.reproduce import INGEST, STAGES, reproduce
from project_package.rehearsal import rehearse

pytestmark = pytest.mark.usefixtures("uncounted")

IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *IDENTITY, *arguments]
    return subprocess.run(  # noqa: S603
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def repository(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """A repository with little training, whose commit has made a champion."""
    folder = tmp_path_factory.mktemp("reproduce")
    junk = shutil.ignore_patterns("__pycache__")
    for name in ("src", "sample"):
        shutil.copytree(root / name, folder / name, ignore=junk)
    content = yaml.safe_load((root / "params.yaml").read_text("utf-8"))
    content["ingest"]["source"] = "sample/flights.csv.gz"
    content["train"]["folds"] = 2
    boosting = content["train"]["candidates"]["boosting"]
    content["train"]["candidates"] = {"boosting": boosting | {"rounds": 40}}
    content["gate"]["row_milliseconds"] = 100.0
    (folder / "params.yaml").write_text(yaml.safe_dump(content), "utf-8")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "First")
    paths = Paths(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        rehearse(paths, parameters_of(paths))
    return paths


@pytest.fixture
def bundle(repository: Paths) -> Iterator[dict[str, Any]]:
    """What the registry's bundle says of itself; changes are written by `tell`."""
    file = kept(repository)
    before = file.read_bytes()
    yield json.loads(before)
    file.write_bytes(before)


@pytest.fixture
def ran(repository: Paths, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stages that were run at the commit; they make at once what they made before."""
    names: list[str] = []

    def make(folder: Path, stages: Iterable[str]) -> None:
        names.extend(stages)
        for name in ("data", "models", "reports"):
            shutil.copytree(repository.root / name, folder / name, dirs_exist_ok=True)

    monkeypatch.setattr(module, "_run_stages", make)
    return names


def parameters_of(paths: Paths) -> Parameters:
    return read_parameters(paths.parameters)


def kept(paths: Paths) -> Path:
    (file,) = paths.artifacts.rglob("bundle/model.json")
    return file


def tell(paths: Paths, content: dict[str, Any]) -> None:
    kept(paths).write_text(json.dumps(content), "utf-8")


def checkouts(paths: Paths) -> int:
    return len(git(paths.root, "worktree", "list").splitlines())


def test_model_comes_out_again_to_the_byte(repository: Paths) -> None:
    # What is on disk now does not matter, only the commit.
    (repository.root / "sample" / "README.md").write_text("changed since", "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "project_package.proof.reproduce", "champion"],
        cwd=repository.root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "version 1 comes out again, to the byte" in done.stdout
    assert checkouts(repository) == 1


def test_model_of_uncommitted_changes_is_refused(repository: Paths, bundle: dict[str, Any]) -> None:
    tell(repository, bundle | {"git_dirty": True})

    with pytest.raises(PipelineError, match="nobody committed"):
        reproduce(repository, parameters_of(repository), "1")


def test_other_data_are_refused(repository: Paths, bundle: dict[str, Any]) -> None:
    tell(repository, bundle | {"data_hash": "0" * 32})

    with pytest.raises(PipelineError, match=r"other data now: .* not 000"):
        reproduce(repository, parameters_of(repository), "1")

    assert checkouts(repository) == 1


def test_data_are_taken_from_the_cache_by_their_hash(
    repository: Paths, bundle: dict[str, Any], ran: list[str]
) -> None:
    reproduce(repository, parameters_of(repository), "1")
    assert ran == [INGEST, *STAGES]
    ran.clear()
    digest = bundle["data_hash"]
    kept = repository.root / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]
    kept.parent.mkdir(parents=True)
    shutil.copy(repository.raw, kept)

    reproduce(repository, parameters_of(repository), "1")

    assert ran == [*STAGES]


@pytest.mark.usefixtures("ran")
def test_other_bytes_with_the_same_metrics_are_the_same_model(
    repository: Paths, bundle: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    tell(repository, bundle | {"files": bundle["files"] | {"model.onnx": "0" * 64}})

    with caplog.at_level(logging.INFO):
        reproduce(repository, parameters_of(repository), "1")

    assert "with the same metrics, in other bytes" in caplog.text


@pytest.mark.usefixtures("ran")
def test_other_metrics_are_refused(repository: Paths, bundle: dict[str, Any]) -> None:
    name = bundle["primary"]
    other = {
        "files": bundle["files"] | {"model.onnx": "0" * 64},
        "metrics": bundle["metrics"] | {name: 0.123},
    }
    tell(repository, bundle | other)

    with pytest.raises(PipelineError, match=rf"does not come out again: {name} is .* was 0\.1230"):
        reproduce(repository, parameters_of(repository), "1")


def test_unknown_commit_is_refused(repository: Paths, bundle: dict[str, Any]) -> None:
    tell(repository, bundle | {"git_commit": "0" * 40})

    with pytest.raises(PipelineError, match=r"^git worktree: "):
        reproduce(repository, parameters_of(repository), "1")


def test_stage_that_fails_at_the_commit_is_told(
    repository: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STAGES", ("data.nothing",))

    with pytest.raises(PipelineError, match=r"stage data\.nothing failed at that commit"):
        reproduce(repository, parameters_of(repository), "1")
