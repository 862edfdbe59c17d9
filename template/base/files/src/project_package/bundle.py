"""The folder that the service loads: graph, drift reference, examples, `model.json` about them."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# `model.json` is written last and names the digests of the others, so a half-written bundle shows.
FILES = ("model.onnx", "reference.json", "examples.json")
DESCRIPTION = "model.json"


def publish(source: Path, target: Path, facts: dict[str, Any]) -> None:
    """Replace the bundle in `target` by the files of `source`, described by `facts`."""
    target.mkdir(parents=True, exist_ok=True)
    digests = {name: digest(source / name) for name in FILES}
    for name in FILES:
        _replace(target / name, (source / name).read_bytes())
    _describe(target, facts | {"files": digests})


def copy(source: Path, target: Path, facts: Mapping[str, Any] | None = None) -> None:
    """Replace the bundle in `target` by the one in `source`, described by more `facts`."""
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        _replace(target / name, (source / name).read_bytes())
    described = json.loads((source / DESCRIPTION).read_text("utf-8"))
    _describe(target, described | dict(facts or {}))


def describe(folder: Path) -> dict[str, Any] | None:
    """Return what `model.json` says, or nothing where there is no bundle."""
    path = folder / DESCRIPTION
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def digest(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def clear(folder: Path) -> None:
    """Leave `folder` empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _describe(target: Path, facts: dict[str, Any]) -> None:
    text = json.dumps(facts, indent=2, allow_nan=False)
    _replace(target / DESCRIPTION, text.encode() + b"\n")


def _replace(path: Path, content: bytes) -> None:
    # Beside the target, so that the rename stays on one file system and readers see old or new.
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    os.replace(beside, path)  # noqa: PTH105
