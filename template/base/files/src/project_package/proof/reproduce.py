"""Make a registered model again from its commit and data, and compare: `make reproduce`."""

import argparse
import hashlib
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from project_package import bundle, stage
from project_package.errors import PipelineError
from project_package.lineage import file_hash
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof.lineage import read_bundle
from project_package.training.registry import CHAMPION, Registry

logger = logging.getLogger(__name__)

STAGES = ("data.ingest", "data.validate", "data.prepare", "training.train")
PACKAGE = __name__.partition(".")[0]


def reproduce(paths: Paths, parameters: Parameters, name: str) -> None:
    """Train the model `name` (an alias or a version) again in a scratch folder.

    Raises:
        PipelineError: Its code or data cannot be had, or the graph comes out otherwise.
    """
    registry = Registry(paths, parameters.registry.model)
    described = read_bundle(registry, registry.resolve(name))
    if described["git_dirty"]:
        raise PipelineError(
            f"version {described['version']} was trained from changes that nobody committed",
            "commit, then `make train`",
        )
    with _checkout(paths.root, described["git_commit"]) as folder:
        again = Paths(folder)
        _run_stages(folder)
        if file_hash(again.raw) != described["data_hash"]:
            raise PipelineError(
                f"the source gives other data now: {file_hash(again.raw)}, not "
                f"{described['data_hash']}",
                "`uv run dvc pull`, or look for the source as it was then",
            )
        made = hashlib.sha256((again.candidate / bundle.FILES[0]).read_bytes()).hexdigest()
    if made != described["files"][bundle.FILES[0]]:
        raise PipelineError(
            f"version {described['version']} does not come out again: {made[:12]}, not "
            f"{described['files'][bundle.FILES[0]][:12]}",
            "compare `uv.lock` with the environment in which it was trained",
        )
    logger.info("version %s comes out again, to the byte: %s", described["version"], made[:12])


@contextmanager
def _checkout(root: Path, commit: str) -> Iterator[Path]:
    """Yield a folder with the files of `commit`, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "checkout"
        _git(root, "worktree", "add", "--detach", str(folder), commit)
        try:
            yield folder
        finally:
            _git(root, "worktree", "remove", "--force", str(folder))


def _run_stages(folder: Path) -> None:
    for name in STAGES:
        command = [sys.executable, "-m", f"{PACKAGE}.{name}"]
        # The checkout's own code, not the one that is installed.
        done = subprocess.run(  # noqa: S603
            command,
            cwd=folder,
            env={"PATH": "", "PYTHONPATH": str(folder / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PipelineError(f"stage {name} failed at that commit: {done.stderr.strip()[-500:]}")
        logger.info("%s done", name)


def _git(root: Path, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PipelineError(f"git {arguments[0]}: {done.stderr.strip()}")


def main() -> None:
    """Reproduce what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=CHAMPION, help="an alias or a version")
    name = parser.parse_args().model
    stage.run(lambda paths, parameters: reproduce(paths, parameters, name))


if __name__ == "__main__":
    main()
