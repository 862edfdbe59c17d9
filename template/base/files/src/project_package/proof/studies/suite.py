"""Which tests passed when they were last run for the score, and what they covered."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

# Code that makes features out of columns: for this the score wants to see coverage.
FEATURE_CODE = ("data/prepare.py", "packing.py")
PACKAGE = __package__.partition(".")[0]
# To look at this code alone takes half the time of looking at all.
SETTINGS = f"""[run]
branch = true
source_pkgs = {PACKAGE}.data.prepare, {PACKAGE}.packing
[report]
exclude_also = if __name__ == .__main__.:
"""


def suite(root: Path, tests: Iterable[str]) -> dict[str, Any]:
    """Run the files and folders `tests` of `root`: passed and failed by file, and coverage."""
    with tempfile.TemporaryDirectory() as folder:
        report, coverage = Path(folder) / "tests.xml", Path(folder) / "coverage.json"
        settings = Path(folder) / "coverage.ini"
        settings.write_text(SETTINGS, "utf-8")
        command = [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("--junit-xml", str(report), "-o", "junit_family=xunit1"),
            *("--cov", f"--cov-config={settings}", f"--cov-report=json:{coverage}"),
            *tests,
        ]
        subprocess.run(command, cwd=root, capture_output=True, check=False)  # noqa: S603
        return {"files": _files(report), "coverage": _coverage(coverage)}


def _files(report: Path) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    if report.exists():
        for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
            counts = found.setdefault(case.get("file", ""), {"passed": 0, "failed": 0})
            ended = {child.tag for child in case}
            if ended & {"failure", "error"}:
                counts["failed"] += 1
            elif "skipped" not in ended:
                counts["passed"] += 1
    return found


def _coverage(report: Path) -> dict[str, float]:
    if not report.exists():
        return {}
    files = json.loads(report.read_text("utf-8"))["files"]
    return {
        code: each["summary"]["percent_covered"]
        for code in FEATURE_CODE
        for file, each in files.items()
        if file.endswith(f"{PACKAGE}/{code}")
    }
