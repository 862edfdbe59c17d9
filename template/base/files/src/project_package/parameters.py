"""`params.yaml` as typed, frozen values; a wrong or unknown key is an error, not a default."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

from project_package.errors import PipelineError
from project_package.schema import FEATURES, KEY

T = TypeVar("T")

SORTS = {int: "an int", float: "a float", str: "a str", int | float: "a number"}


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
    candidates: Mapping[str, Mapping[str, int | float]]


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
    parameters = _build(Parameters, values, path.name)
    _require_sense(parameters, path.name)
    return parameters


def require_keys(
    given: Iterable[str], needed: Iterable[str], known: Iterable[str], where: str
) -> None:
    """Raise PipelineError where a key is not `known`, or one that is `needed` is not `given`."""
    unknown, missing = set(given) - set(known), set(needed) - set(given)
    for problem, keys in (("has an unknown", unknown), ("has no", missing)):
        if keys:
            raise PipelineError(f"{where} {problem} {', '.join(sorted(map(str, keys)))}")


def flatten(parameters: Parameters) -> dict[str, Any]:
    """Return the parameters as one level of dotted names, as MLflow and DVC show them."""
    return dict(_leaves(asdict(parameters), ""))


def _build(kind: type[T], values: object, where: str) -> T:
    if not is_dataclass(kind) or not isinstance(values, dict):
        raise PipelineError(f"{where} must hold keys and values")
    names = {field.name for field in fields(kind)}
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    require_keys(values, needed, names, where)
    hints = get_type_hints(kind)
    made = {name: _convert(hints[name], values[name], f"{where}: {name}") for name in values}
    return kind(**made)


def _convert(hint: Any, value: Any, where: str) -> Any:
    if is_dataclass(hint):
        return _build(hint, value, where)  # type: ignore[arg-type]
    if get_origin(hint) is tuple:
        return _convert_list(get_args(hint), value, where)
    if get_origin(hint) is Mapping:
        return _convert_mapping(get_args(hint)[1], value, where)
    if hint is date:
        return _convert_date(value, where)
    if hint is float and type(value) is int:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, hint):
        raise PipelineError(f"{where} must be {SORTS[hint]}, not {value!r}")
    return value


def _convert_list(hints: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise PipelineError(f"{where} must be a list, not {value!r}")
    if hints[-1] is Ellipsis:
        hints = hints[:1] * len(value)
    if len(value) != len(hints):
        raise PipelineError(f"{where} must have {len(hints)} values, not {len(value)}")
    return tuple(_convert(hint, each, where) for hint, each in zip(hints, value, strict=True))


def _convert_mapping(hint: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PipelineError(f"{where} must hold keys and values")
    return {name: _convert(hint, each, f"{where}: {name}") for name, each in value.items()}


def _convert_date(value: Any, where: str) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise PipelineError(f"{where} must be a date such as 2013-12-24, not {value!r}") from None


def _require_sense(parameters: Parameters, where: str) -> None:
    """Raise PipelineError where a value has the right type and no stage could work with it."""
    share, folds = parameters.prepare.test_share, parameters.train.folds
    if not 0 < share < 1:
        raise PipelineError(f"{where}: prepare: test_share must be between 0 and 1, not {share}")
    if folds < 2:  # noqa: PLR2004 - one fold leaves nothing to learn from
        raise PipelineError(f"{where}: train: folds must be at least 2, not {folds}")
    columns = [column.name for column in (*KEY, *FEATURES)]
    require_keys(parameters.gate.slices, (), columns, f"{where}: gate: slices")


def _leaves(values: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    leaves: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            leaves += _leaves(value, f"{prefix}{name}.")
        else:
            leaves.append((prefix + name, value))
    return leaves
