"""Why is this model here? Its lineage on one screen: `make why MODEL=champion`."""

import argparse
import logging
from typing import Any

from project_package import stage
from project_package.errors import PipelineError
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof.recorded import lineage_problems, read_bundle
from project_package.training.registry import CHAMPION, Registry


def screen(described: dict[str, Any], facts: dict[str, str]) -> str:
    """Return what is known of the model that `described` (its `model.json`) is about."""
    dirty = "  (with changes that were not committed)" if described["git_dirty"] else ""
    decision = facts.get("decision", "nobody decided yet")
    lines = [
        f"{described['name']}, version {described['version']}: {decision}",
        f"  by           {facts.get('decided_by', 'nobody')}",
        f"  when         {facts.get('decided_at', 'never')}",
        f"  why          {facts.get('reason', 'no reason is recorded')}",
        "",
        f"  code         {described['git_commit']}{dirty}",
        f"  data         {described['data_hash']}, {described['rows']} rows to learn from",
        f"  remote       {described['data_remote']}",
        f"  environment  {described['environment_hash']} (uv.lock)",
        f"  trained      {described['trained_at']} by {described['trained_by']}",
        f"  run          {described['run_id']}",
        f"  algorithm    {described['algorithm']}",
        "",
        *_metrics(described),
        "",
        *(f"  {_mark(check)} {check['name']:20}{check['reason']}" for check in _checks(described)),
        "",
        "  parameters",
        *(f"    {name:42}{value}" for name, value in described["params"].items()),
        "",
        f"  reports      {', '.join(described['reports'])}: in the run, see `make mlflow`",
    ]
    return "\n".join(lines)


def _metrics(described: dict[str, Any]) -> list[str]:
    """Return the metrics beside those of the baseline, and of the champion if there was one."""
    before = described["gate"]["champion"]
    others = {"baseline": described["baseline"], f"version {before}": described["champion_before"]}
    shown = {name: values for name, values in others.items() if values}
    lines = [f"  {'metric':24}{'model':>12}" + "".join(f"{name:>12}" for name in shown)]
    for name, value in described["metrics"].items():
        compared = "".join(f"{values[name]:12.4f}" for values in shown.values())
        lines.append(f"  {name:24}{value:12.4f}{compared}")
    return lines if before else [*lines, "  there was no champion to compare with"]


def _checks(described: dict[str, Any]) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = described["gate"]["checks"]
    return checks


def _mark(check: dict[str, Any]) -> str:
    return "ok  " if check["passed"] else "FAIL"


def main() -> None:
    """Print the screen of one model; exit with 1 where registry and bundle disagree about it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=CHAMPION, help="an alias or a version")
    name = parser.parse_args().model

    def why(paths: Paths, parameters: Parameters) -> None:
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        registry = Registry(paths, parameters.registry.model)
        version = registry.resolve(name)
        facts = registry.facts(version)
        print(screen(read_bundle(registry, version), facts))  # noqa: T201
        problems = lineage_problems(paths, parameters) if name == CHAMPION else []
        if problems:
            raise PipelineError("; ".join(problems), "see docs/training.md, Lineage")

    stage.run(why)


if __name__ == "__main__":
    main()
