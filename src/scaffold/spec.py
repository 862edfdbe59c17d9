"""What a project is: `scaffold.toml` (wanted) and `scaffold.lock` (applied) as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from scaffold.tree import Mode

SPEC_FILE = "scaffold.toml"
LOCK_FILE = "scaffold.lock"
BUILTIN = "scaffold"
"""The template source that travels inside the package."""

Answer: TypeAlias = "str | bool | int | float | list[Answer] | dict[str, Answer]"
Answers: TypeAlias = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a template is: `scaffold` for our own, else a git address or a folder."""

    address: str = BUILTIN
    directory: str = ""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a project wants to be."""

    source: Source
    version: str
    answers: Answers = field(default_factory=dict)
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LockedFile:
    """One file of the pristine render."""

    blob: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Lock:
    """What was last applied: a spec with every answer, at a full commit id, and its pristine render.

    Args:
        spec: The spec, complete: every question has its answer.
        commit: The template's full commit id.
        seed: What a trusted template's random numbers are seeded with, so that a render repeats.
        files: Path -> blob id and mode of the pristine render, without spec and lock.
        behind: Paths that a partial upgrade left at an older render.
    """

    spec: Spec
    commit: str
    seed: str = ""
    files: Mapping[str, LockedFile] = field(default_factory=dict)
    behind: tuple[str, ...] = ()
