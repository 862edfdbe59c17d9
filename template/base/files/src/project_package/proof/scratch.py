"""A scratch copy of the pipeline: the real stages, on the real data, in a folder that goes away."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from project_package.parameters import Parameters, read_parameters
from project_package.paths import Paths
from project_package.rehearsal import Step, rehearse
from project_package.training.train import train

# One candidate and two folds: what is proven here are gates, not models.
FOLDS = 2


@dataclass
class Scratch:
    """A folder with a whole run of the pipeline, that run's parameters, and how models learn."""

    paths: Paths
    parameters: Parameters
    train: Step = train

    @contextmanager
    def copy(self) -> Iterator["Scratch"]:
        """Yield a copy to break; it is deleted in the end."""
        with tempfile.TemporaryDirectory() as folder:
            root = shutil.copytree(self.paths.root, Path(folder) / "copy")
            yield Scratch(Paths(root), self.parameters)


@contextmanager
def sound_scratch(root: Path) -> Iterator[Scratch]:
    """Yield a run of the pipeline of the repository in `root` in which nothing is wrong."""
    written = Paths(root).parameters
    parameters = quick(read_parameters(written), root)
    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(Path(folder))
        shutil.copy(written, paths.parameters)
        rehearse(paths, parameters)
        yield Scratch(paths, parameters)


def quick(parameters: Parameters, root: Path) -> Parameters:
    """Return `parameters` for a run in a scratch folder that reads the data of `root`."""
    source = parameters.ingest.source
    name, options = list(parameters.train.candidates.items())[-1]
    return replace(
        parameters,
        # A path that is absolute stays what it is, whatever root it is joined to.
        ingest=replace(parameters.ingest, source=source if "://" in source else str(root / source)),
        train=replace(parameters.train, folds=FOLDS, candidates={name: options}),
    )
