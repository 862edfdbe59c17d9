"""Name the graph's outputs: `label` (int64) and `probability` of the positive class (float32)."""

import onnx
from onnx import TensorProto, helper
from sklearn.pipeline import Pipeline


def converter_options(pipeline: Pipeline) -> dict[int, dict[str, bool]]:
    """Return what skl2onnx must know: probabilities as one tensor, not as a list of maps."""
    return {id(pipeline): {"zipmap": False}}


def finish_graph(model: onnx.ModelProto, threshold: float) -> None:
    """Replace `model`'s outputs, the label of the larger class among them, by ours.

    A row is labelled 1 from `threshold` on, so that no client has to know the threshold.
    """
    label, both = (output.name for output in model.graph.output)
    _rename(model.graph, label, "largest_class")
    model.graph.initializer.extend(
        [
            helper.make_tensor("positive_class", TensorProto.INT64, [], [1]),
            helper.make_tensor("threshold", TensorProto.FLOAT, [], [threshold]),
        ]
    )
    model.graph.node.extend(
        [
            helper.make_node("Gather", [both, "positive_class"], ["probability"], axis=1),
            helper.make_node("GreaterOrEqual", ["probability", "threshold"], ["is_positive"]),
            helper.make_node("Cast", ["is_positive"], ["label"], to=TensorProto.INT64),
        ]
    )
    del model.graph.output[:]
    model.graph.output.extend(
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None]),
        ]
    )


def _rename(graph: onnx.GraphProto, name: str, to: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [to if each == name else each for each in names]
