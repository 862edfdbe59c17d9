"""A project that upgrades are stopped in."""

from __future__ import annotations

from pathlib import Path

import pytest
from merging import Project, new_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return an empty repository."""
    return new_project(tmp_path / "project")
