"""Stage 5: judge the candidate on the held-out days, against the baseline and the champion."""

import json
import logging
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray

from project_package import bundle, problem, schema, stage
from project_package.errors import PipelineError
from project_package.graph import graph_scores, open_graph
from project_package.packing import pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.target import TARGET
from project_package.training import champion
from project_package.training.chance import error_of_gain
from project_package.training.gate import Slice, gate, loses, not_comparable
from project_package.training.plots import write_plots

logger = logging.getLogger(__name__)

TIMED_ROWS = 200


@dataclass(frozen=True, slots=True)
class Scored:
    """Held-out rows, what happened, and what each model said."""

    rows: pd.DataFrame
    actual: problem.Numbers
    candidate: problem.Numbers
    constant: problem.Numbers
    baseline: problem.Numbers
    champion: problem.Numbers | None


def evaluate(paths: Paths, parameters: Parameters) -> None:
    """Write `metrics.json`, `gate.json` and plots. A gate that fails is a result, not an error.

    The champion to beat is the registry's: where `paths.champion` is another, or none as in a fresh
    checkout, it is fetched.

    Raises:
        PipelineError: A held-out row is also a training row.
    """
    train, held_out = pd.read_parquet(paths.train), pd.read_parquet(paths.test)
    check_apart(train, held_out)
    champion.refresh(paths, parameters)
    facts = json.loads((paths.candidate / "facts.json").read_text("utf-8"))
    session = open_graph(paths.candidate / "model.onnx")
    scored = _score(paths, train, held_out, session)

    thresholds = dict.fromkeys(MODELS, facts["threshold"]) | _champions_threshold(paths)
    metrics = {name: _measure(scored, name, thresholds[name]) for name in MODELS}
    slices = list(_slices(scored, parameters))
    primary = {name: values[problem.PRIMARY] for name, values in metrics.items() if values}
    checks = gate(primary, slices, _milliseconds(session, held_out), parameters.gate)
    version = _version(paths)
    if version and scored.champion is None:
        checks.append(not_comparable(version))
    decision = {
        "passed": all(check.passed for check in checks),
        "champion": version,
        "checks": [asdict(check) for check in checks],
        "slices": [asdict(each) for each in slices],
    }
    _write_json(paths, "metrics.json", {whose: each for whose, each in metrics.items() if each})
    _write_json(paths, "gate.json", decision)
    write_plots(paths.plots, scored.actual, scored.candidate)
    for check in checks:
        logger.info("%-4s %s: %s", "ok" if check.passed else "FAIL", check.name, check.reason)
    if version is None:
        logger.info("there is no champion to compare with")


MODELS = ("candidate", "constant", "baseline", "champion")


def check_apart(train: pd.DataFrame, held_out: pd.DataFrame) -> None:
    """Raise PipelineError where a row, by its key, is in both parts."""
    key = [column.name for column in schema.KEY]
    shared = train[key].merge(held_out[key], on=key)
    if len(shared):
        raise PipelineError(
            f"{len(shared)} held-out rows are training rows too, the first is "
            f"{shared.iloc[0].to_dict()}",
            "see data/prepare.py: whole days are held out",
        )


def _score(
    paths: Paths,
    train: pd.DataFrame,
    held_out: pd.DataFrame,
    session: onnxruntime.InferenceSession,
) -> Scored:
    inputs = pack(held_out)
    feature = [problem.BASELINE_FEATURE]
    baseline = problem.baseline().fit(train[feature], train[TARGET.name])
    return Scored(
        rows=held_out,
        actual=held_out[TARGET.name].to_numpy(dtype=float),
        candidate=graph_scores(session, inputs),
        constant=np.full(len(held_out), train[TARGET.name].mean()),
        baseline=problem.scores(baseline, held_out[feature]),
        champion=_champion_scores(paths, held_out),
    )


def _champion_scores(paths: Paths, held_out: pd.DataFrame) -> problem.Numbers | None:
    described = bundle.describe(paths.champion)
    if described is None or described["contract"] != schema.digest():
        # A champion of another contract takes other inputs: it cannot be asked about these rows.
        return None
    return graph_scores(open_graph(paths.champion / "model.onnx"), pack(held_out))


def _version(paths: Paths) -> str | None:
    described = bundle.describe(paths.champion)
    return str(described["version"]) if described else None


def _champions_threshold(paths: Paths) -> dict[str, Any]:
    """Return the threshold that the champion decides by, where its bundle says one."""
    described = bundle.describe(paths.champion) or {}
    return {"champion": described["threshold"]} if "threshold" in described else {}


def _measure(scored: Scored, name: str, threshold: Any) -> dict[str, float]:
    score = getattr(scored, name)
    return {} if score is None else problem.measure(scored.actual, score, threshold)


def _slices(scored: Scored, parameters: Parameters) -> Iterator[Slice]:
    for column in parameters.gate.slices:
        for value, rows in sorted(scored.rows.groupby(column).indices.items()):
            if len(rows) >= parameters.gate.slice_rows:
                yield judge_slice(scored, column, str(value), np.asarray(rows), parameters)


def judge_slice(
    scored: Scored, column: str, value: str, rows: NDArray[np.intp], parameters: Parameters
) -> Slice:
    """Return the metric of candidate and champion on `rows`, positions of those with `value`.

    Only a loss has an error, for only there does the gate ask what chance may explain.
    """
    actual, candidate = scored.actual[rows], scored.candidate[rows]
    part = Slice(column, value, len(rows), problem.primary(actual, candidate))
    if scored.champion is None:
        return part
    champion = scored.champion[rows]
    part = replace(part, champion=problem.primary(actual, champion))
    if not loses(part, parameters.gate):
        return part
    return replace(part, error=error_of_gain(actual, candidate, champion, parameters.seed))


def _milliseconds(session: onnxruntime.InferenceSession, rows: pd.DataFrame) -> float:
    """Return the median time of one row alone."""
    inputs = pack(rows.head(TIMED_ROWS))
    times = []
    for index in range(len(inputs["numbers"])):
        row = {name: values[index : index + 1] for name, values in inputs.items()}
        start = time.perf_counter()
        graph_scores(session, row)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def _write_json(paths: Paths, name: str, content: object) -> None:
    paths.reports.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=2, default=_plain)
    (paths.reports / name).write_text(text + "\n", "utf-8")


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else str(value)


if __name__ == "__main__":
    stage.run(evaluate)
