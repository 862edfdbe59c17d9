"""Every target of the Makefile and every command of the README does what its line says.

The list of targets comes from the Makefile itself: a new one fails here until it is run here.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project import Project, assert_proven, fetch, free_port, wait_for
from schedules import cron_jobs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("default-preset")]

# What `docker` is asked for is checked by its own tests (test_images.py builds and runs the images, and
# tests/operations delivers it). No daemon runs here, so this one only takes the words down.
DOCKER = """#!/bin/sh
echo "$0 $*" >> "$CALLS"
case "$*" in
  *--metadata-file*) echo '{"containerimage.digest": "sha256:1"}' > build/metadata.json ;;
  *imagetools*inspect*) echo '{}' ;;
esac
"""


class Desk:
    """The trained project with every component's targets, and the names of those that were run."""

    def __init__(self, project: Project, place: Path) -> None:
        self.project = project
        self.place = place
        self.calls = place / "calls"
        self.docker = place / "docker"
        self.docker.write_text(DOCKER)
        self.docker.chmod(0o755)

    def make(self, *targets: str, **variables: object) -> str:
        words = [f"{name}={value}" for name, value in variables.items()]
        return self.project.run("make", *targets, *words, CALLS=str(self.calls))

    def docker_asked(self, target: str, **variables: object) -> str:
        """Return what `target` asked docker for."""
        self.calls.unlink(missing_ok=True)
        self.make(target, DOCKER=self.docker, COMPOSE=f"{self.docker} compose", **variables)
        return self.calls.read_text()

    @property
    def champion(self) -> dict:
        return json.loads((self.project.folder / "models/champion/model.json").read_text())


