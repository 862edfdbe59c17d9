"""Run the exported graph: the same file and the same call in evaluation, batch and tests."""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from project_package.packing import Inputs

Outputs = dict[str, NDArray[np.generic]]


def open_graph(model: Path | bytes) -> onnxruntime.InferenceSession:
    """Return a session of the ONNX `model`, which uses one thread."""
    options = onnxruntime.SessionOptions()
    # Threads share the trees even of one row, and the sharing then costs more than the work.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run_graph(session: onnxruntime.InferenceSession, inputs: Inputs) -> Outputs:
    """Return the graph's outputs for packed `inputs`, by name, one value a row."""
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def graph_scores(session: onnxruntime.InferenceSession, inputs: Inputs) -> NDArray[np.float64]:
    """Return the score of each row: the graph's one output of kind float."""
    outputs = run_graph(session, inputs)
    (score,) = (value for value in outputs.values() if value.dtype == np.float32)
    return score.astype(np.float64)
