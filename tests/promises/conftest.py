"""How many histories each promise is tried on: `--promises-examples N`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

HERE = Path(__file__).parent
FEW = 25
"""Histories in an ordinary run of the tests."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let hypothesis try as many histories as the command line says, for these tests alone."""
    asked = settings(
        max_examples=config.getoption("--promises-examples") or FEW,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    for item in items:
        if HERE in item.path.parents and is_hypothesis_test(getattr(item, "obj", None)):
            asked(item.obj)
