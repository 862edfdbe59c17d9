"""Digests of what a report was made from: a report about something else is no evidence."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from project_package.git import run_git

CODE = ("src/**/*.py", "params.yaml")
# What studies look at: code, the rows that a new feature is tried with, all others, the models.
STUDIED = (
    *CODE,
    "sample/*.csv.gz",
    *("data/raw.parquet", "data/train.parquet", "data/test.parquet"),
    *("models/candidate/model.onnx", "models/champion/model.onnx"),
)
# Tests may read any file, such as a manifest or a rule of an alarm: all but pages, records and what
# a run of the pipeline reports.
UNREAD = ("docs/", "reports/")
TESTS = "tests"


def code_digest(root: Path) -> str:
    """Return a digest of the package and its parameters in `root`."""
    return _digest(root, _matching(root, CODE))


def studied_digest(root: Path, study: str) -> str:
    """Return a digest of everything that `study` reads in `root`.

    Raises:
        PipelineError: It is that of the tests, and `root` is in no repository of git's.
    """
    return _digest(root, _known(root) if study == TESTS else _matching(root, STUDIED))


def _matching(root: Path, patterns: Iterable[str]) -> Iterable[Path]:
    return (path for pattern in patterns for path in root.glob(pattern))


def _known(root: Path) -> Iterable[Path]:
    """Return the files that git knows or would take in."""
    names = run_git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return (root / name for name in names.split("\0") if name and not name.startswith(UNREAD))


def _digest(root: Path, paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in sorted({path for path in paths if path.is_file()}):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return whole.hexdigest()[:16]
