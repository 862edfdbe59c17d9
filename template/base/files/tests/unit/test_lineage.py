import subprocess
from pathlib import Path

import pytest

from project_package.lineage import UNKNOWN, file_hash, read_lineage
from project_package.paths import Paths


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    done = subprocess.run(  # noqa: S603
        ["git", *settings, *arguments],  # noqa: S607
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "params.yaml").write_text("seed: 1\n", "utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_a_clean_repository_is_its_commit(repository: Path) -> None:
    lineage = read_lineage(Paths(repository))

    assert lineage.git_commit == git(repository, "rev-parse", "HEAD")
    assert not lineage.git_dirty


def test_a_changed_parameter_is_dirty(repository: Path) -> None:
    (repository / "params.yaml").write_text("seed: 2\n", "utf-8")

    assert read_lineage(Paths(repository)).git_dirty


def test_a_new_report_is_not_dirty(repository: Path) -> None:
    (repository / "report.md").write_text("good", "utf-8")

    assert not read_lineage(Paths(repository)).git_dirty


@pytest.mark.parametrize(
    ("config", "remote"),
    [
        ("[core]\nremote = x\n['remote \"x\"']\nurl = s3://bucket/data\n", "s3://bucket/data"),
        ("[core]\nremote = x\n['remote \"x\"']\nurl = ../.dvc-storage\n", ".dvc-storage"),
        ("[core]\nremote = x\n['remote \"x\"']\nurl = /mnt/data\n", "/mnt/data"),
        ("[core]\n", "none"),
    ],
)
def test_the_remote_of_the_data_is_that_of_dvc(repository: Path, config: str, remote: str) -> None:
    (repository / ".dvc").mkdir()
    (repository / ".dvc" / "config").write_text(config, "utf-8")

    assert read_lineage(Paths(repository)).data_remote == remote


@pytest.mark.parametrize(
    ("address", "published"),
    [
        ("s3://bucket/my%20data", "s3://bucket/my%20data"),
        ("s3://bucket/joe@example.com", "s3://bucket/joe@example.com"),
        ("webdavs://joe:hunter2@example.com/data", "webdavs://example.com/data"),
        ("ssh://joe:p@s#s?w%C3%B6rd@example.com:22/a@b", "ssh://example.com:22/a@b"),
    ],
)
def test_the_remote_of_the_data_is_published_without_who_may_write_there(
    repository: Path, address: str, published: str
) -> None:
    (repository / ".dvc").mkdir()
    config = f"[core]\nremote = x\n['remote \"x\"']\nurl = {address}\n"
    (repository / ".dvc" / "config.local").write_text(config, "utf-8")

    assert read_lineage(Paths(repository)).data_remote == published


def test_without_git_the_commit_is_unknown_and_dirty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    lineage = read_lineage(Paths(tmp_path))

    assert lineage.git_commit == UNKNOWN
    assert lineage.git_dirty


def test_continuous_integration_says_who_started_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "octocat")

    assert read_lineage(Paths(repository)).who == "octocat"


def test_the_hash_of_a_file_is_dvc_s(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(b"abc")

    assert file_hash(tmp_path / "raw") == "900150983cd24fb0d6963f7d28e17f72"
    assert file_hash(tmp_path / "none") == UNKNOWN
