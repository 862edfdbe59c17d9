import stat
import subprocess
from pathlib import Path

import pytest

from project_package import report

FAKE_DVC = """#!/bin/sh
case "$1" in
  metrics) echo "| roc_auc | 0.71 | 0.74 |" ;;
  params) exit "${FAILS:-0}" ;;
  plots) mkdir -p "$5" && touch "$5/index.html" ;;
esac
"""


@pytest.fixture
def dvc(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path_factory.mktemp("bin") / "dvc"
    program.write_text(FAKE_DVC)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


@pytest.fixture
def target(elsewhere: Path) -> Path:
    """Where the report goes, in a repository with one commit."""
    nobody = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.com")
    for command in (["init", "--quiet"], [*nobody, "commit", "--quiet", "--allow-empty", "-mA"]):
        subprocess.run(["git", *command], cwd=elsewhere, check=True)  # noqa: S603, S607
    return Path("reports") / "change.md"


@pytest.mark.usefixtures("dvc")
def test_report_has_what_differs_from_the_base(target: Path) -> None:
    assert report.main(["HEAD", str(target)]) == 0

    text = target.read_text()
    assert "beside that of `HEAD`" in text
    assert "| roc_auc | 0.71 | 0.74 |" in text
    assert "reports/plots-against-base/index.html" in text
    assert "### Parameters that differ\n\nNone." in text


@pytest.mark.usefixtures("dvc")
def test_a_base_that_is_not_here_is_one_line_and_a_hint(target: Path) -> None:
    with pytest.raises(SystemExit, match=r"error: there is no revision origin/main .*\nhint: "):
        report.main(["origin/main", str(target)])

    assert not target.exists()


@pytest.mark.usefixtures("dvc")
def test_what_dvc_cannot_compare_is_one_line(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS", "1")

    with pytest.raises(SystemExit, match="error: dvc params diff --md HEAD fails"):
        report.main(["HEAD", str(target)])
