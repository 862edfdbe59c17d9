"""From which values on the monitor speaks up: `monitoring/limits.toml`, typed."""

from dataclasses import dataclass
from pathlib import Path

import msgspec


class LimitsError(ValueError):
    """The limits cannot be read, or one of them makes no sense."""


@dataclass(frozen=True)
class WindowLimits:
    """Which predictions are compared."""

    hours: float
    minimum_rows: int


@dataclass(frozen=True)
class DriftLimits:
    """When a feature counts as distributed unlike in training."""

    psi: float
    effect: float
    significance: float
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class IntegrityLimits:
    """Which shares of rows may be missing, unseen or out of range."""

    missing_above_training: float
    unseen: float
    out_of_range: float


@dataclass(frozen=True)
class PerformanceLimits:
    """When labelled predictions count as worse than the held-out ones."""

    days: float
    judged_labels: int
    minimum_labels: int
    minimum_slice: int
    tolerated_loss: float
    confidence: float


@dataclass(frozen=True)
class Limits:
    """All of them, in the order of the file."""

    window: WindowLimits
    drift: DriftLimits
    integrity: IntegrityLimits
    performance: PerformanceLimits


def read_limits(path: Path) -> Limits:
    """Return the limits that the TOML file `path` holds.

    Raises:
        LimitsError: The file is missing, or a limit is missing or of the wrong type.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Limits)
    except (OSError, msgspec.DecodeError) as error:
        raise LimitsError(f"{path}: {error}") from None
