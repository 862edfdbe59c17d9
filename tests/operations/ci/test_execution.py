"""The declared jobs, executed as GitHub's and GitLab's runners would: `act` and `gitlab-ci-local` on this machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ci")]

ACTION = """name: {0}
description: stands for {0}
runs: {{using: composite, steps: [{{run: "true", shell: bash}}]}}
"""


# What needs Docker has no daemon here: tests/operations/ci/test_delivery.py runs those targets on a registry.
GITHUB = [
    ("push", "ci", "lint"),
    ("push", "ci", "type-check"),
    ("push", "ci", "data"),
    ("push", "ci", "sample"),
    ("push", "train", "train"),
]
GITLAB = ["lint", "data"]
# These call targets that tests/generated runs, and would take minutes here again: `--every-job`.
LONG_GITHUB = [
    ("push", "ci", "test"),
    ("push", "ci", "prove"),
    ("push", "ci", "score"),
    ("pull_request", "ci", "report"),
    ("workflow_dispatch", "freshness", "locked"),
    ("workflow_dispatch", "freshness", "newest"),
    ("workflow_dispatch", "freshness", "oldest"),
]
LONG_GITLAB = ["type-check", "sample", "prove", "train"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every = metafunc.config.getoption("--every-job")
    if metafunc.function is test_github:
        jobs = GITHUB + LONG_GITHUB if every else GITHUB
        metafunc.parametrize("job", jobs, ids=" ".join)
    if metafunc.function is test_gitlab:
        metafunc.parametrize("job", GITLAB + LONG_GITLAB if every else GITLAB)


def test_github(
    repository: Path, environment: dict[str, str], job: tuple[str, str, str], tmp_path: Path
) -> None:
    event, workflow, name = job
    act = Path(sys.executable).with_name("act")
    if not act.exists():
        pytest.skip("act is not installed")
    file = repository / ".github" / "workflows" / f"{workflow}.yml"

    done = subprocess.run(
        [
            *(str(act), event, "--no-cache-server", "--platform", "ubuntu-24.04=-self-hosted"),
            *("--workflows", str(file), "--job", name, *_stubs(file, tmp_path)),
        ],
        check=False,
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout[-3000:]
    assert "Job succeeded" in done.stdout


def test_gitlab(repository: Path, environment: dict[str, str], job: str) -> None:
    program = shutil.which("gitlab-ci-local")
    if not program:
        pytest.skip("gitlab-ci-local is not installed")

    done = subprocess.run(
        [program, "--force-shell-executor", job],
        check=False,
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout[-3000:]


def _stubs(workflow: Path, place: Path) -> list[str]:
    """Return the arguments that put a folder on this machine in the place of each action."""
    arguments = []
    for name, commit in re.findall(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40})", workflow.read_text()):
        stub = place / name
        stub.mkdir(parents=True, exist_ok=True)
        (stub / "action.yml").write_text(ACTION.format(name))
        arguments += ["--local-repository", f"{name}@{commit}={stub}"]
    return arguments
