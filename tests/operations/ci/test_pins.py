"""The table of pins: what it says of a tag is what the action's repository says."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def pins(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("pins", root / "tools" / "pins.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["pins"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """Return a folder that stands for GitHub: one action with two releases, the newer annotated."""
    action = tmp_path / "team" / "action"
    for command in (
        ["init", "--quiet", str(action)],
        ["-C", str(action), "commit", "--quiet", "--allow-empty", "-m", "1"],
        ["-C", str(action), "tag", "v1.9.0"],
        ["-C", str(action), "commit", "--quiet", "--allow-empty", "-m", "2"],
        ["-C", str(action), "tag", "--annotate", "-m", "2", "v1.10.0"],
        ["-C", str(action), "tag", "v2"],
    ):
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        subprocess.run(["git", *identity, *command], check=True)
    return tmp_path


def commit(host: Path, tag: str) -> str:
    command = ["git", "-C", str(host / "team" / "action"), "rev-parse", f"{tag}^{{commit}}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_tag_that_is_its_commit_is_no_problem(pins: ModuleType, host: Path) -> None:
    for tag in ("v1.9.0", "v1.10.0"):
        pin = pins.Pin("team/action", tag, commit(host, tag))
        assert list(pins.problems([pin], str(host))) == []


def test_tag_that_moved_is_named(pins: ModuleType, host: Path) -> None:
    pin = pins.Pin("team/action", "v1.9.0", "0" * 40)

    [problem] = pins.problems([pin], str(host))

    assert problem.startswith("team/action v1.9.0 is ")


def test_bump_takes_the_newest_full_release_and_its_commit(pins: ModuleType, host: Path) -> None:
    pin = pins.Pin("team/action", "v1.9.0", commit(host, "v1.9.0"))

    assert pins.newest(pin, str(host)) == pins.Pin(
        "team/action", "v1.10.0", commit(host, "v1.10.0")
    )


def test_table_has_only_what_the_template_uses(pins: ModuleType, root: Path) -> None:
    macro = (root / "template" / "macros" / "github.jinja").read_text()
    sync = "template/components/github/files/.github/workflows/template-sync.yml.jinja"
    used = macro + (root / sync).read_text()

    names = [pin.name for pin in pins.read_pins(pins.TABLE.read_text())]

    assert names
    assert [name for name in names if f'action("{name}")' not in used] == []
