"""A home of a test's own, so that no setting of the developer's takes part; and what it has to share."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


def give_home(folder: Path, config: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make `folder/home` the user's home, with `config` as what git reads there, and return it."""
    home = folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(config)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("GIT_DIR", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home


def uv_cache() -> str:
    """Return where uv keeps what it downloaded; asked before a test's home is another."""
    done = subprocess.run(["uv", "cache", "dir"], check=True, capture_output=True, text=True)
    return done.stdout.strip()
