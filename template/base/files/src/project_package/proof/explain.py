"""Follow one example of the champion through the graph, node by node."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from project_package.graph import open_graph
from project_package.packing import Inputs, pack
from project_package.paths import Paths
from project_package.proof.terminal import say

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Step:
    """What one node of the graph gave for the example."""

    operation: str
    output: str
    value: NDArray[Any]


def explain(graph: bytes, inputs: Inputs) -> list[Step]:
    """Return what each node gives for `inputs`, in the order in which the graph computes."""
    model = onnx.load_from_string(graph)
    wanted = {output.name for output in model.graph.output}
    made = [(node.op_type, name) for node in model.graph.node for name in node.output if name]
    extra = [name for _, name in made if name not in wanted]
    model.graph.output.extend([helper.make_empty_tensor_value_info(name) for name in extra])
    session = open_graph(model.SerializeToString())
    values = session.run([name for _, name in made], inputs)
    return [
        Step(operation, name, np.asarray(value))
        for (operation, name), value in zip(made, values, strict=True)
    ]


def example(bundle: Path, number: int) -> dict[str, Any]:
    """Return an example of `bundle`: its inputs, and what the model answered when it was made."""
    found: dict[str, Any] = json.loads((bundle / "examples.json").read_text("utf-8"))[number]
    return found


def packed(row: dict[str, Any]) -> Inputs:
    """Return `row` as the graph takes it."""
    return pack({name: [value] for name, value in row.items()})


def main() -> None:
    """Print the inputs and the steps of an example of the champion."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", nargs="?", type=int, default=0, help="which example, from 0")
    bundle = Paths(Path.cwd()).champion
    row = example(bundle, parser.parse_args().number)["inputs"]
    for name, value in row.items():
        say(f"{'input':22}{name:28}{value}")
    for step in explain((bundle / "model.onnx").read_bytes(), packed(row)):
        say(f"{step.operation:22}{step.output:28}{_short(step.value)}")


def _short(value: NDArray[Any]) -> str:
    flat = value.ravel()
    shown = " ".join(str(item) for item in flat[:SHOWN])
    return f"{shown} … {flat.size} values" if flat.size > SHOWN else shown


if __name__ == "__main__":
    main()
