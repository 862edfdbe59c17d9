"""Name the graph's output: `value` (float32), one number a row."""

import onnx
from onnx import TensorProto, helper
from sklearn.pipeline import Pipeline


def converter_options(pipeline: Pipeline) -> dict[int, dict[str, bool]]:  # noqa: ARG001
    """Return what skl2onnx must know: nothing."""
    return {}


def finish_graph(model: onnx.ModelProto, threshold: float | None) -> None:  # noqa: ARG001
    """Replace `model`'s output, a matrix of one column, by `value`."""
    matrix = model.graph.output[0].name
    shape = helper.make_tensor("one_axis", TensorProto.INT64, [1], [-1])
    model.graph.initializer.append(shape)
    model.graph.node.append(helper.make_node("Reshape", [matrix, "one_axis"], ["value"]))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("value", TensorProto.FLOAT, [None]))
