"""What `k8s/release.sh` makes of an overlay and of the alert rules."""

import shutil
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def alerts(overlay: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the alerts that a release of `overlay` installs."""
    for part in ("k8s", "monitoring"):
        shutil.copytree(ROOT / part, folder / part)
    # `true` stands for docker, which would ask a registry for digests.
    command = ["sh", "k8s/release.sh", overlay, "registry.example/name@sha256:0"]
    run(command, cwd=folder, env={"DOCKER": "true", "PATH": "/usr/bin:/bin"}, check=True)  # noqa: S603
    objects = yaml.safe_load_all((folder / "build/k8s/rules.yaml").read_text("utf-8"))
    groups = [group for each in objects for group in each["spec"]["groups"]]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize("overlay", ["production", "production-canary"])
def test_what_is_absent_is_missed_in_its_own_namespace(overlay: str, tmp_path: Path) -> None:
    absent = {
        name: rule["expr"]
        for name, rule in alerts(overlay, tmp_path).items()
        if "absent(" in rule["expr"]
    }

    assert absent.keys() == {"MonitorDown", "ServiceAbsent"}
    own = '{namespace="project-name-production", '
    assert all(expression.count("{") == expression.count(own) for expression in absent.values())


def test_other_alerts_are_installed_as_they_are(tmp_path: Path) -> None:
    assert all(
        rule["expr"].count("project-name") == 0
        for rule in alerts("staging", tmp_path).values()
        if "absent(" not in rule["expr"]
    )
