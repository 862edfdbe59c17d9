"""What can go wrong with data, training, models and traffic, and the gate that must see it."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import onnx
import pandas as pd
from mlflow import MlflowClient
from onnx import helper, numpy_helper
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from project_package import bundle, problem
from project_package.errors import PipelineError
from project_package.packing import pack
from project_package.parameters import Gate as GateRules
from project_package.parameters import Parameters, read_parameters
from project_package.paths import Paths
from project_package.proof import gates
from project_package.proof.gates import Gate
from project_package.proof.scratch import Scratch
from project_package.schema import CATEGORIES, FEATURES, NUMBERS, TIME
from project_package.target import OUTCOME, TARGET
from project_package.training.export import export_graph, frame_of
from project_package.training.registry import CHAMPION, Registry
from project_package.training.train import train

Injection = Callable[[Scratch], None]

# The columns that faults are injected into: any would do.
NUMBER = next(c for c in NUMBERS if not c.derived and c.maximum is not None and not c.nullable)
SPARSE = next(c for c in NUMBERS if c.nullable)
CATEGORY = next(c for c in CATEGORIES if c.categories)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, the gate that must turn red, and words that its reason must hold.

    `spares` are words for which the gate must not be red: where other checks than the one that is
    meant see the fault as well, it says nothing about that one.
    """

    name: str
    gate: Gate
    reason: str
    inject: Injection
    spares: tuple[str, ...] = ()

    def is_reason_of(self, said: str) -> bool:
        """Return whether `said` holds the reason, and none that the fault spares."""
        return self.reason in said and not any(word in said for word in self.spares)


