"""A repository that predicts an amount: trained, served, and green by its own tests."""

import re

import pytest
from project import assert_proven, generate

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("regression")]


def test_it_trains_serves_proves_its_gates_and_passes_its_own_tests(tmp_path):
    project = generate(tmp_path, "--preset", "minimal", "--with", "regression")

    demo = project.run("make", "demo", minutes=30)
    assert_proven(project)
    tests = project.run("make", "test", minutes=30)
    project.run("make", "lint", "types", minutes=10)
    project.run("make", "score", "AT_LEAST=20", minutes=20)

    assert re.search(r'The service answered: \{"value": [\d.]+, "model_version": "1"\}', demo)
    assert re.search(r"^=+ \d+ passed in", tests, re.MULTILINE)
    [total] = re.findall(r"^TOTAL.*?(\d+)%", tests, re.MULTILINE)
    assert int(total) >= 90
