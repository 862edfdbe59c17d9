"""Store objects in a repository: one pack, mostly no git process, no fsync per object."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from scaffold import durable
from scaffold.digests import DIGESTS
from scaffold.git import Git

Objects: TypeAlias = Mapping[str, tuple[str, bytes]]
"""Id -> kind and content."""

OBJECT_KINDS = {"commit": 1, "tree": 2, "blob": 3}
_LOOKAHEAD = 262
"""Of zlib: so many bytes of its window it does not look back over."""
_LEAST_WINDOW = 9
_SHARED = stat.S_IWGRP | stat.S_ISGID


def store_objects(git: Git, objects: Objects) -> None:
    """Write objects into the repository's object store."""
    if not objects:
        return
    packs = git.facts.objects / "pack" if git.facts is not None else None
    is_sha1 = all(len(identifier) == 40 for identifier in objects)  # noqa: PLR2004
    algorithm = "sha1" if is_sha1 else "sha256"
    if packs is not None and _is_own(packs):
        write_pack(packs, objects, algorithm, durable.write_synced)
    else:
        rows = [_row(kind, content) for kind, content in objects.values()]
        git("index-pack", "--stdin", stdin=_pack(rows, algorithm))


def _is_own(packs: Path) -> bool:
    """Return whether a folder is there for one user alone; git knows how a shared one is written to."""
    return packs.is_dir() and os.name == "posix" and not packs.stat().st_mode & _SHARED


def write_pack(
    folder: Path,
    objects: Objects,
    algorithm: str,
    write: Callable[[Path, bytes], object] = Path.write_bytes,
) -> None:
    """Write objects as a pack with its index into `folder`, the packs of a new repository.

    Two files instead of one, and mostly a folder, for each object.

    Args:
        folder: Where the packs are.
        objects: What is stored.
        algorithm: The repository's object format.
        write: Writes a file; nothing is synced to disk by default.
    """
    rows = {name: _row(kind, content) for name, (kind, content) in objects.items()}
    pack = _pack(rows.values(), algorithm)
    checksum = pack[-DIGESTS[algorithm]().digest_size :]
    name = f"pack-{checksum.hex()}"
    write(folder / f"{name}.pack", pack)
    write(folder / f"{name}.idx", _index(rows, checksum, algorithm))


def _row(kind: str, content: bytes) -> bytes:
    return _object_header(OBJECT_KINDS[kind], len(content)) + _compressed(content)


def _compressed(content: bytes) -> bytes:
    """Return `content` as zlib packs it quickly, with a window that fits: a whole one costs more than a small file."""
    window = min(max((len(content) + _LOOKAHEAD).bit_length(), _LEAST_WINDOW), zlib.MAX_WBITS)
    packing = zlib.compressobj(1, zlib.DEFLATED, window, window - 7)
    return packing.compress(content) + packing.flush()


def _pack(rows: Iterable[bytes], algorithm: str) -> bytes:
    rows = tuple(rows)
    body = b"".join([b"PACK", struct.pack(">II", 2, len(rows)), *rows])
    return body + DIGESTS[algorithm](body).digest()


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
            struct.pack(f">{len(names)}I", *(zlib.crc32(rows[name]) for name in names)),
            struct.pack(f">{len(names)}I", *(offsets[name] for name in names)),
            checksum,
        ]
    )
    return body + DIGESTS[algorithm](body).digest()


def _object_header(kind: int, size: int) -> bytes:
    """Return git's variable-length header: four bits of the size beside the kind, then seven a byte."""
    byte, size = (kind << 4) | (size & 15), size >> 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    header.append(byte)
    return bytes(header)
