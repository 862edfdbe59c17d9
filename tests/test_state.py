"""What scaffold remembers is the user's own: no repository can bring trust or cached code along."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from scaffold import cache
from scaffold.errors import ScaffoldError
from scaffold.trust import state


@pytest.fixture(autouse=True)
def chosen(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SCAFFOLD_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_cached_file_comes_back(tmp_path):
    cache.save(tmp_path / "x", {"a": [1, b"x"]})

    assert cache.load(tmp_path / "x") == {"a": [1, b"x"]}


@pytest.mark.parametrize("folder", [cache.folder, cache.private_folder])
def test_the_cache_is_made_anew_where_somebody_emptied_it_while_we_run(folder):
    folder("x")
    shutil.rmtree(cache.folder())

    made = folder("x")

    assert made.is_dir()
    assert made.parent == cache.folder()


def test_a_cached_file_of_somebody_elses_scaffold_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setenv("SCAFFOLD_STATE_DIR", str(tmp_path / "theirs"))
    cache.save(tmp_path / "x", {"a": 1})
    monkeypatch.setenv("SCAFFOLD_STATE_DIR", str(tmp_path / "mine"))

    assert cache.load(tmp_path / "x") is None


def test_a_cached_file_is_not_read_under_another_name(tmp_path):
    cache.save(tmp_path / "x", {"a": 1})
    shutil.copy(tmp_path / "x", tmp_path / "y")

    assert cache.load(tmp_path / "y") is None


@pytest.mark.parametrize("at", [0, 20, 60])
def test_a_cached_file_that_was_changed_is_not_read(tmp_path, at):
    file = tmp_path / "x"
    cache.save(file, {"a": 1, "b": "x" * 100})
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)

    assert cache.load(file) is None


def test_the_key_is_for_its_owner_alone(chosen):
    first = state.key()

    assert stat.S_IMODE((chosen / "cache.key").stat().st_mode) == 0o600
    assert (chosen / "cache.key").read_bytes() == first


def test_trust_in_a_repository_is_refused(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    with pytest.raises(ScaffoldError, match="is in the repository"):
        state.folder()
    assert state.key()
    assert not (tmp_path / "state").exists()


def test_a_home_that_keeps_dotfiles_in_git_is_left_alone(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert state.folder() == tmp_path / "state"
