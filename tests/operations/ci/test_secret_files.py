"""A secret that is a file: the job's variable holds its path, however the provider brings it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jenkinsfile import stages
from ruamel.yaml import YAML

from scaffold.compile import compile_template, write_tree

NAME, WHAT = "KUBECONFIG", "the cluster's address and key"


@pytest.fixture(scope="module")
def project(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose deployments declare a file."""
    place = tmp_path_factory.mktemp("files")
    for folder in ("template", "hooks"):
        shutil.copytree(root / folder, place / "sources" / folder)
    manifest = place / "sources/template/components/docker/component.toml"
    jobs = re.sub(r"\nfiles = .*", "", manifest.read_text())
    declared = f'\nfiles = {{ {NAME} = "{WHAT}" }}\nurl = true\n'
    manifest.write_text(jobs.replace("\nurl = true\n", declared))
    write_tree(compile_template(place / "sources/template"), place / "template")
    subprocess.run(
        [
            *(sys.executable, "-m", "cookiecutter", "--no-input", "--output-dir", str(place)),
            *(str(place / "template"), "components=docker,github,gitlab,jenkins,azure,regression"),
        ],
        check=True,
        capture_output=True,
    )
    return next(place.glob("*/Jenkinsfile")).parent


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text())


@pytest.mark.parametrize(("content", "expected"), [("apiVersion: v1\nkind: Config", 1), ("", 0)])
def test_github_writes_the_secret_to_a_file_that_others_cannot_read(
    project: Path, tmp_path: Path, content: str, expected: int
) -> None:
    for workflow, job in (
        ("train", "staging"),
        ("train", "production"),
        ("roll-back", "roll-back"),
    ):
        steps = read(project / f".github/workflows/{workflow}.yml")["jobs"][job]["steps"]
        [write] = [step for step in steps if step.get("name") == f"Write the file of {NAME}"]
        assert write["env"] == {"CONTENT": f"${{{{ secrets.{NAME} }}}}"}
        told = tmp_path / "env"
        told.write_text("")
        own = {"CONTENT": content, "RUNNER_TEMP": str(tmp_path), "GITHUB_ENV": str(told)}

        subprocess.run(["bash", "-e", "-c", write["run"]], check=True, env={**os.environ, **own})

        file = tmp_path / NAME
        assert told.read_text().splitlines() == [f"{NAME}={file}"] * expected
        if content:
            assert (file.read_text(), file.stat().st_mode & 0o077) == (f"{content}\n", 0)


def test_azure_fetches_the_environments_own_secure_file(project: Path) -> None:
    found = {}
    for stage in read(project / "azure-pipelines.yml")["stages"]:
        for job in stage["jobs"]:
            steps = job.get("strategy", {}).get("runOnce", {}).get("deploy", {}).get("steps", [])
            for step in steps:
                if step.get("task") == "DownloadSecureFile@1":
                    found[job["deployment"]] = step["inputs"]["secureFile"]
                    assert step["name"] == NAME
                if job.get("deployment") in found and "make " in step.get("bash", ""):
                    assert step["env"][NAME] == f"$({NAME}.secureFilePath)"
                    assert f'if [ ! -s "${NAME}" ]; then unset {NAME}; fi' in step["bash"]

    assert found == {
        "staging": f"STAGING_{NAME}",
        "production": f"PRODUCTION_{NAME}",
        "roll_back": f"PRODUCTION_{NAME}",
    }


@pytest.mark.slow
@pytest.mark.xdist_group("ci")
def test_jenkins_takes_the_environments_own_credential(project: Path) -> None:
    told = stages(project / "Jenkinsfile", {"train": {"env": {"BRANCH_NAME": "main"}}})
    named = {
        stage["name"]: stage["environment"].get(NAME)
        for stage in told["train"]
        if "environment" in stage
    }

    assert named["Staging"] == f"secret STAGING_{NAME}"
    assert named["Production"] == named["Previous image"] == f"secret PRODUCTION_{NAME}"
    assert named["Train"] is None


@pytest.mark.slow
@pytest.mark.xdist_group("ci")
@pytest.mark.parametrize("content", ["apiVersion: v1", ""])
def test_jenkins_does_not_set_what_is_an_empty_file(
    project: Path, tmp_path: Path, content: str
) -> None:
    told = stages(project / "Jenkinsfile", {"train": {"env": {"BRANCH_NAME": "main"}}})
    [staging] = [stage for stage in told["train"] if stage["name"] == "Staging"]
    file = tmp_path / "file"
    file.write_text(content)
    scripts = [
        step["sh"] for step in staging["steps"] + staging["failure"] if "make" in step.get("sh", "")
    ]

    for script in scripts:
        asked = re.sub(r"make .*", f'echo "${{{NAME}:-none}}"', script)
        done = subprocess.run(
            ["sh", "-ec", asked],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, NAME: str(file)},
        )
        assert done.stdout.strip() == (str(file) if content else "none")
    assert len(scripts) == 3


@pytest.mark.parametrize(
    ("provider", "names"),
    [
        ("github", [NAME, NAME]),
        ("gitlab", [NAME, NAME]),
        ("jenkins", [f"STAGING_{NAME}", f"PRODUCTION_{NAME}"]),
        ("azure", [f"STAGING_{NAME}", f"PRODUCTION_{NAME}"]),
    ],
)
def test_the_table_says_what_the_file_is(project: Path, provider: str, names: list[str]) -> None:
    page = (project / f"docs/{provider}.md").read_text()

    for name, environment in zip(names, ("staging", "production"), strict=True):
        assert f"| `{name}` | {environment} | file: {WHAT} |" in page


@pytest.mark.parametrize("provider", ["github", "azure"])
def test_schema_holds(project: Path, provider: str) -> None:
    files = {
        "github": [".github/workflows/train.yml", ".github/workflows/roll-back.yml"],
        "azure": ["azure-pipelines.yml"],
    }[provider]
    schema = {"github": "github-workflows", "azure": "azure-pipelines"}[provider]
    program = Path(sys.executable).with_name("check-jsonschema")
    if not program.exists():
        pytest.skip("check-jsonschema is not installed")

    subprocess.run(
        [
            *(str(program), "--builtin-schema", f"vendor.{schema}"),
            *("--regex-variant", "python", *files),
        ],
        check=True,
        cwd=project,
    )
