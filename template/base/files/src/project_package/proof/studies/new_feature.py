"""How long a new feature takes from one line in the contract to a model that is served."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from project_package.errors import PipelineError
from project_package.parameters import Parameters
from project_package.paths import Paths

NAME = "day_of_year"
CONTRACT = f'    Column("{NAME}", "number", "Day of the year", "", 1, 366, derived=True),\n'
CODE = f'        "{NAME}": times.dt.dayofyear,\n'

# Each edit: the file, the line after which it goes, and the new line.
EDITS = (
    ("schema.py", "FEATURES = (\n", CONTRACT),
    ("data/prepare.py", '        "month": times.dt.month,\n', CODE),
)

PIPELINE = """
from pathlib import Path
from project_package.parameters import read_parameters
from project_package.paths import Paths
from project_package.proof.scratch import quick
from project_package.rehearsal import rehearse
from project_package.service.model import load
paths = Paths(Path.cwd())
rehearse(paths, quick(read_parameters(paths.parameters), paths.root))
print(*load(paths.champion).examples[0].inputs)
"""


def new_feature(paths: Paths, _: Parameters) -> dict[str, Any]:
    """Add a feature to a scratch copy, run all stages there, load the model as the service does."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        try:
            _copy_with_feature(paths, copy)
        except PipelineError as error:
            return {"lines": len(EDITS), "seconds": 0.0, "served": False, "said": error.message}
        before = _cpu_of_children()
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", PIPELINE],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy / "src"), "MLFLOW_TRACKING_URI": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = round(_cpu_of_children() - before, 1)
    served = done.returncode == 0 and NAME in done.stdout.split()
    return {"lines": len(EDITS), "seconds": seconds, "served": served, "said": done.stderr[-500:]}


def _copy_with_feature(paths: Paths, copy: Path) -> None:
    for name in ("src", "sample"):
        shutil.copytree(paths.root / name, copy / name)
    shutil.copy(paths.parameters, copy)
    for file, after, line in EDITS:
        _insert(copy / "src" / __package__.split(".")[0] / file, after, line)


def _cpu_of_children() -> float:
    """Return the seconds of CPU of all children so far, which a busy machine does not change."""
    spent = os.times()
    return spent.children_user + spent.children_system


def _insert(path: Path, after: str, line: str) -> None:
    text = path.read_text("utf-8")
    if after not in text:
        raise PipelineError(
            f"{path.name} has no line {after.strip()}, after which a new feature would go",
            "write the lines of your features into proof/studies/new_feature.py",
        )
    path.write_text(text.replace(after, after + line, 1), "utf-8")
