"""The fitted pipeline as an ONNX graph, and the proof that both say the same."""

import numpy as np
import onnx
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline

from project_package import problem
from project_package.errors import PipelineError
from project_package.graph import graph_scores, open_graph
from project_package.packing import MISSING_CATEGORY, Inputs, pack
from project_package.schema import CATEGORIES, NUMBERS
from project_package.target import TARGET
from project_package.training.outputs import converter_options, finish_graph

OPSET = 18
ML_OPSET = 3
UNSEEN_CATEGORY = "never seen before"


def export_graph(pipeline: Pipeline, threshold: problem.Threshold) -> bytes:
    """Return the whole `pipeline`, features included, as an ONNX model with two packed inputs."""
    lower_thresholds(pipeline)
    model = to_onnx(
        pipeline,
        initial_types=[
            ("numbers", FloatTensorType([None, len(NUMBERS)])),
            ("categories", StringTensorType([None, len(CATEGORIES)])),
        ],
        options=converter_options(pipeline),
        target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
    )
    finish_graph(model, threshold)
    # Equal models get equal bytes: skl2onnx draws the name at random, and lists the operator sets
    # in the order of a Python set, which differs from process to process.
    model.graph.name = "pipeline"
    operator_sets = sorted(model.opset_import, key=lambda each: each.domain)
    del model.opset_import[:]
    model.opset_import.extend(operator_sets)
    onnx.checker.check_model(model)
    exported: bytes = model.SerializeToString()
    return exported


def lower_thresholds(pipeline: Pipeline) -> None:
    """Round the split thresholds of gradient boosting down to float32, in place.

    The graph's thresholds are float32, as all numbers are. One halfway between two neighbours
    could be rounded up to the higher, which then changes sides. Rounded down, it parts the same
    numbers as before, in Python and in the graph.
    """
    for iteration in getattr(pipeline[-1], "_predictors", ()):
        for tree in iteration:
            exact = tree.nodes["num_threshold"]
            rounded = exact.astype(np.float32)
            below = np.nextafter(rounded, np.float32(-np.inf))
            tree.nodes["num_threshold"] = np.where(rounded > exact, below, rounded)


def check_parity(pipeline: Pipeline, graph: bytes, rows: pd.DataFrame, tolerance: float) -> float:
    """Return the largest difference between `pipeline` and `graph` on `rows` and on odd ones.

    It is a share of the largest target in `rows`: what is added up in float32 is off by a share of
    its terms, even where they cancel each other.

    Raises:
        PipelineError: It exceeds `tolerance`. Float32 rounding at a split is the usual reason.
    """
    session = open_graph(graph)
    inputs = odd_rows(pack(rows))
    expected = problem.scores(pipeline, frame_of(inputs))
    scale = float(rows[TARGET.name].abs().max()) or 1.0
    difference = np.abs(graph_scores(session, inputs) - expected) / scale
    largest = float(np.max(difference))
    if not largest <= tolerance:
        wrong = int((~(difference <= tolerance)).sum())
        raise PipelineError(
            f"the ONNX graph differs from the Python pipeline by up to {largest:.2g} of the "
            f"largest target, on {wrong} of {len(difference)} rows",
            "see docs/training.md, Export",
        )
    return largest


def frame_of(inputs: Inputs) -> pd.DataFrame:
    """Return packed `inputs` as the frame that the Python pipeline takes."""
    numbers = pd.DataFrame(inputs["numbers"], columns=[column.name for column in NUMBERS])
    categories = pd.DataFrame(inputs["categories"], columns=[column.name for column in CATEGORIES])
    return pd.concat([numbers, categories], axis=1)


def odd_rows(inputs: Inputs) -> Inputs:
    """Return `inputs` followed by the rows that exports get wrong.

    They are the same rows with whole numbers, and with each column in turn missing or, for a
    category, unseen.
    """
    numbers, categories = [inputs["numbers"], np.round(inputs["numbers"])], [inputs["categories"]]
    categories.append(inputs["categories"])
    few = slice(0, None, max(1, len(inputs["numbers"]) // 200))
    for index in range(len(NUMBERS)):
        numbers.append(_with(inputs["numbers"][few], index, np.nan))
        categories.append(inputs["categories"][few])
    for index in range(len(CATEGORIES)):
        for name in (MISSING_CATEGORY, UNSEEN_CATEGORY):
            numbers.append(inputs["numbers"][few])
            categories.append(_with(inputs["categories"][few], index, name))
    return {"numbers": np.concatenate(numbers), "categories": np.concatenate(categories)}


def _with(rows: np.ndarray, index: int, value: object) -> np.ndarray:
    changed = rows.copy()
    changed[:, index] = value
    return changed
