"""A trained project with a log of what its champion answered, and labels that came later."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from project_package.data.ingest import ingest
from project_package.notify import Event
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.retraining.reasons import read_rules
from project_package.retraining.run import INGEST, TRAIN, Round
from project_package.schema import TIME
from project_package.service.rows import NAMES
from project_package.target import TARGET
from project_package.training.evaluate import evaluate
from project_package.training.register import HOLD, register

ROOT = Path(__file__).parents[2]


@dataclass
class Team:
    """What a round of retraining meets, and what people heard of it."""

    paths: Paths
    parameters: Parameters
    heard: list[Event]
    ran: list[tuple[str, ...]]

    def round(self) -> Round:
        """Return a round by the delivered rules, whose stages run in this process."""
        rules = read_rules(ROOT / "retraining.toml")
        return Round(self.paths, self.parameters, rules, self.heard.append, self._run)

    def grow(self, share: float) -> None:
        """Let the source have `share` more rows than it had at first, a year later."""
        sample = ROOT / "sample" / "flights.csv.gz"
        raw = pd.read_csv(sample, dtype={"flight": str})
        newer = raw.tail(round(share * len(raw))).copy()
        later = pd.to_datetime(newer[TIME.name]) + pd.DateOffset(years=1)
        newer[TIME.name] = later.dt.strftime("%Y-%m-%dT%H:%M")
        source = self.paths.root.parent / "raw.csv"
        pd.concat([raw, newer]).to_csv(source, index=False)
        grown = replace(self.parameters.ingest, source=str(source))
        self.parameters = replace(self.parameters, ingest=grown)

    def find(self, *findings: tuple[str, str]) -> None:
        """Let the monitor have found this, as (what, of which column or metric)."""
        report = self.paths.reports / "monitoring" / "report.json"
        _write(report, json.dumps({"findings": findings}))

    def kinds(self) -> list[str]:
        """Return the kinds of the events that people heard of."""
        return [event.kind for event in self.heard]

    def log(self, rows: pd.DataFrame, scores: Sequence[float], version: str = "1") -> None:
        """Let `version` have answered `rows` so; their outcomes are known by now."""
        time = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        inputs = json.loads(rows[list(NAMES)].to_json(orient="records"))
        answers = zip(inputs, scores, strict=True)
        lines = [
            {
                "time": time,
                "request_id": f"{version}-{number}",
                "row": 0,
                "model_version": version,
                "inputs": row,
                "outputs": {"score": float(score)},
            }
            for number, (row, score) in enumerate(answers)
        ]
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        _write(self.paths.root / "logs" / version / "predictions.jsonl", text)
        known = [f"{version}-{number},0,{value}" for number, value in enumerate(rows[TARGET.name])]
        text = "\n".join(["request_id,row,actual", *known, ""])
        _write(self.paths.root / "data" / "labels" / f"{version}.csv", text)

    def _run(self, paths: Paths, *arguments: str, holder: str = "") -> None:
        self.ran.append(arguments)
        if arguments == INGEST:
            ingest(paths, self.parameters)
        if arguments == TRAIN:
            # The candidate of the pipeline stands for one that learnt from the rows there are now.
            times = pd.to_datetime(pd.read_parquet(paths.raw)[TIME.name])
            facts = paths.candidate / "facts.json"
            content = json.loads(facts.read_text("utf-8"))
            _write(facts, json.dumps(content | {"newest_row": times.max().isoformat()}))
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(HOLD, holder)
                evaluate(paths, self.parameters)
                register(paths, self.parameters)


@pytest.fixture
def team(pipeline: Paths, parameters: Parameters, tmp_path: Path) -> Team:
    """A team whose raw data have grown by a fifth since the champion was trained."""
    shutil.copytree(pipeline.root, tmp_path / "project")
    one = Team(Paths(tmp_path / "project"), parameters, [], [])
    one.grow(0.2)
    return one


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
