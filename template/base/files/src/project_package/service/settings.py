"""Settings of the service: typed, from `SERVICE_*` variables of the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

PREFIX = "SERVICE_"

Port = Annotated[int, Meta(ge=0, le=65_535)]
Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]


class SettingsError(ValueError):
    """A variable of the environment does not hold what its setting needs."""


@dataclass(frozen=True)
class Settings:
    """What an operator may change; `SERVICE_LOG_DIR` is `log_dir`, and so on."""

    host: str = "127.0.0.1"
    port: Port = 8000
    model_dir: Path = Path("models/champion")
    reload_seconds: Annotated[float, Meta(gt=0)] = 2.0
    token: str = field(default="", repr=False)
    max_body_bytes: Count = 1_048_576
    max_rows: Count = 1_000
    body_seconds: Annotated[float, Meta(gt=0)] = 10.0
    limit_concurrency: Count = 256
    drain_seconds: Seconds = 5.0
    close_seconds: Count = 10
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_requests: bool = True
    log_dir: Path = Path("logs")
    log_file_bytes: Count = 50_000_000
    log_files: Count = 5
    log_buffer: Count = 20_000
    drift_window: Count = 5_000
    drift_minimum: Count = 500


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Return the settings that `environment` holds; what it leaves out keeps its default.

    Raises:
        SettingsError: A value has the wrong type or is out of bounds. The message
            names the variable and never its value, which may be a secret.

    """
    values: dict[str, Any] = {
        name: environment[variable(name)] for name in names() if variable(name) in environment
    }
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_as_path)
    except msgspec.ValidationError as error:
        raise SettingsError(_naming_the_variable(str(error))) from None


def unknown(environment: Mapping[str, str]) -> list[str]:
    """Return the `SERVICE_*` variables that are no setting: probably a typing mistake."""
    known = {variable(name) for name in names()}
    return sorted(key for key in environment if key.startswith(PREFIX) and key not in known)


def names() -> list[str]:
    """Return the names of all settings, in their order."""
    return [setting.name for setting in fields(Settings)]


def variable(name: str) -> str:
    """Return the variable of the environment that holds the setting `name`."""
    return PREFIX + name.upper()


def _as_path(kind: type, value: object) -> Path:
    if kind is not Path or not isinstance(value, str):
        raise NotImplementedError(kind)
    return Path(value)


def _naming_the_variable(message: str) -> str:
    reason, _, place = message.partition(" - at `$.")
    return f"{variable(place.rstrip('`'))}: {reason}"
