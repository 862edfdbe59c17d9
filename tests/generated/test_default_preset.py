"""The default preset in a fresh environment: set up, trained, tested, served, tracked, built.

The tests run in the order of the file on one project, as a team would on its first day.
"""

from __future__ import annotations

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pairs import program
from project import example, fetch, free_port, generate, snapshot, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("default-preset")]

PACKAGE = "flight_delays"
GRAPH_RUNTIME = {"onnxruntime", "numpy", "numpy.libs"}
"""What runs the model's graph: its size is not the project's choice."""


def test_first_commit_holds_everything(tmp_path):
    project = generate(tmp_path)
    project.run("make", "setup", minutes=20)

    # The lock is derived; setting up makes it, and the README says to commit it.
    assert project.run("git", "status", "--porcelain") in {"", "?? uv.lock\n"}
    assert project.run("git", "rev-list", "--count", "HEAD").strip() == "1"


def test_readme_names_only_targets_that_exist(project):
    targets = set(re.findall(r"^ +([a-z-]+)\b", project.run("make", "help"), re.MULTILINE))
    readme = (project.folder / "README.md").read_text()

    named = set(re.findall(r"`make ([a-z-]+)", readme))
    named |= set(re.findall(r"^make ([a-z-]+)", readme, re.MULTILINE))

    assert named
    assert named - targets == set()


def test_pipeline_runs_and_then_has_nothing_to_do(trained):
    output = trained.run("uv", "run", "--no-sync", "dvc", "repro")

    assert "Running stage" not in output
    assert "up to date" in output


def test_changed_parameter_reruns_only_what_depends_on_it(trained):
    parameters = trained.folder / "params.yaml"
    text = parameters.read_text()
    parameters.write_text(_next_number_under("train", text))
    try:
        output = trained.run("uv", "run", "--no-sync", "dvc", "repro", "--dry")
    finally:
        parameters.write_text(text)

    stages = set(re.findall(r"Running stage '([\w@-]+)'", output))
    assert "train" in stages
    assert stages.isdisjoint({"ingest", "validate", "prepare"})


def _next_number_under(section: str, text: str) -> str:
    """Return YAML with the first whole number under `section:` one higher."""
    start = re.search(rf"^{section}\w*:", text, re.MULTILINE)
    assert start, f"params.yaml has no section {section}"
    number = re.compile(r"(?<=: )\d+(?=\s|$)", re.MULTILINE).search(text, start.end())
    assert number
    return f"{text[: number.start()]}{int(number[0]) + 1}{text[number.end() :]}"


def test_training_leaves_the_work_tree_clean(trained):
    changed = trained.run("git", "status", "--porcelain").splitlines()

    # What a team commits after training; models, data and runs are DVC's and MLflow's.
    assert {line[3:] for line in changed} <= {"dvc.lock", "reports/", "uv.lock"}


def test_model_leads_back_to_code_data_and_parameters(trained):
    model = json.loads((trained.folder / "models/champion/model.json").read_text())

    assert re.fullmatch(r"[0-9a-f]{40}", model["git_commit"])
    assert model["data_hash"]
    assert model["params"]
    assert model["metrics"]
    assert model["run_id"]


def test_its_own_tests_pass_cover_it_and_write_nothing_outside_scratch(trained):
    before = snapshot(trained.folder, trained.home)

    output = trained.run("make", "test", minutes=40)

    assert snapshot(trained.folder, trained.home) == before
    # No library has kept what it would report about its use.
    assert not {"Microsoft", "mlflow"} & {path.name for path in trained.home.glob(".*/*")}

    assert re.search(r"\d+ passed", output)
    assert "failed" not in output
    assert "CoverageWarning" not in output
    [total] = re.findall(r"^TOTAL.*?(\d+)(?:\.\d+)?%", output, re.MULTILINE)[-1:]
    assert int(total) >= 90


def test_its_own_lint_and_types_are_clean(trained):
    trained.run("make", "lint")
    trained.run("make", "types")


def test_service_answers_under_a_short_load(trained):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with trained.serving("make", "serve", SERVICE_PORT=str(port)):
        wait_for(f"{address}/ready")
        openapi = json.loads(fetch(f"{address}/openapi.json")[1])
        row = example(openapi)

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: fetch(f"{address}/predict", row), range(400)))

        assert {status for status, _ in answers} == {200}
        assert len({body for _, body in answers}) == 1 or "request_id" in answers[0][1]
        assert fetch(f"{address}/health")[0] == 200
        assert "git_commit" in fetch(f"{address}/model")[1]
        metrics = fetch(f"{address}/metrics")[1]
        assert re.search(r'service_requests_total\{[^}]*"/predict"[^}]*\} 400', metrics)


def test_documentation_page_shows_in_a_browser_without_other_servers(trained, tmp_path):
    port = free_port()
    with trained.serving("make", "serve", SERVICE_PORT=str(port)):
        wait_for(f"http://127.0.0.1:{port}/ready")
        page = trained.run(
            *(program("chromium"), "--headless", "--no-sandbox", "--disable-gpu"),
            *("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",),
            *("--virtual-time-budget=10000", "--dump-dom", f"http://127.0.0.1:{port}/docs"),
            HOME=str(tmp_path),
        )

    assert "Predict one row or several" in page


# Ends the process where something is unpickled; Python runs it before the service.
NO_PICKLE = """\
import os, sys
sys.addaudithook(lambda event, _: os._exit(99) if event == "pickle.find_class" else None)
"""


