"""One generated and trained project, which the suites of this folder share."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).parents[3]
COMPONENTS = "classification,docker,compose,monitoring,retraining"
PROGRAMS = ("prometheus", "prometheus-alertmanager", "uv")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated and trained project; SCAFFOLD_TRAINED names one that is there already."""
    if there := os.environ.get("SCAFFOLD_TRAINED"):
        return Path(there)
    folder = tmp_path_factory.mktemp("trained") / "flight-delays"
    _run(
        folder.parent,
        *(sys.executable, "-m", "cookiecutter", "--no-input", "--output-dir", str(folder.parent)),
        *(str(ROOT), f"components={COMPONENTS}"),
    )
    for command in (
        ("git", "init", "--quiet"),
        ("git", "add", "--all"),
        ("git", "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qm", "new"),
        ("make", "setup"),
        ("make", "train"),
    ):
        _run(folder, *command)
    return folder


@pytest.fixture(scope="module")
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the trained project that one module may change; the environment is shared."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    source: Path = request.getfixturevalue("trained")
    folder = tmp_path_factory.mktemp("project") / "flight-delays"
    shutil.copytree(source, folder, symlinks=True, ignore=shutil.ignore_patterns(".venv", "logs"))
    (folder / ".venv").symlink_to(source / ".venv")
    return folder


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
