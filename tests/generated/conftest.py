"""Every pair of options is rendered once and shared by all tests."""

from __future__ import annotations

import pytest
from pairs import PAIRS, ROOT, Case, render

from scaffold.compile import compile_template, write_tree


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """Return the rendered projects of all pairs of options."""
    place = tmp_path_factory.mktemp("generated")
    write_tree(compile_template(ROOT / "template"), place / "template")
    return [render(f"pair{number}", answers, place) for number, answers in enumerate(PAIRS)]
