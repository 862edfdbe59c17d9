"""`params.yaml` as typed, frozen values; a wrong or unknown key is an error, not a default."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import yaml

from project_package.errors import PipelineError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ingest:
    """Where raw data come from."""

    source: str


@dataclass(frozen=True, slots=True)
class Validate:
    """What must hold for the raw data as a whole."""

    minimum_rows: int
    newest_on_or_after: date
    target_mean: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Prepare:
    """How rows are divided."""

    test_share: float


@dataclass(frozen=True, slots=True)
class Train:
    """Which candidates are compared, and how."""

    folds: int
    candidates: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Export:
    """How closely the graph must repeat the Python pipeline."""

    tolerance: float


@dataclass(frozen=True, slots=True)
class Gate:
    """What a candidate must reach to become the champion."""

    gain_over_baseline: float
    too_good: float
    tolerance_to_champion: float
    slices: tuple[str, ...]
    slice_rows: int
    slice_tolerance: float
    row_milliseconds: float
    slice_confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Registry:
    """The name under which versions are registered."""

    model: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """All of `params.yaml`."""

    seed: int
    ingest: Ingest
    validate: Validate
    prepare: Prepare
    train: Train
    export: Export
    gate: Gate
    registry: Registry


def read_parameters(path: Path) -> Parameters:
    """Return the parameters in the file `path`.

    Raises:
        PipelineError: A key that has no default is missing, or one is unknown or not what it should
            be.
    """
    values = yaml.safe_load(path.read_text("utf-8"))
    return _build(Parameters, values, path.name)


def flatten(parameters: Parameters) -> dict[str, Any]:
    """Return the parameters as one level of dotted names, as MLflow and DVC show them."""
    return dict(_leaves(asdict(parameters), ""))


def _build(kind: type[T], values: object, where: str) -> T:
    if not is_dataclass(kind) or not isinstance(values, dict):
        raise PipelineError(f"{where} must hold keys and values")
    names = {field.name for field in fields(kind)}
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    given = set(values)
    for problem, keys in (("has no", needed - given), ("has an unknown", given - names)):
        if keys:
            raise PipelineError(f"{where} {problem} {', '.join(sorted(map(str, keys)))}")
    hints = get_type_hints(kind)
    made = {name: _convert(hints[name], values[name], f"{where}: {name}") for name in given}
    return kind(**made)


def _convert(hint: Any, value: Any, where: str) -> Any:
    if is_dataclass(hint):
        return _build(hint, value, where)  # type: ignore[arg-type]
    if isinstance(value, list):
        return tuple(value)
    if hint is date:
        return date.fromisoformat(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and not isinstance(value, hint):
        raise PipelineError(f"{where} must be a {hint.__name__}, not {value!r}")
    return value


def _leaves(values: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    leaves: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            leaves += _leaves(value, f"{prefix}{name}.")
        else:
            leaves.append((prefix + name, value))
    return leaves
