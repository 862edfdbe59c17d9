"""A model in production, made up from the schema: a bundle, a prediction log, labels."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from project_package import schema
from project_package.column import Column
from project_package.monitoring.limits import Limits, read_limits
from project_package.monitoring.report import Report, Sources, make_report

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BINS = 10
NAMES = ("A", "B", "C")

Change = Callable[[dict[str, Any]], None]


def low_high(column: Column) -> tuple[float, float]:
    """Return a range to draw from."""
    return column.minimum or 0.0, 1.0 if column.maximum is None else column.maximum


@dataclass
class Scene:
    """Files that the monitor reads, and ways to fill them."""

    folder: Path
    generator: np.random.Generator

    @property
    def sources(self) -> Sources:
        """Where they lie."""
        return Sources(self.folder / "logs", self.folder / "labels", self.folder / "bundle")

    def row(self) -> dict[str, Any]:
        """Return inputs as training saw them."""
        numbers = {
            column.name: float(self.generator.uniform(*low_high(column)))
            for column in schema.NUMBERS
        }
        categories = {
            column.name: str(self.generator.choice(NAMES)) for column in schema.CATEGORIES
        }
        return numbers | categories

    def log(
        self,
        rows: int,
        *,
        change: Change = lambda _row: None,
        scores: Sequence[float] | None = None,
        version: str = "1",
        end: datetime = NOW,
    ) -> None:
        """Append `rows` predictions, one a second until `end`, each from a changed row."""
        drawn = self.generator.uniform(size=rows) if scores is None else scores
        self.sources.log.mkdir(exist_ok=True)
        with (self.sources.log / "predictions.jsonl").open("a") as stream:
            for index in range(rows):
                inputs = self.row()
                change(inputs)
                line = {
                    "time": (end - timedelta(seconds=rows - index)).isoformat(),
                    "request_id": f"{version}-{index}",
                    "row": 0,
                    "model_version": version,
                    "inputs": inputs,
                    "outputs": {"label": 0, "probability": float(drawn[index])},
                }
                stream.write(json.dumps(line) + "\n")

    def label(self, actual: Sequence[float], version: str = "1") -> None:
        """Write the outcome of the first predictions."""
        lines = [f"{version}-{index},0,{value}" for index, value in enumerate(actual)]
        self.sources.labels.mkdir(exist_ok=True)
        text = "\n".join(["request_id,row,actual", *lines, ""])
        (self.sources.labels / f"{version}.csv").write_text(text)

    def report(self) -> Report:
        """Return the report of the last day."""
        return make_report(self.sources, self.limits, NOW)

    @property
    def limits(self) -> Limits:
        """Return the limits that the repository is delivered with."""
        return read_limits(ROOT / "monitoring" / "limits.toml")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene with the bundle of a model and nothing else."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    metrics = {"roc_auc": 0.8, "brier_score": 0.2, "unknown_metric": 1.0}
    facts = {"name": "tiny", "version": "1", "metrics": metrics}
    (bundle / "model.json").write_text(json.dumps(facts))
    features = {column.name: describe(column) for column in schema.FEATURES}
    reference = {"features": features, "prediction": uniform(0.0, 1.0)}
    (bundle / "reference.json").write_text(json.dumps(reference))
    return Scene(tmp_path, np.random.default_rng(7))


def describe(column: Column) -> dict[str, Any]:
    """Return the reference of `column`: even over its range or over `NAMES`."""
    if column.kind == "category":
        return {"categories": NAMES, "counts": [1000] * len(NAMES), "missing": 0}
    return uniform(*low_high(column))


def uniform(low: float, high: float) -> dict[str, Any]:
    """Return the reference of an even distribution."""
    edges = np.linspace(low, high, BINS + 1)[1:-1]
    return {"edges": edges.tolist(), "counts": [300] * BINS, "missing": 0}
