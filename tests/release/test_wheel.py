"""A wheel renders the newest release; a checkout renders its working tree."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scaffold.release import release

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("release")]

CHANGELOG = "# Changelog\n\n## v0.2.0 - 2026-02-01\n\n- b\n\n## v0.1.0 - 2026-01-01\n\n- a\n"


def run(*command, cwd, **environment):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=cwd,
        env={**kept, "UV_PYTHON_DOWNLOADS": "never", **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(root, tmp_path_factory) -> Path:
    """Return a copy of this repository with two releases, and a third state of its template."""
    place = tmp_path_factory.mktemp("checkout") / "scaffold"
    for name in ("src", "template", "hooks"):
        litter = shutil.ignore_patterns("__pycache__", ".*_cache", "template.bundle")
        shutil.copytree(root / name, place / name, ignore=litter)
    for name in ("pyproject.toml", "README.md", "LICENSE", "cookiecutter.json"):
        shutil.copy(root / name, place)
    (place / "CHANGELOG.md").write_text(CHANGELOG)
    marker = place / "template/base/files/MARKER.txt"
    for version in ("v0.1.0", "v0.2.0"):
        marker.write_text(f"{version}\n")
        release(place, version, place / "src/scaffold/history/template.bundle")
    marker.write_text("working tree\n")
    return place


@pytest.fixture(scope="module")
def wheel(checkout) -> Path:
    run(shutil.which("uv"), "build", "--quiet", "--wheel", cwd=checkout)
    [built] = (checkout / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Return the `scaffold` command of a fresh environment that has the wheel alone."""
    place = tmp_path_factory.mktemp("installed")
    uv = shutil.which("uv")
    run(uv, "venv", "--quiet", "--python", sys.executable, place / "venv", cwd=place)
    run(uv, "pip", "install", "--quiet", "--python", place / "venv", wheel, cwd=place)
    return place / "venv" / "bin" / "scaffold"


def marker_of(project: Path) -> str:
    return (project / "MARKER.txt").read_text().strip()


def test_wheel_holds_the_history_and_no_sources(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    assert "scaffold/history/template.bundle" in names
    assert not [name for name in names if name.startswith(("template/", "tests/", "hooks/"))]


def test_installed_scaffold_renders_the_newest_release(installed, tmp_path):
    run(installed, "new", "demo", "--yes", cwd=tmp_path, HOME=str(tmp_path))

    assert marker_of(tmp_path / "demo") == "v0.2.0"


def test_installed_scaffold_upgrades_from_an_old_release_offline(installed, tmp_path):
    home = {"HOME": str(tmp_path)}
    run(installed, "new", "demo", "--yes", "--ref", "v0.1.0", cwd=tmp_path, **home)
    assert marker_of(tmp_path / "demo") == "v0.1.0"

    run(installed, "upgrade", "--offline", "--yes", cwd=tmp_path / "demo", **home)

    assert marker_of(tmp_path / "demo") == "v0.2.0"


def test_checkout_renders_its_working_tree(checkout, tmp_path):
    command = (sys.executable, "-m", "scaffold", "new", "demo", "--yes")
    source = str(checkout / "src")
    run(*command, cwd=tmp_path, PYTHONPATH=source, HOME=str(tmp_path))

    assert marker_of(tmp_path / "demo") == "working tree"
