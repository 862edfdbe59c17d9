"""Whoever works in these projects has a home and a name of their own."""

from pathlib import Path

import pytest
from home import give_home

CONFIG = "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return give_home(tmp_path, CONFIG, monkeypatch)