def _raw(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Injection:
    """Return an injection that changes the raw data."""

    def inject(scratch: Scratch) -> None:
        change(pd.read_parquet(scratch.paths.raw)).to_parquet(scratch.paths.raw, index=False)

    return inject


def _train(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Injection:
    """Return an injection that changes the rows that models learn from."""

    def inject(scratch: Scratch) -> None:
        change(pd.read_parquet(scratch.paths.train)).to_parquet(scratch.paths.train, index=False)

    return inject


def _missing_burst(raw: pd.DataFrame) -> pd.DataFrame:
    rows = raw.sample(frac=SPARSE.missing_share + 0.1, random_state=0).index
    raw.loc[rows, SPARSE.name] = np.nan
    return raw


def _flipped_balance(raw: pd.DataFrame) -> pd.DataFrame:
    rows = raw[raw[OUTCOME.name].notna()].sample(frac=0.9, random_state=0).index
    raw.loc[rows, OUTCOME.name] = raw[OUTCOME.name].quantile(0.99)
    return raw


def _renamed_category(raw: pd.DataFrame) -> pd.DataFrame:
    name = CATEGORY.categories[0]
    return raw.assign(**{CATEGORY.name: raw[CATEGORY.name].replace(name, f"{name} (new)")})


def _without_newest(raw: pd.DataFrame) -> pd.DataFrame:
    times = pd.to_datetime(raw[TIME.name])
    return raw[times < times.max() - pd.Timedelta(days=60)]


def _shuffled(rows: pd.DataFrame) -> pd.DataFrame:
    shuffled = rows[TARGET.name].sample(frac=1, random_state=0).to_numpy()
    return rows.assign(**{TARGET.name: shuffled})


def _constant(rows: pd.DataFrame) -> pd.DataFrame:
    first = {column.name: rows[column.name].dropna().iloc[0] for column in FEATURES}
    return rows.assign(**first)


def _few(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sample(2000, random_state=0)


def _leaked_target(scratch: Scratch) -> None:
    for path in (scratch.paths.train, scratch.paths.test):
        rows = pd.read_parquet(path)
        rows.assign(**{NUMBER.name: rows[TARGET.name]}).to_parquet(path, index=False)


def _shared_rows(scratch: Scratch) -> None:
    held_out = pd.read_parquet(scratch.paths.test).head(20)
    _train(lambda rows: pd.concat([rows, held_out]))(scratch)


def _broken_slice(scratch: Scratch) -> None:
    """Publish a champion that is better on the smallest slice alone: it knows that by heart.

    Raises:
        PipelineError: No slice is judged.
    """
    held_out, rows = pd.read_parquet(scratch.paths.test), pd.read_parquet(scratch.paths.train)
    part = _smallest_slice(held_out, scratch.parameters.gate)
    _train(lambda all_rows: pd.concat([all_rows.sample(1000, random_state=0), part]))(scratch)
    scratch.train(scratch.paths, scratch.parameters)
    _publish_candidate(scratch)
    rows.to_parquet(scratch.paths.train, index=False)


def _smallest_slice(rows: pd.DataFrame, rules: GateRules) -> pd.DataFrame:
    for column in reversed(rules.slices):
        counts = rows[column].value_counts()
        if judged := list(counts[counts >= rules.slice_rows].index):
            smallest: pd.DataFrame = rows[rows[column] == judged[-1]]
            return smallest
    raise PipelineError("no slice is judged", "name columns in gate.slices of params.yaml")


def _without_seed(scratch: Scratch) -> None:
    """Let each training learn from a sample of its own, which nobody can draw again."""
    anew = np.random.RandomState()

    def train_on_a_sample(paths: Paths, parameters: Parameters) -> None:
        whole = pd.read_parquet(paths.train)
        whole.sample(frac=0.99, random_state=anew).to_parquet(paths.train, index=False)
        train(paths, parameters)
        whole.to_parquet(paths.train, index=False)

    scratch.train = train_on_a_sample


def _lost_scaler(scratch: Scratch) -> None:
    """Leave a pipeline that scales numbers beside a graph that forgot how."""
    rows = pd.read_parquet(scratch.paths.train).sample(2000, random_state=0)
    facts = json.loads((scratch.paths.candidate / "facts.json").read_text("utf-8"))
    pipeline = _scaling_pipeline(scratch)
    pipeline.fit(frame_of(pack(rows)), rows[TARGET.name].to_numpy(dtype=float))
    joblib.dump(pipeline, scratch.paths.candidate / "pipeline.joblib")
    forgetful = copy.deepcopy(pipeline)
    scaler = _scaler(forgetful)
    scaler.mean_, scaler.scale_ = np.zeros_like(scaler.mean_), np.ones_like(scaler.scale_)
    graph = export_graph(forgetful, facts["threshold"])
    (scratch.paths.candidate / "model.onnx").write_bytes(graph)


def _scaling_pipeline(scratch: Scratch) -> Pipeline:
    every = read_parameters(scratch.paths.parameters)
    pipelines = problem.candidates(every.train.candidates, every.seed).values()
    return next(pipeline for pipeline in pipelines if "StandardScaler" in repr(pipeline))


def _scaler(pipeline: Pipeline) -> StandardScaler:
    numbers: Pipeline = pipeline[0].named_transformers_["numbers"]
    return numbers[-1]


def _slow_graph(scratch: Scratch) -> None:
    """Make the candidate's graph multiply large matrices before it answers."""

    def slow_down(graph: onnx.GraphProto) -> None:
        score = graph.output[-1].name
        large = numpy_helper.from_array(np.zeros((900, 900), np.float32), "large")
        graph.initializer.append(large)
        graph.node.extend(
            [
                # The sum depends on the input, or it would be worked out once, beforehand.
                helper.make_node("ReduceSum", ["numbers_any"], ["any_number"], keepdims=0),
                helper.make_node("Add", ["large", "any_number"], ["filled"]),
                helper.make_node("MatMul", ["filled", "large"], ["product"]),
                helper.make_node("ReduceSum", ["product"], ["nothing"], keepdims=0),
                helper.make_node("Add", ["quick_score", "nothing"], [score]),
            ]
        )
        graph.node.insert(0, helper.make_node("IsNaN", ["numbers"], ["numbers_missing"]))
        graph.node.insert(1, helper.make_node("Cast", ["numbers_missing"], ["numbers_any"], to=1))
        for node in graph.node[2:-1]:
            node.output[:] = ["quick_score" if name == score else name for name in node.output]
            node.input[:] = ["quick_score" if name == score else name for name in node.input]

    _edit_graph(scratch.paths.candidate, slow_down)


def _reordered_columns(scratch: Scratch) -> None:
    """Publish a graph that takes its numbers in another order, with papers that fit the file."""

    def reorder(graph: onnx.GraphProto) -> None:
        for node in graph.node:
            node.input[:] = ["reordered" if name == "numbers" else name for name in node.input]
        order = np.arange(len(NUMBERS))[::-1].copy()
        graph.initializer.append(numpy_helper.from_array(order, "order"))
        gather = helper.make_node("Gather", ["numbers", "order"], ["reordered"], axis=1)
        graph.node.insert(0, gather)

    _edit_graph(scratch.paths.candidate, reorder)
    _publish_candidate(scratch)


def _publish_candidate(scratch: Scratch) -> None:
    """Put the candidate's files in the champion's place, with papers that fit them."""
    described = bundle.describe(scratch.paths.champion)
    assert described is not None  # noqa: S101 - the scratch copy has a champion
    bundle.publish(scratch.paths.candidate, scratch.paths.champion, described)


def _edit_graph(folder: Path, edit: Callable[[onnx.GraphProto], None]) -> None:
    model = onnx.load(folder / "model.onnx")
    edit(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, folder / "model.onnx")


def _corrupt_file(scratch: Scratch) -> None:
    path = scratch.paths.champion / "model.onnx"
    path.write_bytes(path.read_bytes()[:-100])


def _other_contract(scratch: Scratch) -> None:
    path = scratch.paths.champion / bundle.DESCRIPTION
    described = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(described | {"contract": "0" * 16}), "utf-8")


def _other_data_hash(scratch: Scratch) -> None:
    registry = Registry(scratch.paths, scratch.parameters.registry.model)
    run_id = registry.facts(registry.resolve(CHAMPION))["run_id"]
    MlflowClient().set_tag(run_id, "data_hash", "0" * 32)


def _log_off(scratch: Scratch) -> None:
    # A file where the log's folder should be: nothing can be written.
    (scratch.paths.root / "logs").write_text("", "utf-8")


def _drifted_traffic(scratch: Scratch) -> None:
    rows = pd.read_parquet(scratch.paths.test)
    spread = rows[SPARSE.name].std()
    rows.assign(**{SPARSE.name: rows[SPARSE.name] + 2 * spread}).to_parquet(scratch.paths.test)


FAULTS = (
    Fault(
        "a column is dropped",
        gates.validation,
        f"{NUMBER.name}: is there",
        _raw(lambda raw: raw.drop(columns=NUMBER.name)),
    ),
    Fault(
        "a feature is scaled by 1,000",
        gates.validation,
        f"{NUMBER.name}: is at most",
        _raw(lambda raw: raw.assign(**{NUMBER.name: raw[NUMBER.name] * 1000})),
    ),
    Fault(
        "a category is renamed",
        gates.validation,
        f"{CATEGORY.name}: is one of",
        _raw(_renamed_category),
    ),
    Fault(
        "a burst of missing values",
        gates.validation,
        f"{SPARSE.name}: is missing in at most",
        _raw(_missing_burst),
    ),
    Fault(
        "rows are duplicated",
        gates.validation,
        "is unique for each row",
        _raw(lambda raw: pd.concat([raw, raw.head(50)])),
    ),
    Fault(
        "the balance of the target flips",
        gates.validation,
        "has a mean target between",
        _raw(_flipped_balance),
    ),
    Fault("data are stale", gates.validation, "but ends on", _raw(_without_newest)),
    Fault("held-out rows are learnt from", gates.evaluation, "are training rows too", _shared_rows),
    Fault("labels are shuffled", gates.retraining, "constant:", _train(_shuffled)),
    Fault("the target leaks into a feature", gates.retraining, "plausible:", _leaked_target),
    Fault("the model is constant", gates.retraining, "constant:", _train(_constant)),
    Fault(
        "it is worse than the champion",
        gates.retraining,
        "champion:",
        _train(_few),
        spares=("constant:", "baseline:"),
    ),
    Fault(
        "it is worse on one slice only",
        gates.retraining,
        "there, against the champion",
        _broken_slice,
        spares=("constant:", "baseline:", "champion:"),
    ),
    Fault("training is not repeatable", gates.repetition, "two different", _without_seed),
    Fault("the scaler is lost at export", gates.parity, "differs from", _lost_scaler),
    Fault("the graph is too slow", gates.evaluation, "latency:", _slow_graph),
    Fault("columns are reordered at export", gates.loading, "an example gives", _reordered_columns),
    Fault("the model file is corrupt", gates.loading, "is not the file", _corrupt_file),
    Fault("the model is of another contract", gates.loading, "another schema", _other_contract),
    Fault("the registry names other data", gates.lineage, "data_hash", _other_data_hash),
    Fault("the prediction log is off", gates.prediction_log, "no line", _log_off),
    Fault("traffic has drifted", gates.drift, f"{SPARSE.name} has shifted", _drifted_traffic),
)
