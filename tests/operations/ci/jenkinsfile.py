"""A Jenkinsfile as Groovy evaluates it, in the version that Jenkins has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

Stage = dict[str, Any]


def stages(
    jenkinsfile: Path, situations: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Stage]]:
    """Return for each situation the stages of `jenkinsfile`; skip where there is no Groovy."""
    groovy, java = shutil.which("groovy"), shutil.which("java")
    if not groovy or not java:
        pytest.skip("groovy is not installed")
    script = Path(__file__).with_name("jenkins.groovy")
    done = subprocess.run(
        [groovy, script, jenkinsfile, json.dumps(situations)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "JAVA_HOME": str(Path(java).resolve().parents[1])},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, list[Stage]] = json.loads(done.stdout)
    return told
