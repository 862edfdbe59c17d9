"""Digests of what a report was made from: a report about something else is no evidence."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

CODE = ("src/**/*.py", "params.yaml")
# What studies look at: code and its tests, the rows, and the newest model.
STUDIED = (*CODE, "tests/**/*.py", "data/t*.parquet", "models/candidate/model.onnx")


def code_digest(root: Path) -> str:
    """Return a digest of the package and its parameters in `root`."""
    return _digest(root, CODE)


def studied_digest(root: Path) -> str:
    """Return a digest of everything that a study reads in `root`."""
    return _digest(root, STUDIED)


def _digest(root: Path, patterns: Iterable[str]) -> str:
    whole = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return whole.hexdigest()[:16]
