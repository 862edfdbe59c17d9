"""A tree of files in memory: what a render yields and what a merge takes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal, TypeAlias

from scaffold.digests import sha1
from scaffold.values import frozen

Mode: TypeAlias = Literal["100644", "100755", "120000"]


@frozen
class File:
    """One file's bytes and git mode (`100644`, `100755`, or `120000` for a symbolic link)."""

    content: bytes
    mode: Mode = "100644"

    @classmethod
    def of_blob(cls, blob_id: str, content: bytes, mode: Mode) -> File:
        """Return a file that git gave by its SHA-1 object id: it need not be hashed again."""
        file = cls(content, mode)
        file.__dict__["blob_id"] = blob_id
        return file

    @cached_property
    def blob_id(self) -> str:
        """Return git's SHA-1 object id of the content (40 hex digits)."""
        header = b"blob %d\0" % len(self.content)
        return sha1(header + self.content).hexdigest()


Tree: TypeAlias = Mapping[str, File]
"""Slash-separated path, relative to the project's root -> file. No folders, no empty names."""
