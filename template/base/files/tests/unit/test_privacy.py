"""Nobody but the team hears of what runs here."""

import os
import subprocess
import sys
from pathlib import Path

from onnx import TensorProto, helper

LOAD = """
import sys
from project_package.graph import open_graph
import mlflow.telemetry

open_graph(sys.stdin.buffer.read())
print(mlflow.telemetry.get_telemetry_client())
"""


def test_libraries_report_nothing(tmp_path: Path) -> None:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", [x], [y])
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])

    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", LOAD],
        input=model.SerializeToString(),
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        check=True,
    )

    assert done.stdout.strip() == b"None"
    # Telemetry keeps the device's id in the home directory, and what it has not sent yet.
    assert list(tmp_path.iterdir()) == []
