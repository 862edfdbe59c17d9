"""The decisions that come with the sample are as new as what they review."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

# When somebody read what a record reviews, and the SHA-256 of all of it as it was then.
READ = {
    "cost": ("2026-11-30", "4633b1164f1c81618bb4e95b38ec9fecc65dd8e31b873ffb7bb085026c984e16"),
    "review": ("2026-11-30", "0a86d744b119418fa57699a6b15b67ffbd6922969aeab9f379297193c56d8afa"),
}


@pytest.mark.parametrize("name", READ)
def test_record_was_written_for_the_files_as_they_are(root, name):
    """Where this fails: read those files again, see whether the record is still true, and date it anew."""
    date, digest = READ[name]
    text = (root / f"template/base/files/docs/decisions/{name}.md").read_text("utf-8")
    record = YAML(typ="safe").load(text.split("---\n")[1])

    content = [source.read_bytes() for path in record["reviews"] for source in sources(root, path)]

    assert str(record["date"]) == date
    assert hashlib.sha256(b"\0".join(content)).hexdigest() == digest


def sources(root: Path, path: str) -> list[Path]:
    """Return the files under `template/` that a file of a project is made of."""
    folders = (
        root / "template/base/files",
        *sorted((root / "template/components").glob("*/files")),
    )
    found = [
        each
        for folder in folders
        for each in sorted((folder / path).parent.glob(f"{Path(path).name}*"))
    ]
    assert found, path
    return found
