"""Run one stage from the command line; its code stays a plain function that tests can call."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from project_package.errors import PipelineError
from project_package.parameters import Parameters, read_parameters
from project_package.paths import Paths

Stage = Callable[[Paths, Parameters], object]


def run(stage: Stage) -> None:
    """Run `stage` in the current folder; exit with 1 and one clear line where it must stop."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.captureWarnings(capture=True)
    paths = Paths(Path.cwd())
    try:
        stage(paths, read_parameters(paths.parameters))
    except PipelineError as error:
        sys.exit(error.told)
