"""The whole pipeline in one process, in any folder: for tests, experiments and a fast check."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from project_package import stage
from project_package.data.ingest import ingest
from project_package.data.prepare import prepare
from project_package.data.validate import validate
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.training.evaluate import evaluate
from project_package.training.register import register
from project_package.training.train import train

Step = Callable[[Paths, Parameters], object]

STAGES: dict[str, Step] = {
    "ingest": ingest,
    "validate": validate,
    "prepare": prepare,
    "train": train,
    "evaluate": evaluate,
    "register": register,
}


def rehearse(paths: Paths, parameters: Parameters) -> None:
    """Run all stages, one after the other, on the source that `parameters` name."""
    for run in STAGES.values():
        run(paths, parameters)


def in_scratch(paths: Paths, parameters: Parameters) -> None:
    """Run all stages in a folder that is thrown away, and with it its registry."""
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Paths(Path(folder))
        shutil.copytree(paths.root / "sample", scratch.root / "sample")
        rehearse(scratch, parameters)


if __name__ == "__main__":
    stage.run(in_scratch)
    sys.exit(0)
