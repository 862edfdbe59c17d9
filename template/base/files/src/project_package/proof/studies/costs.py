"""What training and serving take: seconds, milliseconds, rows and memory."""

import statistics
import subprocess
import sys
import time
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from project_package.graph import graph_scores, open_graph
from project_package.packing import pack
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof.studies.rows import fitted, winner

SINGLE_ROWS = 300

# As the service does it: the bundle is loaded and asked, without pandas or scikit-learn.
SERVED = """
import resource, sys
from pathlib import Path
from project_package.service.model import load
from project_package.service.rows import NAMES, pack
model = load(Path(sys.argv[1]))
example = model.examples[0].inputs
for _ in range(200):
    model.predict(pack([tuple(example[name] for name in NAMES)]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def costs(paths: Paths, parameters: Parameters) -> dict[str, Any]:
    """Return the time of one training, of one row, of many rows, and the memory of serving."""
    rows, held_out = pd.read_parquet(paths.train), pd.read_parquet(paths.test)
    start = time.perf_counter()
    with threadpool_limits(limits=1):
        fitted(winner(paths, parameters), rows)
    training = time.perf_counter() - start
    session, inputs = open_graph(paths.candidate / "model.onnx"), pack(held_out)
    singles = []
    for index in range(min(SINGLE_ROWS, len(held_out))):
        row = {name: values[index : index + 1] for name, values in inputs.items()}
        start = time.perf_counter()
        graph_scores(session, row)
        singles.append(time.perf_counter() - start)
    start = time.perf_counter()
    graph_scores(session, inputs)
    together = time.perf_counter() - start
    return {
        "training_seconds": round(training, 2),
        "row_milliseconds": round(statistics.median(singles) * 1000, 3),
        "rows_per_second": round(len(held_out) / together),
        "serving_megabytes": _megabytes(paths),
    }


def _megabytes(paths: Paths) -> int:
    command = [sys.executable, "-c", SERVED, str(paths.champion)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return int(done.stdout)
