"""A repository in which all that the score looks at is sound, to be broken piece by piece."""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from project_package import problem, schema
from project_package.paths import Paths
from project_package.proof.faults import FAULTS
from project_package.proof.fingerprint import code_digest, studied_digest
from project_package.proof.score.collect import all_evidence
from project_package.proof.score.judge import Evidence, Result, judge
from project_package.proof.score.repository import Repository, dvc_hash
from project_package.proof.score.rubric import BY_PERSONS

NOT_COPIED = (
    *(".venv", ".tools", ".git", ".dvc", ".dvc-storage", "data", "models", "reports"),
    *("mlflow.db", "mlartifacts", "mlruns", "logs", "build", "dvc.lock"),
)
CACHES = shutil.ignore_patterns("__pycache__", ".*_cache")

# A decision of a person, about the features, the parameters and the data.
REVIEWED = ("params.yaml", "sample/flights.csv.gz", "src/project_package/schema.py")
RECORD = """---
test: {name}
date: {date}
by: {by}
reviews: [{reviews}]
applies: {applies}
---
The experiment of the first quarter shows it.
"""

RELIED_ON = {path for evidence in all_evidence() for path in evidence.tests}

# What studies of a sound repository find.
FOUND: dict[str, Any] = {
    "features": {
        column.name: {
            "benefit": 0.01,
            "error": 0.001,
            "together": {"with": [], "benefit": 0.01, "error": 0.001},
            "missing_share": 0.0,
            "microseconds_per_row": 1.0,
        }
        for column in schema.FEATURES
    },
    "tuning": {
        "options": {"rounds": 100},
        "tried": [{"name": "rounds", "value": 200, "gain": -0.01, "error": 0.001}],
    },
    "staleness": {
        "ages": [{"days": days, problem.PRIMARY: 0.7} for days in (0, 30, 60)],
        "change_in_30_days": 0.0,
    },
    "growth": {"points": [{}] * 6, "correlation": 0.9},
    "groups": {"origin JFK": {"rows": 500, "bias": 0.05, "error": 0.03}},
    "stability": {"rows": 1000, "nan": 0, "infinite": 0},
    "costs": {
        "training_seconds": 1.0,
        "row_milliseconds": 0.02,
        "rows_per_second": 100_000,
        "serving_megabytes": 200,
    },
    "new-feature": {"lines": 2, "seconds": 20.0, "served": True, "said": ""},
    "tests": {
        "files": {path: {"passed": 3, "failed": 0} for path in RELIED_ON},
        "coverage": {"data/prepare.py": 100.0},
    },
}


class World:
    """A copy of this repository whose evidence can be edited."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def paths(self) -> Paths:
        """Where the pipeline's files lie."""
        return Paths(self.root)

    def edit(self, file: str, change: Callable[[Any], object]) -> None:
        """Change a JSON or YAML file in place."""
        path = self.root / file
        is_json = path.suffix == ".json"
        content = (json.loads if is_json else yaml.safe_load)(path.read_text("utf-8"))
        change(content)
        path.write_text((json.dumps if is_json else yaml.safe_dump)(content), "utf-8")

    def found(self, study: str, change: Callable[[Any], object]) -> None:
        """Change what a study found."""
        self.edit(f"reports/score/{study}.json", lambda content: change(content["found"]))

    def uncaught(self, gate: str) -> None:
        """Let a fault pass its gate."""

        def change(report: Any) -> None:
            next(each for each in report["proofs"] if each["gate"] == gate)["caught"] = False

        self.edit("reports/proof.json", change)

    def failed(self, path: str) -> None:
        """Let a test of the file or folder `path` fail."""
        self.found("tests", lambda found: found["files"][path].update(failed=1))

    def record(
        self, name: str, date: str = "2026-01-31", by: str = "A Person", applies: str = "true"
    ) -> Path:
        """Write a person's record about the test `name`."""
        file = self.root / "docs" / "decisions" / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = RECORD.format(
            name=name, date=date, by=by, applies=applies, reviews=", ".join(REVIEWED)
        )
        file.write_text(text, "utf-8")
        return file

    def lock(self) -> None:
        """Write dvc.lock as DVC would after a run."""
        stages = yaml.safe_load((self.root / "dvc.yaml").read_text("utf-8"))["stages"]
        parameters = yaml.safe_load((self.root / "params.yaml").read_text("utf-8"))
        locked = {
            name: {
                "deps": [self._entry(path) for path in stage["deps"] if "$" not in path],
                "params": {"params.yaml": {key: parameters[key] for key in stage["params"]}},
                "outs": [
                    self._entry(path if isinstance(path, str) else next(iter(path)))
                    for path in (*stage.get("outs", ()), *stage.get("metrics", ()))
                ],
            }
            for name, stage in stages.items()
        }
        text = yaml.safe_dump({"schema": "2.0", "stages": locked})
        (self.root / "dvc.lock").write_text(text, "utf-8")

    def _entry(self, path: str) -> dict[str, str]:
        return {"path": path, "md5": dvc_hash(self.root / path)}

    def study_again(self) -> None:
        """Let all studies be of what is there now, with what they found before."""
        for name in FOUND:
            path = self.root / "reports" / "score" / f"{name}.json"
            content = json.loads(path.read_text("utf-8"))
            content["studied"] = studied_digest(self.root, name)
            path.write_text(json.dumps(content), "utf-8")

    def judge(self, pieces: Sequence[Evidence]) -> dict[str, Result]:
        """Return the result of each test of the score by `pieces` of evidence alone."""
        return {each.name: each for each in judge(Repository(self.root), pieces)}


@pytest.fixture
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coverage leaves children alone: they run code of a copy that is gone when it reports."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory, root: Path, pipeline: Paths) -> World:
    folder = tmp_path_factory.mktemp("score") / "repository"

    def left_out(where: str, names: list[str]) -> set[str]:
        return CACHES(where, names) | set(NOT_COPIED if Path(where) == root else ())

    shutil.copytree(root, folder, ignore=left_out)
    for name in ("data", "models", "reports"):
        shutil.copytree(pipeline.root / name, folder / name)
    world = World(folder)
    for name in BY_PERSONS:
        world.record(name)
    commit(folder)
    head = Repository(folder).git("rev-parse", "HEAD")
    world.edit(
        "models/champion/model.json",
        lambda described: described.update(
            git_commit=head, git_dirty=False, environment_hash="0" * 32
        ),
    )
    world.lock()
    proofs = [
        {"fault": fault.name, "gate": fault.gate.__name__, "caught": True, "green_without": True}
        for fault in FAULTS
    ]
    reports = {"proof": {"code": code_digest(folder), "proofs": proofs}}
    reports |= {
        f"score/{name}": {"studied": studied_digest(folder, name), "found": found}
        for name, found in FOUND.items()
    }
    (folder / "reports" / "score").mkdir()
    for name, content in reports.items():
        (folder / "reports" / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return world


@pytest.fixture
def world(sound: World, tmp_path: Path) -> World:
    """A copy of the sound repository, to break."""
    return World(shutil.copytree(sound.root, tmp_path / "repository"))


def commit(folder: Path) -> None:
    """Commit all that is in `folder`, which becomes a repository if it is none."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    for command in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-q", "-m", "Change")):
        subprocess.run(["git", *command], cwd=folder, check=True)  # noqa: S603, S607
