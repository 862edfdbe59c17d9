"""One round: look for reasons, take in the data, train, let the gate decide, tell."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from mlflow import MlflowClient

from project_package.errors import PipelineError
from project_package.lineage import file_hash
from project_package.monitoring.window import read_window
from project_package.notify import Event, notify
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.retraining import shadow
from project_package.retraining.reasons import (
    Champion,
    Rules,
    Situation,
    read_rules,
    reasons,
)
from project_package.training.registry import CHALLENGER, Registry

LOG_DAYS = 28

logger = logging.getLogger(__name__)

Tell = Callable[[Event], object]


def situation(paths: Paths) -> Situation:
    """Return what is known now; the raw data are taken in again first."""
    _dvc(paths, "repro", "--force", "--single-item", "ingest")
    facts = paths.champion / "model.json"
    found = paths.reports / "monitoring" / "report.json"
    return Situation(
        champion=msgspec.json.decode(facts.read_bytes(), type=Champion) if facts.exists() else None,
        data_hash=file_hash(paths.raw),
        findings=tuple(map(tuple, json.loads(found.read_text("utf-8"))["findings"]))
        if found.exists()
        else (),
        now=datetime.now(UTC),
    )


def run(paths: Paths, parameters: Parameters, asked: str = "", tell: Tell = notify) -> None:
    """Train again where there is a reason to, or where somebody `asked` for it and says why."""
    rules = read_rules(paths.root / "retraining.toml")
    now = situation(paths)
    why = [asked] if asked else reasons(now, rules.reasons)
    if not why:
        logger.info("no reason to train again")
        return
    if not now.has_new_data:
        tell(Event("drift_found", "No new data to train from", {"reasons": "; ".join(why)}))
        logger.info("no new data to train from, though %s", "; ".join(why))
        return
    _dvc(paths, "repro")
    _conclude(paths, parameters, rules, why, tell)


def _conclude(
    paths: Paths, parameters: Parameters, rules: Rules, why: list[str], tell: Tell
) -> None:
    """Write into the registry what made us train and how the shadow went, and tell people."""
    model = parameters.registry.model
    registry = Registry(paths, model)
    version = registry.resolve(CHALLENGER)
    promoted = registry.champion() == version
    facts = {"trigger": "; ".join(why), **_shadow(paths, registry, version, rules)}
    for name, value in facts.items():
        MlflowClient().set_model_version_tag(model, version, name, value)
    decision = registry.facts(version)
    facts |= {"reason": decision["reason"], "decided_by": decision["decided_by"]}
    tell(Event("run_finished", f"{model}: training finished", facts))
    tell(Event("model_registered", f"{model} {version} is registered", facts))
    if promoted:
        tell(Event("promoted", f"{model} {version} is the champion", facts))
    else:
        tell(Event("refused", f"{model} {version} did not pass the gate", facts))


def _shadow(paths: Paths, registry: Registry, version: str, rules: Rules) -> dict[str, str]:
    if not rules.shadow.rows:
        return {}
    now = datetime.now(UTC)
    window = read_window(paths.root / "logs", now - timedelta(days=LOG_DAYS), now)
    folder = paths.root / "build" / "shadow"
    folder.mkdir(parents=True, exist_ok=True)
    bundle = registry.fetch_bundle(version, folder)
    result = shadow.replay(window.lines[-rules.shadow.rows :], bundle)
    if result is None:
        return {}
    if result.psi > rules.shadow.psi:
        logger.warning("version %s answers differently: PSI %.2f", version, result.psi)
    return shadow.to_facts(result)


def _dvc(paths: Paths, *arguments: str) -> None:
    command = [str(Path(sys.executable).with_name("dvc")), *arguments]
    done = subprocess.run(command, cwd=paths.root, check=False)  # noqa: S603
    if done.returncode:
        raise PipelineError(f"dvc {' '.join(arguments)} ended with {done.returncode}")
