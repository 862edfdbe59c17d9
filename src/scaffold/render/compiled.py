"""What Jinja made of a template's files, kept between runs: three quarters of cookiecutter's time is compiling."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold import cache
from scaffold.digests import sha256
from scaffold.sandbox.engine import Compiled
from scaffold.tree import File
from scaffold.values import frozen

if TYPE_CHECKING:
    from scaffold.template import Template

_FEW = 1000
_SEVERAL = 3
"""As many versions of a template are kept, and a few texts more."""
_FORMAT = 2


@frozen
class Kept:
    """The compiled files of one template, of all its versions that were rendered lately.

    Args:
        path: Where they are kept; by template, Jinja settings, Jinja and Python.
        loaded: Source (a blob id, or the text itself) -> what it compiled to.
        binary: Suffix and blob id -> whether the file is copied as binary.
        known: How many of those were kept.
        files: The template's files, whose blob ids say what is still of use.
    """

    path: Path
    loaded: dict[str, Compiled]
    binary: dict[str, bool]
    known: int
    files: Mapping[str, File]

    @classmethod
    def of(cls, template: Template) -> Kept:
        """Return what is kept for `template`; nothing is kept of one that nobody rendered yet."""
        settings = template.questions.settings.key()
        key = repr((_FORMAT, template.source, settings, sys.version, _jinja()))
        name = sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        path = cache.folder("compiled") / name
        loaded, binary = cache.load(path) or ({}, {})
        return cls(path, loaded, binary, len(binary), template.files)

    @property
    def is_plain(self) -> bool:
        """Return whether something is kept, and nothing of it needs Jinja."""
        return bool(self.loaded) and all(isinstance(each, list) for each in self.loaded.values())

    def compiled(self) -> dict[str, Compiled]:
        """Return a copy of what is kept, to be added to."""
        return dict(self.loaded)

    def is_binary(self, path: str, file: File) -> bool:
        """Return whether cookiecutter takes the file for binary: by its suffix or its first bytes."""
        key = f"{_suffix(path)} {file.blob_id}"
        known = self.binary.get(key)
        if known is None:
            known = self.binary[key] = _is_binary(path, file.content)
        return known

    def fresh(self, compiled: Mapping[str, Compiled]) -> Any:
        """Return what came to it since it was loaded, as plain data."""
        new = {key: value for key, value in compiled.items() if key not in self.loaded}
        return (new, self.binary) if new or len(self.binary) > self.known else None

    def save(self, fresh: Any) -> None:
        """Keep what came to it; where that is much more than the template needs, what is of earlier ones goes."""
        if fresh is None:
            return
        new, binary = fresh
        compiled, binaries = {**self.loaded, **new}, {**self.binary, **binary}
        if len(compiled) > _SEVERAL * len(self.files) + _FEW:
            current = {file.blob_id for file in self.files.values()}
            compiled = {key: each for key, each in compiled.items() if key in current or key in new}
            binaries = {
                key: each for key, each in binaries.items() if key.split(" ")[-1] in current
            }
        cache.save(self.path, (compiled, binaries))


def _suffix(path: str) -> str:
    """Return what `PurePath.suffix` is, in lower case; making a path costs more than rendering a file."""
    stem, dot, last = path.rpartition("/")[2].rpartition(".")
    return f"{dot}{last.lower()}" if stem and last else ""


def _is_binary(path: str, content: bytes) -> bool:
    # Slow to import, and its answer is kept.
    from binaryornot.helpers import has_binary_extension, is_binary_string  # noqa: PLC0415

    return bool(has_binary_extension(path) or is_binary_string(content[:512]))


def _jinja() -> tuple[int, int]:
    """Return what tells one installed Jinja from another, without importing it."""
    found = PathFinder.find_spec("jinja2")
    compiler = Path((found.origin if found else None) or __file__).with_name("compiler.py")
    status = compiler.stat() if compiler.exists() else Path(__file__).stat()
    return status.st_size, status.st_mtime_ns
