"""Where a registered model came from, and whether registry and bundle agree about it."""

import tempfile
from pathlib import Path
from typing import Any

from project_package import bundle
from project_package.errors import PipelineError
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.training.registry import CHAMPION, Registry

# What registry and bundle must both say, and say alike.
SHARED = ("git_commit", "data_hash", "environment_hash", "run_id")


def read_bundle(registry: Registry, version: str) -> dict[str, Any]:
    """Return the description of `version`, from the bundle that the registry keeps.

    Raises:
        PipelineError: The registry keeps none.
    """
    with tempfile.TemporaryDirectory() as folder:
        described = bundle.describe(registry.fetch_bundle(version, Path(folder)))
    if described is None:
        raise PipelineError(f"the registry keeps no bundle of version {version}")
    return described


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
