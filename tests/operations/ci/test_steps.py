"""Jenkins and Azure have no runner that works here: their files are read as they read them, and the steps are run.

A Jenkinsfile is evaluated by Groovy, in the version that Jenkins has; of Azure's, templates, variables, conditions and
artifacts are followed as far as our pipeline uses them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import venv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jenkinsfile import Stage, stages
from ruamel.yaml import YAML

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ci")]

MAIN = {"BRANCH_NAME": "main"}
SITUATIONS: Mapping[str, Mapping[str, Any]] = {
    "push": {"env": MAIN, "paths": ["README.md"]},
    "push of code": {"env": MAIN, "paths": ["src/flight_delays/schema.py"]},
    "change": {"env": {"BRANCH_NAME": "PR-3", "CHANGE_ID": "3"}},
    "push of code without an image": {
        "env": MAIN,
        "paths": ["src/flight_delays/schema.py"],
        "missing": ["build/image.txt"],
    },
    "branch": {"env": {"BRANCH_NAME": "mine"}},
    "schedule": {"env": MAIN, "timer": True},
    "train": {"env": MAIN, "action": "train"},
    "roll-back": {"env": MAIN, "action": "roll-back"},
    "roll-back of a branch": {"env": {"BRANCH_NAME": "mine"}, "action": "roll-back"},
    "freshness": {"env": MAIN, "action": "freshness"},
    "schedule that knows scaffold": {"env": {**MAIN, "SCAFFOLD": "scaffold"}, "timer": True},
    "template-sync": {"env": MAIN, "action": "template-sync"},
}
NEWEST = {"Newest commit"}
CHECKS = {"Lint", "Types", "Tests", "Data", "Pipeline on a sample", "Proof of the gates"}
DELIVERY = {"Train", "Image", "Staging", "Production"}
FRESHNESS = {"Locked versions", "Newest versions", "Oldest versions"}
RUNS: Mapping[str, set[str]] = {
    "push": CHECKS | {"Score"},
    "push of code": CHECKS | {"Score"} | DELIVERY,
    "push of code without an image": CHECKS | {"Score", "Train", "Image"},
    "change": NEWEST | CHECKS | {"Metrics against main"},
    "branch": set(),
    "schedule": DELIVERY | FRESHNESS,
    "train": DELIVERY,
    "roll-back": {"Previous champion", "Previous image"},
    "roll-back of a branch": set(),
    "freshness": FRESHNESS,
    "schedule that knows scaffold": DELIVERY | FRESHNESS | {"Template sync"},
    "template-sync": {"Template sync"},
}


@pytest.fixture(scope="module")
def jenkins(everywhere: Path) -> dict[str, list[Stage]]:
    """Return for each situation the stages of the Jenkinsfile, as Groovy evaluates it."""
    return stages(everywhere / "Jenkinsfile", SITUATIONS)


def plain(name: str) -> str:
    return name.partition(" (")[0]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_jenkins_runs_what_the_situation_asks_for(
    jenkins: dict[str, list[Stage]], situation: str
) -> None:
    running = {plain(stage["name"]) for stage in jenkins[situation] if stage["runs"]}

    assert running == RUNS[situation]


def test_jenkins_asks_before_production_and_takes_turns(jenkins: dict[str, list[Stage]]) -> None:
    named = {stage["name"]: stage for stage in jenkins["train"]}

    asking = [name for name, stage in named.items() if stage.get("approval")]
    assert asking == ["Production", "Previous image"]
    assert named["Production"]["options"] == ["lock production"]
    assert named["Previous image"]["options"] == ["lock production"]
    assert named["Production"]["failure"] == [{"sh": "make undo ENVIRONMENT=production"}]


def test_jenkins_holds_no_lock_and_no_clock_while_a_person_is_asked(
    jenkins: dict[str, list[Stage]],
) -> None:
    for stage in jenkins["train"]:
        if stage.get("approval"):
            assert stage["outer"] == f"Approval: {stage['name']}"
            assert stage["held"] == []
            assert stage["limits"] == ["30 MINUTES"]


def test_jenkins_starts_each_stage_in_a_clean_workspace(
    jenkins: dict[str, list[Stage]], tmp_path: Path
) -> None:
    cleaning = {
        stage["steps"][0].get("sh")
        for stage in jenkins["train"]
        if stage["name"] not in {"Newest commit", "cron"}
    }
    [clean] = cleaning
    kept = (".cache/uv/wheel", ".dvc/cache/files/md5/0a", "committed")
    left = ("build/image.txt", "models/champion/model.json", ".venv/bin/python")
    for path in kept + left:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / ".gitignore").write_text("build\nmodels\n.venv\n.cache\n")
    (tmp_path / ".dvc/.gitignore").write_text("/cache\n")
    green(["sh", "-c", "git init -q && git add committed .gitignore .dvc/.gitignore"], tmp_path, {})

    green(["sh", "-c", clean], tmp_path, {})

    assert [path for path in kept + left if (tmp_path / path).exists()] == list(kept)


def test_jenkins_asks_for_no_password_where_it_fetched_main(
    jenkins: dict[str, list[Stage]], tmp_path: Path
) -> None:
    [report] = [stage for stage in jenkins["change"] if stage["name"] == "Metrics against main"]
    [fetch] = [step["sh"] for step in report["steps"] if "git fetch" in step.get("sh", "")]
    prepare = """
        git init -q
        git -c user.name=Test -c user.email=test@example.org commit -q --allow-empty -m 1
        git update-ref refs/remotes/origin/main HEAD
        git remote add origin https://127.0.0.1:1/private.git
    """
    green(["sh", "-ec", prepare], tmp_path, {})

    green(["sh", "-xe", "-c", fetch], tmp_path, {})


def test_jenkins_ends_the_older_build_of_a_change_alone(jenkins: dict[str, list[Stage]]) -> None:
    newest = {
        situation: stage["steps"]
        for situation, stages in jenkins.items()
        for stage in stages
        if stage["name"] == "Newest commit" and stage["runs"]
    }

    assert newest == {"change": [{"milestone": 6}, {"milestone": 7}]}


def test_jenkins_lets_a_roll_back_pass_a_training(everywhere: Path) -> None:
    assert "disableConcurrentBuilds" not in (everywhere / "Jenkinsfile").read_text()


def test_jenkins_has_a_secret_for_each_environment(jenkins: dict[str, list[Stage]]) -> None:
    named = {stage["name"]: stage["environment"] for stage in jenkins["train"] if stage["steps"]}

    assert named["Staging"]["SERVICE_TOKEN"] == "secret STAGING_TOKEN"
    for name in ("Production", "Previous image"):
        assert named[name]["SERVICE_TOKEN"] == "secret PRODUCTION_TOKEN"
    assert named["Train"]["MLFLOW_TRACKING_TOKEN"] == "secret MLFLOW_TRACKING_TOKEN"


def test_jenkins_takes_only_what_an_earlier_stage_left(jenkins: dict[str, list[Stage]]) -> None:
    left: set[str] = set()
    for stage in jenkins["push of code"]:
        if stage["runs"]:
            taken = {step["unstash"] for step in stage["steps"] if "unstash" in step}
            assert taken <= left, stage["name"]
            left |= {step["stash"] for step in stage["steps"] if "stash" in step}


# The stage of tests is the same `make test` that tests/generated runs in the default preset; minutes once are enough.
IN_ORDER = ("Lint", "Types", "Data", "Train")


def test_jenkins_steps_are_green(
    jenkins: dict[str, list[Stage]], repository: Path, environment: dict[str, str]
) -> None:
    named = {stage["name"]: stage for stage in jenkins["push of code"]}
    for name in IN_ORDER:
        secrets = {key: "" for key, text in named[name]["environment"].items() if "secret" in text}
        own = {**secrets, "UV_PYTHON": "3.11", "MLFLOW_DISABLE_TELEMETRY": "true"}
        for step in named[name]["steps"]:
            if "sh" in step:
                green(["sh", "-xe", "-c", step["sh"]], repository, {**environment, **own})

    assert (repository / "models/champion/model.json").exists()


class Azure:
    """The pipeline of Azure's, followed on this machine."""

    def __init__(self, repository: Path, place: Path, environment: dict[str, str]) -> None:
        self.repository, self.place = repository, place
        self.pipeline = read(repository / "azure-pipelines.yml")
        venv.create(place / "python", with_pip=True)  # what UsePythonVersion puts first on the path
        path = f"{place / 'python/bin'}:{environment['PATH']}"
        self.environment = {**environment, "PATH": path, "UV_PYTHON": "3.11"}
        self.variables = {
            "UV_PYTHON": "3.11",
            "Pipeline.Workspace": str(place / "workspace"),
            "Build.ArtifactStagingDirectory": str(place / "staging"),
        }

    def jobs(self, stage: str) -> dict[str, Stage]:
        [found] = [each for each in self.pipeline["stages"] if each["stage"] == stage]
        return {job.get("job") or job["deployment"]: job for job in found["jobs"]}

    def run(self, job: Stage) -> None:
        shutil.rmtree(self.place / "staging", ignore_errors=True)
        steps = job["steps"] if "steps" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
        for step in self._steps(steps, {}):
            if "bash" in step:
                named = {key: self._filled(text) for key, text in step.get("env", {}).items()}
                # Without -e, as Azure starts it.
                command = ["bash", "--noprofile", "--norc", "-c", self._filled(step["bash"])]
                green(command, self.repository, {**self.environment, **named})
            elif "publish" in step:
                kept = self.place / "workspace" / step["artifact"]
                shutil.copytree(self._filled(step["publish"]), kept, dirs_exist_ok=True)
            elif "download" in step:
                assert (self.place / "workspace" / step["artifact"]).is_dir()
            else:
                assert step.keys() & {"checkout", "task"}, step

    def _steps(self, steps: list[Stage], parameters: dict[str, str]) -> list[Stage]:
        found: list[Stage] = []
        for step in steps:
            if "template" in step:
                template = read(self.repository / step["template"].removeprefix("/"))
                found += self._steps(template["steps"], step["parameters"])
            elif (
                "ne('${{ parameters.install }}', '')" not in step.get("condition", "")
                or (parameters["install"])
            ):
                text = json.dumps(step)
                for name, value in parameters.items():
                    text = text.replace(f"${{{{ parameters.{name} }}}}", json.dumps(value)[1:-1])
                found.append(json.loads(text))
        return found

    def _filled(self, text: str) -> str:
        # A variable that is not set stays as it is written.
        return re.sub(r"\$\(([\w.]+)\)", lambda match: self.variables.get(match[1], match[0]), text)


