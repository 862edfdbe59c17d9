"""Our own supply chain: what is fetched is named by its hash, and what is released says where it was built."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML


def workflows(root: Path) -> dict[str, Any]:
    """Return name -> workflow."""
    found = sorted((root / ".github" / "workflows").glob("*.yml"))
    return {path.stem: YAML(typ="safe").load(path.read_text()) for path in found}


def steps(workflow: Any) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_every_package_of_the_lock_has_a_hash(root):
    lock = tomllib.loads((root / "uv.lock").read_text())
    fetched = [package for package in lock["package"] if "registry" in package["source"]]

    for package in fetched:
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        assert files
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", file["hash"]) for file in files)
    others = [package["source"] for package in lock["package"] if package not in fetched]
    assert others == [{"editable": "."}]


def test_what_builds_a_release_is_locked_by_hash(root):
    text = (root / "tools" / "build-requirements.txt").read_text()
    needed = tomllib.loads((root / "pyproject.toml").read_text())["build-system"]["requires"]

    packages = re.findall(r"(?m)^([\w-]+)==\S+((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$", text)

    assert {re.match(r"[\w-]+", each)[0] for each in needed} <= {name for name, _ in packages}
    assert len(packages) == text.count("==")
    builds = [step.get("run", "") for step in steps(workflows(root)["release"])]
    assert [run for run in builds if "uv build" in run and "--require-hashes" in run]


def test_every_action_is_named_by_commit_and_its_version(root):
    for path in (root / ".github" / "workflows").glob("*.yml"):
        used = re.findall(r"uses: (.*)", path.read_text())
        assert used
        assert [
            each for each in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", each)
        ] == []


def test_no_workflow_has_rights_but_those_that_a_job_names(root):
    for workflow in workflows(root).values():
        assert workflow["permissions"] == {}
        for job in workflow["jobs"].values():
            writes = {right for right, kind in job["permissions"].items() if kind == "write"}
            assert writes <= {"id-token", "attestations"}


def test_a_checkout_leaves_no_token_behind(root):
    for workflow in workflows(root).values():
        for step in steps(workflow):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_a_release_is_attested_before_it_is_kept_and_published_without_a_token(root):
    release = workflows(root)["release"]
    build, publish = release["jobs"]["build"], release["jobs"]["publish"]
    used = [step.get("uses", "").partition("@")[0] for step in build["steps"]]

    assert set(release.get("on", release.get(True))) == {"push"}
    assert used.index("actions/attest-build-provenance") < used.index("actions/upload-artifact")
    attest = build["steps"][used.index("actions/attest-build-provenance")]
    assert attest["with"]["subject-path"] == "dist/*"
    assert publish["needs"] == "build"
    assert publish["permissions"] == {"id-token": "write"}
    assert "secrets." not in (root / ".github" / "workflows" / "release.yml").read_text()


@pytest.mark.parametrize(
    "heading", ["What is promised", "What is not promised", "Supply chain", "Reporting"]
)
def test_what_is_promised_and_how_to_report_is_written_down(root, heading):
    assert f"\n## {heading}\n" in (root / "SECURITY.md").read_text()
