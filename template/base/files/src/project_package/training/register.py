"""Stage 6: record the run, register the candidate, and let the gate decide about the champion."""

import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from project_package import bundle, problem, schema, stage
from project_package.lineage import Lineage, read_lineage
from project_package.notify import Event, notify
from project_package.parameters import Parameters, flatten
from project_package.paths import Paths
from project_package.training.export import ML_OPSET, OPSET
from project_package.training.gate import abandoned
from project_package.training.model_card import model_card
from project_package.training.registry import (
    COMPARED,
    GRAPH,
    HELD,
    Registered,
    Registry,
    require,
)
from project_package.training.telling import decided

# Set, to who that is, where somebody else has the last word: what passes is registered and waits.
HOLD = "REGISTER_HOLD"

# What tells people about a version; the run keeps them.
REPORTS = ("reports/model_card.md", "reports/validation.md", "reports/plots")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a candidate; `decision` is empty where somebody else has the last word."""

    registered: Registered
    decision: Mapping[str, str]

    def events(self, model: str) -> Iterator[Event]:
        """Yield what people should hear of it, in the order in which it happened."""
        version = self.registered.version
        yield Event("run_finished", f"{model}: training finished", asdict(self.registered))
        yield Event("model_registered", f"{model}: version {version} is registered")
        if self.decision:
            yield decided(self.decision["decision"], model, version, self.decision)


def register_and_tell(paths: Paths, parameters: Parameters) -> None:
    """Register the candidate, and tell people what became of it.

    Who only rehearses calls `register`, of which nobody hears.
    """
    for event in register(paths, parameters).events(parameters.registry.model):
        notify(event)


def register(paths: Paths, parameters: Parameters) -> Outcome:
    """Register the candidate as challenger, and as champion only where its gate is passed.

    `paths.champion` changes only when the champion does. With `REGISTER_HOLD` in the environment
    nothing is promoted: a candidate that passes stays a challenger about which nobody decided yet,
    and whose tag `held_for` says for whom it was registered.
    A candidate that is the same as an abandoned version does not pass. The registry is asked here,
    not when the candidate is judged: a roll-back may come later, and changes no file of `evaluate`.

    Raises:
        PipelineError: The registry's champion is not the one that the candidate was compared with.
    """
    facts = _read(paths.candidate / "facts.json")
    metrics, judged = _read(paths.reports / "metrics.json"), _read(paths.reports / "gate.json")
    # Of when it was trained: what lies here now may be newer.
    lineage, now = Lineage(**_read(paths.candidate / "lineage.json")), read_lineage(paths)
    registry = Registry(paths, parameters.registry.model)
    require(registry.champion(), judged["champion"])
    graph = bundle.digest(paths.candidate / "model.onnx")
    gate = judged | _abandoned(judged, registry.abandoned(graph))

    registered = registry.record(
        parameters=flatten(parameters) | {"algorithm": facts["algorithm"]},
        metrics=_flat(metrics) | {"parity": facts["parity"]},
        tags={name: str(value) for name, value in asdict(lineage).items()},
        folders=(paths.reports,),
    )
    described = _description(registered, parameters, lineage, facts, metrics) | {"gate": gate}
    why = _why(gate)
    waits = gate["passed"] and bool(os.environ.get(HOLD))
    promoted = gate["passed"] and not waits
    with tempfile.TemporaryDirectory() as folder:
        bundle.publish(paths.candidate, Path(folder), described)
        registry.keep_bundle(registered, Path(folder))
        # After the bundle: who finds a version by them can fetch it.
        tags = {GRAPH: graph, COMPARED: gate["champion"], HELD: os.environ.get(HOLD)}
        registry.tag(registered.version, {name: value for name, value in tags.items() if value})
        if not waits:
            registry.decide(
                registered.version,
                promoted=promoted,
                compared_with=gate["champion"],
                who=f"gate, started by {now.who}",
                when=now.when,
                why=why,
            )
        paths.champion.mkdir(parents=True, exist_ok=True)
        if promoted:
            decision = registry.decision(registered.version)
            bundle.copy(Path(folder), paths.champion, decision)
    outcome = "champion" if promoted else "challenger"
    card = paths.reports / "model_card.md"
    card.write_text(model_card(described, outcome, why), "utf-8")
    registry.keep_report(registered, card)
    logger.info("version %s is registered as %s: %s", registered.version, outcome, why)
    return Outcome(registered, {} if waits else registry.decision(registered.version))


def _abandoned(gate: dict[str, Any], version: str | None) -> dict[str, Any]:
    """Return what of `gate` is otherwise where the candidate is `version`, an abandoned one."""
    if version is None:
        return {}
    return {"passed": False, "checks": [*gate["checks"], asdict(abandoned(version))]}


def _description(
    registered: Registered,
    parameters: Parameters,
    lineage: Lineage,
    facts: dict[str, Any],
    metrics: dict[str, dict[str, float]],
) -> dict[str, Any]:
    """Return what `model.json` says about the candidate, but for the digests of its files."""
    return {
        "name": parameters.registry.model,
        "version": registered.version,
        "run_id": registered.run_id,
        "algorithm": facts["algorithm"],
        "git_commit": lineage.git_commit,
        "git_dirty": lineage.git_dirty,
        "data_hash": lineage.data_hash,
        "data_remote": lineage.data_remote,
        "environment_hash": lineage.environment_hash,
        "trained_by": lineage.who,
        "trained_at": lineage.when,
        "contract": schema.digest(),
        "opset": {"": OPSET, "ai.onnx.ml": ML_OPSET},
        "inputs": {
            "numbers": [column.name for column in schema.NUMBERS],
            "categories": [column.name for column in schema.CATEGORIES],
        },
        "outputs": facts["outputs"],
        "threshold": facts["threshold"],
        "primary": problem.PRIMARY,
        "metrics": metrics["candidate"],
        "baseline": metrics["baseline"],
        "champion_before": metrics.get("champion", {}),
        "rows": facts["rows"],
        "labelled_rows": facts["labelled_rows"],
        "newest_row": facts["newest_row"],
        "reports": list(REPORTS),
        "params": {name: _plain(value) for name, value in flatten(parameters).items()},
    }


def _why(gate: dict[str, Any]) -> str:
    failed = [check["reason"] for check in gate["checks"] if not check["passed"]]
    return "; ".join(failed) or f"all {len(gate['checks'])} checks of the gate passed"


def _flat(metrics: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the candidate's metrics under their own names, the others' with whose they are."""
    return {
        name if whose == "candidate" else f"{whose}.{name}": value
        for whose, values in metrics.items()
        for name, value in values.items()
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else str(value)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


if __name__ == "__main__":
    stage.run(register_and_tell)
