"""Where a registered model came from, and whether registry and bundle agree about it."""

import configparser
import json
import tempfile
from pathlib import Path
from typing import Any

from project_package import bundle
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.training.registry import CHAMPION, Registry

# What registry and bundle must both say, and say alike.
SHARED = ("git_commit", "data_hash", "environment_hash", "run_id")


def read_bundle(registry: Registry, version: str) -> dict[str, Any]:
    """Return the description of `version`, from the bundle that the registry keeps."""
    with tempfile.TemporaryDirectory() as folder:
        fetched = registry.fetch_bundle(version, Path(folder))
        description: dict[str, Any] = json.loads((fetched / bundle.DESCRIPTION).read_text("utf-8"))
    return description


def lineage_problems(paths: Paths, parameters: Parameters) -> list[str]:
    """Return every fact in which the served bundle and the registry's champion differ."""
    registry = Registry(paths, parameters.registry.model)
    version = registry.resolve(CHAMPION)
    served, recorded = bundle.describe(paths.champion), registry.facts(version)
    if served is None:
        return [f"the registry's champion is version {version}, and nothing is served"]
    problems = [
        f"{name} is {served.get(name)} in the bundle and {recorded.get(name)} in the registry"
        for name in SHARED
        if str(served.get(name)) != str(recorded.get(name))
    ]
    if served["version"] != version:
        problems.append(f"version {served['version']} is served, version {version} is champion")
    return problems


def data_remote(paths: Paths) -> str:
    """Return where DVC keeps the data: the default remote's address, as `.dvc/config` has it."""
    config = configparser.ConfigParser()
    config.read([paths.root / ".dvc" / "config", paths.root / ".dvc" / "config.local"])
    name = config.get("core", "remote", fallback="")
    return config.get(f"'remote \"{name}\"'", "url", fallback="none")
