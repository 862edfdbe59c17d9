"""Measurements that the score asks for and the pipeline does not make: reports/score/*.json."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from project_package.parameters import Parameters, read_parameters
from project_package.paths import Paths
from project_package.proof.fingerprint import TESTS, studied_digest
from project_package.proof.studies.costs import costs
from project_package.proof.studies.features import features
from project_package.proof.studies.groups import groups
from project_package.proof.studies.growth import growth
from project_package.proof.studies.new_feature import new_feature
from project_package.proof.studies.stability import stability
from project_package.proof.studies.staleness import staleness
from project_package.proof.studies.suite import suite
from project_package.proof.studies.tuning import tuning

Study = Callable[[Paths, Parameters], dict[str, Any]]

WORKERS = 2

# These measure times, so nothing else runs beside them.
ALONE: Mapping[str, Study] = {"costs": costs, "features": features}
# These run side by side, the longest first.
TOGETHER: Mapping[str, Study] = {
    "new-feature": new_feature,
    "tuning": tuning,
    "staleness": staleness,
    "growth": growth,
    "groups": groups,
    "stability": stability,
}


def renew(paths: Paths, tests: Iterable[str], say: Callable[[str], None]) -> None:
    """Run every study whose report is not about what is there now.

    `tests` are the files and folders of tests that evidence relies on.
    """
    if not (paths.candidate / "model.onnx").exists():
        say("there is no model to study: make train")
        return
    wanted = tuple(sorted(set(tests)))
    parameters = read_parameters(paths.parameters)
    together: dict[str, Study] = {TESTS: lambda paths, _: suite(paths.root, wanted), **TOGETHER}

    def run(name: str, study: Study) -> None:
        file = paths.reports / "score" / f"{name}.json"
        studied = studied_digest(paths.root, name)
        if _studied(file) == studied:
            return
        start = time.perf_counter()
        # Idle threads of OpenMP spin, and two studies run at once.
        with threadpool_limits(limits=1):
            found = study(paths, parameters)
        file.parent.mkdir(parents=True, exist_ok=True)
        content = {"studied": studied, "found": found}
        file.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
        say(f"studied {name} in {time.perf_counter() - start:.0f} s")

    for name, study in ALONE.items():
        run(name, study)
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(run, together, together.values()))  # as a list, so that errors are raised


def _studied(file: Path) -> str:
    try:
        return str(json.loads(file.read_text("utf-8"))["studied"])
    except (OSError, ValueError, KeyError):
        return ""
