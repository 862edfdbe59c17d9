"""Store objects in a repository: one pack, one git process, no fsync per object."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping

from scaffold.git import Git

_KINDS = {"commit": 1, "tree": 2, "blob": 3}


def store_objects(git: Git, objects: Mapping[str, tuple[str, bytes]]) -> None:
    """Write objects (id -> (kind, content)) into the repository's object store."""
    if not objects:
        return
    is_sha1 = all(len(identifier) == 40 for identifier in objects)  # noqa: PLR2004
    git("index-pack", "--stdin", stdin=_pack(objects, "sha1" if is_sha1 else "sha256"))


def _pack(objects: Mapping[str, tuple[str, bytes]], algorithm: str) -> bytes:
    parts = [b"PACK", struct.pack(">II", 2, len(objects))]
    for kind, content in objects.values():
        parts += [_object_header(_KINDS[kind], len(content)), zlib.compress(content, 1)]
    body = b"".join(parts)
    return body + hashlib.new(algorithm, body, usedforsecurity=False).digest()


def _object_header(kind: int, size: int) -> bytes:
    """Return git's variable-length header: four bits of the size beside the kind, then seven a byte."""
    byte, size = (kind << 4) | (size & 15), size >> 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    header.append(byte)
    return bytes(header)
