"""Random hostile templates: whatever they hold, nothing outside the project changes and nothing is a bug."""

from __future__ import annotations

import os
import shutil

import pytest
from attacks import ATTACKS, Attack
from conftest import Scratch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40"))
"""Many by hand: `FUZZ_EXAMPLES=2000 pytest tests/attacks/test_fuzz.py`."""
PIECES = st.sampled_from(
    [".git", "..", "/", "\\", ":", "~1", "\x1b", "\u200c", "con", " ", ".", "-", "é", "e\u0301", "A", "a", "b", "hooks"]
)  # fmt: skip
NAMES = st.lists(PIECES, min_size=1, max_size=5).map("".join)
SOURCES = st.lists(
    st.sampled_from([text for attack in ATTACKS for text in attack.files.values() if len(text) < 100])
    | st.sampled_from(["{{", "}}", "{%", "%}", "{% raw %}", "{% if true %}", "{% endif %}", "{# "])
    | st.sampled_from([" #}", "\r\n", "\ud800"])
    | st.text(max_size=8),
    max_size=4,
).map("".join)  # fmt: skip
KEYS = st.sampled_from(["_extensions", "_copy_without_render", "_jinja2_env_vars", "_new_lines"])
OTHER_KEYS = st.sampled_from(["_settings", "_components", "__p", "__prompts__", "q", "templates"])
VALUES = st.none() | st.booleans() | SOURCES | st.lists(NAMES, max_size=2)
CONTEXTS = st.dictionaries(
    KEYS | OTHER_KEYS, VALUES | st.dictionaries(NAMES, VALUES, max_size=2), max_size=3
)


@pytest.fixture
def limits(monkeypatch):
    monkeypatch.setenv("SCAFFOLD_LIMIT_CPU_SECONDS", "1")
    monkeypatch.setenv("SCAFFOLD_LIMIT_MEMORY_MB", "200")


@pytest.mark.usefixtures("limits")
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(NAMES, SOURCES), max_size=4), CONTEXTS)
def test_a_random_template_stays_in_its_project(scratch: Scratch, files, context):
    evil = {f"e{number}": name for number, (name, _) in enumerate(files)}
    attack = Attack(
        "random",
        "",
        "",
        {f"{{{{cookiecutter.e{number}}}}}": text for number, (_, text) in enumerate(files)},
        {**evil, **context},
    )
    shutil.rmtree(scratch.project, ignore_errors=True)
    scratch.write_template(attack)
    source = scratch.source("folder")
    before = scratch.snapshot()

    said = scratch.run("new", "project", "--template", source, "--yes")

    assert said.exit_code in (0, 2), said.output
    assert "Traceback" not in said.output
    assert scratch.snapshot() == before
    assert not scratch.was_entered()