@pytest.fixture(scope="module")
def desk(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    trained.run("git", "add", "--all")
    trained.run("git", "commit", "--quiet", "--message", "Train", "--allow-empty")
    trained.run(sys.executable, "-m", "scaffold", "add", "production", "--yes", "--commit")
    return Desk(trained, tmp_path_factory.mktemp("desk"))


def help_lists(desk: Desk) -> None:
    assert "Train" in desk.make("help")


def setup_installs_what_was_added(desk: Desk) -> None:
    desk.make("setup")
    assert (desk.project.folder / ".venv/bin/kubectl").exists()


def demo_answers(desk: Desk) -> None:
    assert "The service answered: {" in desk.make("demo")


def report_compares(desk: Desk) -> None:
    desk.make("report", BASE="HEAD")
    assert "|" in (desk.project.folder / "reports/change.md").read_text()


def file_is_scored(desk: Desk) -> None:
    scores = desk.place / "last week's scores.parquet"
    desk.make("score-file", IN="data/test.parquet", OUT=scores)
    assert scores.stat().st_size > 1000
    refused = desk.project.attempt("make", "score-file", "IN=data/test.parquet")
    assert "say which files: make score-file IN=rows.csv OUT=scores.csv" in refused.stdout


def evaluate_makes_another_version(desk: Desk) -> None:
    before = desk.champion["version"]
    desk.make("evaluate")
    assert desk.champion["version"] != before


def champion_goes_back_and_forth(desk: Desk) -> None:
    newest = desk.champion["version"]
    desk.make("rollback", WHY="a test")
    assert desk.champion["version"] != newest
    desk.make("promote", VERSION=newest, WHY="a test")
    assert desk.champion["version"] == newest
    desk.make("rollback", WHY="a test")
    assert desk.champion["version"] != newest
    desk.make("champion")
    assert desk.champion["version"] != newest


def service_answers(desk: Desk) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with desk.project.serving("make", "serve", SERVICE_PORT=str(port)):
        wait_for(f"{address}/ready", 240)
        assert "model_version" in desk.make("predict", SERVICE_PORT=port)
        assert "model_version" in desk.make("smoke", SERVICE_URL=address)


def mlflow_shows(desk: Desk) -> None:
    port = free_port()
    with desk.project.serving("make", "mlflow", MLFLOW_PORT=str(port)):
        wait_for(f"http://127.0.0.1:{port}/health", 240)


def monitor_serves(desk: Desk) -> None:
    with desk.project.serving("make", "monitor-serve"):
        wait_for("http://127.0.0.1:9109/metrics", 240)
        assert "model" in fetch("http://127.0.0.1:9109/metrics")[1]


def monitor_reports(desk: Desk) -> None:
    # 1 says that something is beyond its limit: a day of a few predictions may be.
    done = desk.project.attempt("make", "monitor")
    assert "error:" not in done.stdout
    assert (desk.project.folder / "reports/monitoring/report.html").exists()


def formatting_changes_nothing(desk: Desk) -> None:
    before = desk.project.run("git", "status", "--porcelain", "--", "src", "tests")
    desk.make("format")
    assert desk.project.run("git", "status", "--porcelain", "--", "src", "tests") == before


def hooks_are_installed(desk: Desk) -> None:
    desk.make("hooks")
    assert (desk.project.folder / ".git/hooks/pre-commit").exists()
    # They are fetched at the first commit: the commits of later tests need no network.
    desk.project.run("uv", "run", "--no-sync", "pre-commit", "uninstall")


def every_fault_is_caught(desk: Desk) -> None:
    assert_proven(desk.project)


def score_is_full(desk: Desk) -> None:
    desk.project.run("git", "add", "--all")
    desk.project.run("git", "commit", "--quiet", "--message", "Evaluate", "--allow-empty")
    assert "28 of 28 satisfied" in desk.make("score")
    assert "ML Test Score" in (desk.project.folder / "reports/score.html").read_text()


def why_tells(desk: Desk) -> None:
    screen = desk.make("why", MODEL="champion")
    for fact in ("git_commit", "data_hash", "environment_hash", "run_id"):
        assert desk.champion[fact] in screen


def model_comes_out_again(desk: Desk) -> None:
    assert "comes out again, to the byte" in desk.make("reproduce", MODEL="champion")


def versions_work(desk: Desk) -> None:
    # A part of the tests: our own weekly workflow lets all of them run with each set of versions.
    said = desk.make("freshness", VERSIONS="newest", TESTS="tests/unit/test_stage.py")
    assert "the newest versions train, export, serve" in said


def retraining_finds_nothing_new(desk: Desk) -> None:
    assert "nothing has changed since the last training" in desk.make("retrain", WHY="a test")


def challenger_is_fetched(desk: Desk) -> None:
    desk.make("challenger")
    assert (desk.project.folder / "models/challenger/model.onnx").exists()


def canary_is_decided(desk: Desk) -> None:
    assert "is decided already" in desk.make("conclude")


def manifests_are_printed(desk: Desk) -> None:
    assert "kind: Deployment" in desk.make("manifests", ENVIRONMENT="production")


def stack_goes_up_and_down(desk: Desk) -> None:
    for target, words in {
        "up": "up --build",
        "stack-logs": "logs --follow",
        "down": "down",
    }.items():
        assert f"compose {words}" in desk.docker_asked(target)


def images_are_built(desk: Desk) -> None:
    assert "build --target service" in desk.docker_asked("image")
    assert "build --target training" in desk.docker_asked("image-training")
    assert "run --rm --init --read-only" in desk.docker_asked("image-run")
    assert "monitoring/Dockerfile" in desk.docker_asked("image-monitor")


def image_is_delivered(desk: Desk) -> None:
    assert "--push --sbom=true" in desk.docker_asked("image-push")
    for target in ("deploy", "undo", "restore"):
        assert "imagetools" in desk.docker_asked(target, ENVIRONMENT="staging")


def canary_comes_and_goes(desk: Desk) -> None:
    for target in ("canary", "canary-end"):
        asked = desk.docker_asked(target, ENVIRONMENT="production", KUBECTL="echo")
        assert "imagetools inspect" in asked


def plain(*targets: str) -> Callable[[Desk], object]:
    """Return a test of targets that say themselves, by their exit code, whether they worked."""
    return lambda desk: desk.make(*targets)


# Which targets each of these runs, in the order of a first week; `clean` takes the environment away.
RUNS: dict[Callable[[Desk], object], tuple[str, ...]] = {
    help_lists: ("help",),
    setup_installs_what_was_added: ("setup",),
    plain("data", "train", "sample"): ("data", "train", "sample"),
    demo_answers: ("demo",),
    report_compares: ("report",),
    evaluate_makes_another_version: ("evaluate",),
    champion_goes_back_and_forth: ("champion", "promote", "rollback"),
    file_is_scored: ("score-file",),
    service_answers: ("serve", "predict", "smoke"),
    mlflow_shows: ("mlflow",),
    monitor_reports: ("monitor",),
    monitor_serves: ("monitor-serve",),
    plain("monitoring-tools", "monitoring-check"): ("monitoring-tools", "monitoring-check"),
    manifests_are_printed: ("manifests",),
    plain("manifests-check"): ("manifests-check",),
    stack_goes_up_and_down: ("up", "down", "stack-logs"),
    images_are_built: ("image", "image-training", "image-run", "image-monitor"),
    image_is_delivered: ("image-push", "deploy", "undo", "restore"),
    canary_comes_and_goes: ("canary", "canary-end"),
    formatting_changes_nothing: ("format",),
    hooks_are_installed: ("hooks",),
    every_fault_is_caught: ("prove",),
    why_tells: ("why",),
    model_comes_out_again: ("reproduce",),
    score_is_full: ("score",),
    retraining_finds_nothing_new: ("retrain",),
    challenger_is_fetched: ("challenger",),
    canary_is_decided: ("conclude",),
    versions_work: ("freshness",),
    plain("clean"): ("clean",),
}
# These run in test_default_preset.py, which also looks at what tests cover and leave behind.
ELSEWHERE = {"test", "lint", "types"}
EXECUTED = {target for targets in RUNS.values() for target in targets} | ELSEWHERE


def test_every_target_of_the_makefile_is_run_here(desk):
    listed = re.findall(r"^  ([a-z-]+) ", desk.make("help"), re.MULTILINE)

    assert len(listed) == len(set(listed))
    assert set(listed) == EXECUTED


def test_every_command_of_the_readme_is_run_here(desk):
    text = (desk.project.folder / "README.md").read_text()
    blocks = "".join(re.findall(r"```bash\n(.*?)```", text, re.DOTALL)).splitlines()
    commands = {*blocks, *re.findall(r"`((?:make|dvc|python|uv|pip|docker|mlflow) [^`]+)`", text)}
    named = {
        target
        for command in commands
        if command.startswith("make ")
        for target in command.split()[1:]
        if "=" not in target and '"' not in target and "…" not in target
    }

    assert named <= EXECUTED
    assert {command for command in commands if not command.startswith("make ")} == set(OTHERS)


OTHERS = ("dvc metrics diff", "dvc plots diff")


@pytest.mark.parametrize("command", OTHERS)
def test_other_commands_of_the_readme_work(desk, command):
    desk.project.run("uv", "run", "--no-sync", *command.split())


def test_what_the_cluster_schedules_works_in_a_fresh_clone(desk, tmp_path):
    project = desk.project
    desk.make("setup")
    repository = tmp_path / "repository"
    project.run("git", "clone", "--quiet", project.folder, repository)
    new_data_arrive(project, repository)
    jobs = cron_jobs(project, "staging", tmp_path)
    (tmp_path / "score/batch").mkdir()
    shutil.copy(project.folder / "data/test.parquet", tmp_path / "score/batch/input.parquet")

    told = {name: job.run(project, repository) for name, job in jobs.items()}

    assert told.keys() == {"score", "retrain", "deliver"}
    assert "the registry has no champion" in told["deliver"]
    assert (tmp_path / "score/batch/output.parquet").stat().st_size > 1000
    # The gate compares it with the champion of the service's image, and may refuse it.
    decided = re.search(r"version 1 (is the champion|stays a challenger): (.*)", told["retrain"])
    assert decided
    assert " new rows" in decided[2]
    assert "decided_at" in decided[2]


def new_data_arrive(project: Project, repository: Path) -> None:
    sample = repository / "sample/flights.csv.gz"
    lines = gzip.decompress(sample.read_bytes()).splitlines(keepends=True)
    newer = [line.replace(b"2013", b"2014", 1) for line in lines[-2000:]]
    sample.write_bytes(gzip.compress(b"".join([*lines, *newer])))
    project.run("git", "-C", repository, "commit", "--quiet", "--all", "--message", "New data")


@pytest.mark.parametrize("run", RUNS, ids=lambda run: "-".join(RUNS[run]))
def test_target(desk, run):
    run(desk)
