"""The gates of pipeline and service as questions to a scratch copy: why is it red? "" is green."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import joblib
import pandas as pd
from starlette.testclient import TestClient

from project_package.data.validate import validate
from project_package.errors import PipelineError
from project_package.parameters import read_parameters
from project_package.paths import Paths
from project_package.proof.recorded import lineage_problems
from project_package.proof.scratch import Scratch
from project_package.service.app import Service
from project_package.service.drift import Drift
from project_package.service.logs import standard_output
from project_package.service.model import ModelError, load
from project_package.service.rows import NAMES, Values
from project_package.service.settings import Settings
from project_package.training.evaluate import evaluate
from project_package.training.export import check_parity

# From here on a population stability index is read as a shift; see docs/serving.md.
SHIFT = 0.25
WINDOW = 1000

Gate = Callable[[Scratch], str]


def validation(scratch: Scratch) -> str:
    """Check the raw data against the contract."""
    return _stopped_by(lambda: validate(scratch.paths, scratch.parameters))


def evaluation(scratch: Scratch) -> str:
    """Judge the candidate on held-out rows: baseline, plausibility, champion, slices, latency."""
    if stopped := _stopped_by(lambda: evaluate(scratch.paths, scratch.parameters)):
        return stopped
    decision = json.loads((scratch.paths.reports / "gate.json").read_text("utf-8"))
    failed = [check for check in decision["checks"] if not check["passed"]]
    return "; ".join(f"{check['name']}: {check['reason']}" for check in failed)


def retraining(scratch: Scratch) -> str:
    """Train on what the scratch copy holds, then judge the candidate."""
    stopped = _stopped_by(lambda: scratch.train(scratch.paths, scratch.parameters))
    return stopped or evaluation(scratch)


def repetition(scratch: Scratch) -> str:
    """Train each candidate twice: the same data, parameters and code must give the same graph."""
    every = read_parameters(scratch.paths.parameters).train.candidates
    for name, options in every.items():
        if _trained(scratch, {name: options}) != _trained(scratch, {name: options}):
            return f"two trainings of {name} gave two different graphs"
    return ""


def parity(scratch: Scratch) -> str:
    """Compare the candidate's graph with the Python pipeline that it was exported from."""
    pipeline = joblib.load(scratch.paths.candidate / "pipeline.joblib")
    graph = (scratch.paths.candidate / "model.onnx").read_bytes()
    rows, tolerance = pd.read_parquet(scratch.paths.test), scratch.parameters.export.tolerance
    return _stopped_by(lambda: check_parity(pipeline, graph, rows, tolerance))


def loading(scratch: Scratch) -> str:
    """Load the champion as the service does."""
    try:
        load(scratch.paths.champion)
    except ModelError as error:
        return str(error)
    return ""


def lineage(scratch: Scratch) -> str:
    """Compare what the registry says of the champion with the bundle that is served."""
    return "; ".join(lineage_problems(scratch.paths, scratch.parameters))


def prediction_log(scratch: Scratch) -> str:
    """Ask the real service for one prediction: its inputs and output must be in the log."""
    folder = scratch.paths.root / "logs"
    example = load(scratch.paths.champion).examples[0].inputs
    settings = Settings(model_dir=scratch.paths.champion, log_dir=folder, log_requests=False)
    service = Service(settings, output=standard_output(capacity=1))
    with TestClient(service.app) as client:
        client.post("/predict", json=example).raise_for_status()
    lines = folder / "predictions.jsonl"
    return "" if lines.is_file() and lines.read_text() else "a prediction left no line in the log"


def drift(scratch: Scratch) -> str:
    """Send held-out rows through the counters of the service and read their stability index."""
    model = load(scratch.paths.champion)
    counters = Drift(model.reference, WINDOW, WINDOW // 2)
    counters.count(list(_rows(scratch.paths)), [])
    shifts = {name: each.window.psi(WINDOW // 2) for name, each in counters.features.items()}
    return "; ".join(
        f"{name} has shifted by {shift:.2f}"
        for name, shift in shifts.items()
        if shift is not None and shift > SHIFT
    )


def _trained(scratch: Scratch, candidates: Mapping[str, Mapping[str, float]]) -> bytes:
    parameters = scratch.parameters
    chosen = replace(parameters.train, candidates=candidates)
    scratch.train(scratch.paths, replace(parameters, train=chosen))
    return (scratch.paths.candidate / "model.onnx").read_bytes()


def _rows(paths: Paths) -> Iterator[Values]:
    frame = pd.read_parquet(paths.test).sample(WINDOW, random_state=0, replace=True)
    for row in frame[list(NAMES)].itertuples(index=False, name=None):
        yield tuple(None if pd.isna(value) else value for value in row)


def _stopped_by(stage: Callable[[], object]) -> str:
    try:
        stage()
    except PipelineError as error:
        return error.message
    return ""