def test_service_group_is_small_and_unpickles_nothing(trained, tmp_path):
    environment = tmp_path / "service"
    group = ("--only-group", "service", "--no-install-project")
    trained.run("uv", "sync", "--locked", *group, UV_PROJECT_ENVIRONMENT=str(environment))
    files = [path for path in environment.rglob("*") if "__pycache__" not in path.parts]
    (tmp_path / "sitecustomize.py").write_text(NO_PICKLE)
    code = {"PYTHONPATH": f"{tmp_path}:{trained.folder / 'src'}"}
    python = environment / "bin" / "python"
    port = free_port()

    unpickled = trained.attempt(
        python, "-c", "import pickle; pickle.loads(pickle.dumps(tuple))", **code
    )
    with trained.serving(
        python, "-m", f"{PACKAGE}.service", SERVICE_PORT=str(port), **code
    ) as service:
        wait_for(f"http://127.0.0.1:{port}/ready")
        row = example(json.loads(fetch(f"http://127.0.0.1:{port}/openapi.json")[1]))
        assert fetch(f"http://127.0.0.1:{port}/predict", row)[0] == 200
        assert service.poll() is None

    assert unpickled.returncode == 99
    # 151 MB on Python 3.11, of which onnxruntime 1.32 and numpy 2.4, as large as their makers build them, are 133.
    chosen = [path for path in files if not GRAPH_RUNTIME.intersection(path.parts)]
    assert sum(path.lstat().st_size for path in chosen) < 30e6


def test_mlflow_page_shows_in_a_browser(trained, tmp_path):
    chromium = program("chromium")
    port = free_port()
    with trained.serving("make", "mlflow", MLFLOW_PORT=str(port)):
        wait_for(f"http://127.0.0.1:{port}/health", 90)
        browser = (chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
        shot = tmp_path / "mlflow.png"
        page = f"http://127.0.0.1:{port}/#/experiments"

        title = trained.run(
            *browser, "--virtual-time-budget=15000", "--dump-dom", page, HOME=str(tmp_path)
        )
        trained.run(
            *(*browser, "--virtual-time-budget=15000", f"--screenshot={shot}", page),
            HOME=str(tmp_path),
        )

    assert "<title>MLflow</title>" in title
    assert shot.stat().st_size > 5_000


def test_workflow_runs_in_act(trained, tmp_path):
    act = program("act")
    workflow = (trained.folder / ".github/workflows/ci.yml").read_text()
    stub = tmp_path / "stub"
    stub.mkdir()
    (stub / "action.yml").write_text(
        "name: stub\nruns:\n  using: composite\n  steps:\n    - run: uv --version\n      shell: bash\n"
    )
    used = set(re.findall(r"uses: ((?!\./)\S+)", workflow))

    for job in ("lint", "type-check"):
        output = trained.run(
            *(act, "push", "--job", job, "--workflows", ".github/workflows/ci.yml"),
            *("--platform", "ubuntu-24.04=-self-hosted", "--action-offline-mode"),
            *(part for name in used for part in ("--local-repository", f"{name}={stub}")),
            XDG_CACHE_HOME=str(tmp_path / "cache"),
        )
        assert "Job succeeded" in output


def test_mlflow_runs_the_project(trained):
    output = trained.run("uv", "run", "--no-sync", "mlflow", "run", ".", "--env-manager", "local")

    assert re.search(r"Run \(ID '\w+'\) succeeded", output)
    assert "up to date" in output


def test_second_clone_gets_data_and_models_and_has_nothing_to_do(trained, tmp_path):
    clone = tmp_path / "clone"

    def dvc(*arguments: object, folder: Path = clone) -> str:
        return trained.run(trained.folder / ".venv/bin/dvc", "--cd", folder, *arguments)

    dvc("push", folder=trained.folder)
    trained.run("git", "add", "dvc.lock", "reports", "uv.lock")
    trained.run("git", "commit", "--quiet", "--message", "Train")
    trained.run("git", "clone", "--quiet", ".", clone)

    dvc("remote", "modify", "--local", "storage", "url", trained.folder / ".dvc-storage")
    dvc("pull")
    output = dvc("repro")

    assert "up to date" in output
    assert "Running stage" not in output
    model = "models/champion/model.onnx"
    assert (clone / model).read_bytes() == (trained.folder / model).read_bytes()


# Checks whose subject a project of ours does not have, and why.
DOES_NOT_APPLY = {
    "PY007": "the task runner is make",
    "PC140": "mypy runs from uv.lock, as a local hook",
    "PC170": "there is no reStructuredText",
    "PC901": "pre-commit.ci, a hosted service, is not assumed",
    "PC902": "pre-commit.ci, a hosted service, is not assumed",
    "PC903": "pre-commit.ci, a hosted service, is not assumed",
}


def test_repository_review_finds_nothing(trained):
    output = trained.attempt(program("repo-review"), ".", "--format", "json").stdout

    checks = json.loads(output[output.index("{") :])["checks"]
    failed = {
        name: check["description"]
        for name, check in checks.items()
        if check["result"] is False and name not in DOES_NOT_APPLY
    }
    assert failed == {}


def test_notebook_of_the_documentation_runs(trained):
    page = (trained.folder / "docs/notebooks.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    notebook = trained.folder / "notebooks/first.ipynb"
    notebook.parent.mkdir()
    cell = {"cell_type": "code", "id": "a", "execution_count": None, "metadata": {}, "outputs": []}
    book = {"cells": [{**cell, "source": code}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    notebook.write_text(json.dumps(book))

    jupyter = ("--with", "ipykernel", "--with", "nbclient", "jupyter", "execute", "--inplace")
    trained.run("uv", "run", "--no-sync", *jupyter, notebook)

    [output] = json.loads(notebook.read_text())["cells"][0]["outputs"]
    shutil.rmtree(notebook.parent)
    assert "probability" in "".join(output["data"]["text/plain"])
