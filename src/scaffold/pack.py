"""Store objects in a repository: one pack, at most one git process, no fsync per object."""

from __future__ import annotations

import hashlib
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from scaffold.git import Git

Objects: TypeAlias = Mapping[str, tuple[str, bytes]]
"""Id -> kind and content."""

_KINDS = {"commit": 1, "tree": 2, "blob": 3}


def store_objects(git: Git, objects: Objects) -> None:
    """Write objects into the repository's object store."""
    if not objects:
        return
    is_sha1 = all(len(identifier) == 40 for identifier in objects)  # noqa: PLR2004
    rows = [_row(kind, content) for kind, content in objects.values()]
    git("index-pack", "--stdin", stdin=_pack(rows, "sha1" if is_sha1 else "sha256"))


def write_pack(folder: Path, objects: Objects, algorithm: str) -> None:
    """Write objects as a pack with its index into `folder`, the packs of a throw-away repository.

    Two files instead of one, and mostly a folder, for each object; nothing is synced to disk.
    """
    rows = {name: _row(kind, content) for name, (kind, content) in objects.items()}
    pack = _pack(rows.values(), algorithm)
    width = hashlib.new(algorithm, usedforsecurity=False).digest_size
    name = f"pack-{pack[-width:].hex()}"
    (folder / f"{name}.pack").write_bytes(pack)
    (folder / f"{name}.idx").write_bytes(_index(rows, pack[-width:], algorithm))


def _row(kind: str, content: bytes) -> bytes:
    return _object_header(_KINDS[kind], len(content)) + zlib.compress(content, 1)


def _pack(rows: Iterable[bytes], algorithm: str) -> bytes:
    rows = tuple(rows)
    body = b"".join([b"PACK", struct.pack(">II", 2, len(rows)), *rows])
    return body + hashlib.new(algorithm, body, usedforsecurity=False).digest()


def _index(rows: Mapping[str, bytes], checksum: bytes, algorithm: str) -> bytes:
    """Return git's index, version 2, of a pack with these rows: counts by first byte, ids, CRCs, offsets."""
    offsets, at = {}, 12
    for name, row in rows.items():
        offsets[name] = at
        at += len(row)
    names = sorted(rows)
    first = [int(name[:2], 16) for name in names]
    counts = (bisect_right(first, most) for most in range(256))
    body = b"".join(
        [
            b"\xfftOc" + struct.pack(">I", 2),
            struct.pack(">256I", *counts),
            *(bytes.fromhex(name) for name in names),
            *(struct.pack(">I", zlib.crc32(rows[name])) for name in names),
            *(struct.pack(">I", offsets[name]) for name in names),
            checksum,
        ]
    )
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
