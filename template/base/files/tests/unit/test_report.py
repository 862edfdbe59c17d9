import stat
from pathlib import Path

import pytest

from project_package import report

FAKE_DVC = """#!/bin/sh
case "$1" in
  metrics) echo "| roc_auc | 0.71 | 0.74 |" ;;
  plots) mkdir -p "$5" && touch "$5/index.html" ;;
esac
"""


@pytest.fixture
def dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "dvc"
    program.parent.mkdir()
    program.write_text(FAKE_DVC)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


@pytest.mark.usefixtures("dvc")
def test_report_has_what_differs_from_the_base(tmp_path: Path) -> None:
    target = tmp_path / "reports" / "change.md"

    assert report.main(["origin/main", str(target)]) == 0

    text = target.read_text()
    assert "beside that of `origin/main`" in text
    assert "| roc_auc | 0.71 | 0.74 |" in text
    assert "reports/plots-against-base/index.html" in text
    assert "### Parameters that differ\n\nNone." in text
