"""Write the report for people, programs and Prometheus."""

import os
from pathlib import Path

from project_package.monitoring.exposition import to_metrics
from project_package.monitoring.page import to_html
from project_package.monitoring.report import Report, to_json


def write(report: Report, folder: Path) -> None:
    """Write `report.html`, `report.json` and `metrics.prom` into `folder`.

    Each is whole at any time: Prometheus' textfile collector may read while we write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / "report.html", to_html(report).encode())
    _replace(folder / "report.json", to_json(report))
    _replace(folder / "metrics.prom", to_metrics(report).encode())


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)
