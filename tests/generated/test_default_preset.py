"""The default preset in a fresh environment: set up, trained, tested, served, tracked, built.

The tests run in the order of the file on one project, as a team would on its first day.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pairs import program

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("default-preset")]

PACKAGE = "flight_delays"


class Project:
    """A generated repository and the environment of somebody who works in it."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("GIT_", "VIRTUAL_ENV", "PYTHON", "COV_", "PYTEST"))
            },
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DVC_NO_ANALYTICS": "true",
            "OMP_NUM_THREADS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_CACHE_DIR": _uv_cache(),
            "HOME": str(home),
            **{f"GIT_{who}_NAME": "Test" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "test@example.org" for who in ("AUTHOR", "COMMITTER")},
        }

    def run(self, *command: object, minutes: float = 10, **environment: str) -> str:
        """Return what the command printed; a failure shows its end."""
        done = self.attempt(*command, minutes=minutes, **environment)
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def attempt(
        self, *command: object, minutes: float = 10, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd=self.folder,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=minutes * 60,
        )

    @contextlib.contextmanager
    def serving(self, *command: object, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a server for the length of the block; end it, and only it, afterwards."""
        with (self.folder.parent / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [str(part) for part in command],
                cwd=self.folder,
                env={**self.environment, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                yield server
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(server.pid, signal.SIGTERM)
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(server.pid, signal.SIGKILL)


def _uv_cache() -> str:
    done = subprocess.run(["uv", "cache", "dir"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the default preset, generated and set up as its README says."""
    place = tmp_path_factory.mktemp("default")
    (place / "home").mkdir()
    project = Project(place / "flight-delays", place / "home")
    subprocess.run(
        [sys.executable, "-m", "scaffold", "new", str(project.folder), "--yes"],
        check=True,
        env=project.environment,
    )
    project.run("make", "setup", minutes=20)
    return project


@pytest.fixture(scope="session")
def trained(project: Project) -> Project:
    """Return the project after `make train`."""
    project.run("make", "train", minutes=15)
    return project


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(url: str, body: object = None) -> tuple[int, str]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_for(url: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if fetch(url)[0] == 200:
                return
        time.sleep(0.2)
    pytest.fail(f"{url} did not answer in {seconds} s")


def test_first_commit_holds_everything(project):
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


def test_its_own_tests_pass_and_cover_it(trained):
    output = trained.run("make", "test", minutes=15)

    assert re.search(r"\d+ passed", output)
    assert "failed" not in output
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
        row = _example(openapi)

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: fetch(f"{address}/predict", row), range(400)))

        assert {status for status, _ in answers} == {200}
        assert len({body for _, body in answers}) == 1 or "request_id" in answers[0][1]
        assert fetch(f"{address}/health")[0] == 200
        assert "git_commit" in fetch(f"{address}/model")[1]
        metrics = fetch(f"{address}/metrics")[1]
        assert re.search(r'service_requests_total\{[^}]*"/predict"[^}]*\} 400', metrics)


def _example(openapi: dict) -> object:
    """Return the first example of a body for `/predict`."""
    content = openapi["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    if "examples" in content:
        return next(iter(content["examples"].values()))["value"]
    if "example" in content:
        return content["example"]
    schema = content["schema"]
    if "$ref" in schema:
        schema = openapi["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema.get("example") or schema["examples"][0]


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


def test_image_is_built_and_answers(trained, tmp_path):
    """Build and run with a base image made of this machine's own Python: no registry is reached."""
    machine = Images(trained, tmp_path)
    dockerfile = (trained.folder / "Dockerfile").read_text()
    base = machine.base_image()
    foreign = set(re.findall(r"^FROM (\S+@\S+)", dockerfile, re.MULTILINE))
    contexts = [f"--build-context={name}=container-image://{base}" for name in sorted(foreign)]

    machine.buildah(
        "build", *machine.chroot, "--target", "service", *contexts, "--tag", "service", "."
    )

    container = machine.buildah("from", "--pull-never", "localhost/service").strip()
    port = free_port()
    command = ("run", *machine.chroot, "--env", f"SERVICE_PORT={port}", container, "--")
    with trained.serving(*machine.command, *command, "python", "-m", f"{PACKAGE}.service"):
        wait_for(f"http://127.0.0.1:{port}/ready")
        assert "git_commit" in fetch(f"http://127.0.0.1:{port}/model")[1]


class Images:
    """buildah without a container engine: images and containers in a folder of the test's own."""

    chroot = ("--isolation", "chroot", "--network", "host")

    def __init__(self, project: Project, place: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("building images without a container engine needs root")
        self.project = project
        self.place = place
        self.command = (
            *(program("buildah"), "--root", str(place / "storage")),
            *("--runroot", str(place / "run"), "--storage-driver"),
        )
        overlay = project.attempt(*self.command, "overlay", "info").returncode == 0
        self.command += ("overlay" if overlay else "vfs",)

    def buildah(self, *arguments: str) -> str:
        return self.project.run(*self.command, *arguments, minutes=20)

    def base_image(self) -> str:
        """Return the name of an image with Debian's files and this machine's Python in /usr/local."""
        rootfs = self._debian()
        self._add_python(rootfs)
        certificates = "/etc/ssl/certs/ca-certificates.crt"
        if ours := os.environ.get("SSL_CERT_FILE"):
            shutil.copy(ours, f"{rootfs}{certificates}")
        container = self.buildah("from", "scratch").strip()
        self.buildah("add", "--quiet", container, str(rootfs), "/")
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        settings = {"PATH": path, "SSL_CERT_FILE": certificates, "PIP_CERT": certificates}
        env = [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
        self.buildah("config", *env, container)
        self.buildah("commit", "--quiet", container, "localhost/base")
        shutil.rmtree(rootfs)
        return "localhost/base"

    def _debian(self) -> Path:
        rootfs = self.place / "rootfs"
        release = re.search(r"VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text())
        assert release
        packages = "ca-certificates,libbz2-1.0,libffi8,liblzma5,libreadline8,libsqlite3-0,libssl3"
        self.project.run(
            *(program("debootstrap"), "--variant=minbase", f"--include={packages}"),
            *(release[1], rootfs),
            minutes=15,
        )
        for name in ("usr/share/doc", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"):
            shutil.rmtree(rootfs / name)
        return rootfs

    def _add_python(self, rootfs: Path) -> None:
        left_out = shutil.ignore_patterns("__pycache__", "test", "*.a", "config-*")
        shutil.copytree(
            sys.base_prefix,
            rootfs / "usr/local",
            symlinks=True,
            dirs_exist_ok=True,
            ignore=left_out,
        )
        pip = rootfs / "usr/local/bin/pip"  # the copied one names the folder that it came from
        pip.write_text('#!/bin/sh\nexec /usr/local/bin/python3 -m pip "$@"\n')
        pip.chmod(0o755)
        self.project.run("chroot", rootfs, "/sbin/ldconfig")