def test_azure_steps_are_green(
    repository: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    azure = Azure(repository, tmp_path, environment)

    for name in ("lint", "type_check", "data"):
        azure.run(azure.jobs("ci")[name])
    azure.run(azure.jobs("train")["train"])

    assert (tmp_path / "workspace/data/reports/validation.json").exists()
    assert (tmp_path / "workspace/train/models/champion/model.json").exists()


BRANCH = {"Build.Reason": "IndividualCI", "Build.SourceBranch": "refs/heads/main"}
WEEKLY = {**BRANCH, "Build.Reason": "Schedule"}
BY_HAND = {**BRANCH, "Build.Reason": "Manual"}
IMAGE = {"package.pushed.image": "team/project@sha256:0"}
CHANGED = {"compare.inputs.changed": "true", **IMAGE}
AZURE_DELIVERY = {"train", "package", "staging", "production"}
AZURE: Mapping[str, tuple[dict[str, str], str, dict[str, str], set[str]]] = {
    "push": (BRANCH, "check", {"compare.inputs.changed": "false"}, {"ci", "inputs"}),
    "push of code": (BRANCH, "check", CHANGED, {"ci", "inputs"} | AZURE_DELIVERY),
    "push of code without an image": (
        BRANCH,
        "check",
        {**CHANGED, "package.pushed.image": ""},
        {"ci", "inputs", "train", "package"},
    ),
    "pull request": (
        {"Build.Reason": "PullRequest", "Build.SourceBranch": "refs/pull/3/merge"},
        "check",
        {},
        {"ci"},
    ),
    "by hand": (BY_HAND, "check", {}, {"ci"}),
    "train by hand": (BY_HAND, "train", IMAGE, AZURE_DELIVERY),
    "train by hand on a branch": (
        {**BY_HAND, "Build.SourceBranch": "refs/heads/mine"},
        "train",
        {},
        set(),
    ),
    "roll-back": (BY_HAND, "roll-back", {}, {"roll_back"}),
    "weekly training": (
        {**WEEKLY, "Build.CronSchedule.DisplayName": "Train each week"},
        "check",
        IMAGE,
        AZURE_DELIVERY,
    ),
    "weekly freshness": (
        {**WEEKLY, "Build.CronSchedule.DisplayName": "Freshness each week"},
        "check",
        {},
        {"freshness"},
    ),
}


@pytest.mark.parametrize("situation", AZURE)
def test_azure_runs_what_the_situation_asks_for(everywhere: Path, situation: str) -> None:
    variables, action, outputs, expected = AZURE[situation]

    running: set[str] = set()
    for stage in read(everywhere / "azure-pipelines.yml")["stages"]:
        needs = stage.get("dependsOn", [])
        results = {name: "Succeeded" if name in running else "Skipped" for name in needs}
        condition = stage.get("condition", "succeeded()")
        if holds(condition, variables, action, results, outputs):
            running.add(stage["stage"])

    assert running == expected


def holds(
    condition: str,
    variables: Mapping[str, str],
    action: str,
    results: Mapping[str, str],
    outputs: Mapping[str, str],
) -> bool:
    """Evaluate a condition of a stage, as far as our pipeline's go."""
    words = {
        "variables": defaultdict(str, variables),
        "all_of": lambda *values: all(values),
        "any_of": lambda *values: any(values),
        "is_in": lambda value, *others: value in others,
        "eq": lambda one, other: one == other,
        "ne": lambda one, other: one != other,
        "succeeded": lambda: set(results.values()) <= {"Succeeded"},
    }
    for name, result in results.items():
        condition = condition.replace(f"dependencies.{name}.result", repr(result))
        known = re.compile(rf"dependencies\.{name}\.outputs\['([\w.]+)'\]")
        condition = known.sub(lambda match: repr(outputs.get(match[1], "")), condition)
    condition = condition.replace("${{ parameters.action }}", action)
    for theirs, ours in {"and": "all_of", "or": "any_of", "in": "is_in"}.items():
        condition = re.sub(rf"\b{theirs}\(", f"{ours}(", condition)
    return bool(eval(condition, {"__builtins__": {}}, words))  # the file is our own


def test_azure_scores_a_push_and_reports_a_pull_request(everywhere: Path) -> None:
    [checks] = [
        stage
        for stage in read(everywhere / "azure-pipelines.yml")["stages"]
        if stage["stage"] == "ci"
    ]
    conditions = {job["job"]: job["condition"] for job in checks["jobs"] if "condition" in job}

    assert conditions == {
        "score": "and(succeeded(), ne(variables['Build.Reason'], 'PullRequest'))",
        "report": "and(succeeded(), eq(variables['Build.Reason'], 'PullRequest'))",
    }


def test_azure_has_a_stage_for_each_environment_whose_jobs_take_turns(everywhere: Path) -> None:
    found = {
        stage["stage"]: (stage.get("dependsOn"), stage.get("lockBehavior"), environments(stage))
        for stage in read(everywhere / "azure-pipelines.yml")["stages"]
        if environments(stage)
    }

    assert found == {
        "train": (["ci", "inputs"], None, ["training"]),
        "staging": (["package"], "sequential", ["staging"]),
        "production": (["staging"], "sequential", ["production"]),
        "roll_back": ([], "sequential", ["production"]),
    }


def environments(stage: Stage) -> list[str]:
    return [job["environment"] for job in stage["jobs"] if "environment" in job]


def test_azure_has_a_secret_and_an_address_for_each_environment(everywhere: Path) -> None:
    text = (everywhere / "azure-pipelines.yml").read_text()
    table = (everywhere / "docs/azure.md").read_text()

    for name in ("STAGING_URL", "STAGING_TOKEN", "PRODUCTION_URL", "PRODUCTION_TOKEN"):
        assert name in text
        assert f"| `{name}` | {name.partition('_')[0].lower()} |" in table
    assert "$(SERVICE_" not in text
    assert "`SERVICE_" not in table


def test_azure_waits_for_what_there_is(everywhere: Path) -> None:
    pipeline = read(everywhere / "azure-pipelines.yml")

    stages = {stage["stage"] for stage in pipeline["stages"]}
    for stage in pipeline["stages"]:
        assert set(stage.get("dependsOn", [])) <= stages
        names = {job.get("job") or job.get("deployment") for job in stage["jobs"]}
        for job in stage["jobs"]:
            assert set(job.get("dependsOn", [])) <= names


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text())


def green(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    environment = {
        k: v for k, v in (environment or os.environ).items() if not k.startswith("VIRTUAL_ENV")
    }
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
