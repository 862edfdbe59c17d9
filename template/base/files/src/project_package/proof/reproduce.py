"""Make a registered model again from its commit and data, and compare: `make reproduce`."""

import argparse
import hashlib
import json
import logging
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from project_package import bundle, stage
from project_package.errors import PipelineError
from project_package.git import run_git
from project_package.lineage import file_hash
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof.recorded import read_bundle
from project_package.training.registry import CHAMPION, Registry

logger = logging.getLogger(__name__)

INGEST, EVALUATE = "data.ingest", "training.evaluate"
STAGES = ("data.validate", "data.prepare", "training.train")
PACKAGE = __package__.partition(".")[0]
GRAPH = bundle.FILES[0]
# Another environment may round otherwise; by more than this the model is another one.
TOLERANCE = 1e-3


def reproduce(paths: Paths, parameters: Parameters, name: str) -> None:
    """Train the model `name` (an alias or a version) again in a scratch folder.

    Its code is its commit's; its data are taken from DVC's cache by their hash or, where it has
    them not, from the source that the commit names.

    Raises:
        PipelineError: Its code or data cannot be had, or another model comes out.
    """
    registry = Registry(paths, parameters.registry.model)
    described = read_bundle(registry, registry.resolve(name))
    version, data = described["version"], described["data_hash"]
    if described["git_dirty"]:
        raise PipelineError(
            f"version {version} was trained from changes that nobody committed",
            "commit, then `dvc repro --force train` and `make train`: nothing else has changed",
        )
    with _checkout(paths.root, described["git_commit"]) as folder:
        again = Paths(folder)
        if not _from_cache(paths.root, data, again.raw):
            _run_stages(folder, [INGEST])
        if file_hash(again.raw) != data:
            raise PipelineError(
                f"the source gives other data now: {file_hash(again.raw)}, not {data}",
                "`dvc fetch --all-commits` brings them where a remote has them",
            )
        _run_stages(folder, STAGES)
        made = hashlib.sha256((again.candidate / GRAPH).read_bytes()).hexdigest()
        if made == described["files"][GRAPH]:
            logger.info("version %s comes out again, to the byte: %s", version, made[:12])
            return
        _run_stages(folder, [EVALUATE])
        metrics = json.loads((again.reports / "metrics.json").read_text("utf-8"))["candidate"]
    _require_metrics(version, described["metrics"], metrics)
    logger.info("version %s comes out again with the same metrics, in other bytes", version)


def _from_cache(root: Path, digest: str, target: Path) -> bool:
    """Copy the file with `digest` out of DVC's cache; return whether it was there."""
    kept = root / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]
    if kept.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, target)
    return kept.is_file()


def _require_metrics(version: str, were: Mapping[str, float], are: Mapping[str, float]) -> None:
    for name, value in were.items():
        if not math.isclose(are.get(name, math.nan), value, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            raise PipelineError(
                f"version {version} does not come out again: {name} is "
                f"{are.get(name, math.nan):.4f} and was {value:.4f}",
                "compare `uv.lock` with the environment in which it was trained",
            )


@contextmanager
def _checkout(root: Path, commit: str) -> Iterator[Path]:
    """Yield a folder with the files of `commit`, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "checkout"
        run_git(root, "worktree", "add", "--detach", str(folder), commit)
        try:
            yield folder
        finally:
            run_git(root, "worktree", "remove", "--force", str(folder))


def _run_stages(folder: Path, stages: Iterable[str]) -> None:
    for name in stages:
        command = [sys.executable, "-m", f"{PACKAGE}.{name}"]
        # The checkout's own code, not the one that is installed.
        done = subprocess.run(  # noqa: S603
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PipelineError(f"stage {name} failed at that commit: {done.stderr.strip()[-500:]}")
        logger.info("%s done", name)


def main() -> None:
    """Reproduce what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=CHAMPION, help="an alias or a version")
    name = parser.parse_args().model
    stage.run(lambda paths, parameters: reproduce(paths, parameters, name))


if __name__ == "__main__":
    main()
