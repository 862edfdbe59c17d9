"""A generated repository to work in, and how to talk to what it serves."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from home import uv_cache


class Project:
    """A generated repository and the environment of somebody who works in it."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
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
            "UV_CACHE_DIR": uv_cache(),
            "HOME": str(home),
            **{f"GIT_{who}_NAME": "Test" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "test@example.org" for who in ("AUTHOR", "COMMITTER")},
        }

    def run(
        self,
        *command: object,
        minutes: float = 10,
        folder: Path | None = None,
        **environment: str,
    ) -> str:
        """Return what the command printed in the project, or in `folder`; a failure shows its end."""
        done = self.attempt(*command, minutes=minutes, folder=folder, **environment)
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def attempt(
        self,
        *command: object,
        minutes: float = 10,
        folder: Path | None = None,
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd=folder or self.folder,
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


def generate(place: Path, *options: str) -> Project:
    """Return a new project under `place`, whose owner has an empty home."""
    (place / "home").mkdir()
    project = Project(place / "flight-delays", place / "home")
    command = (sys.executable, "-m", "scaffold", "new", str(project.folder), "--yes", *options)
    subprocess.run(command, check=True, env=project.environment)
    return project


def assert_proven(project: Project) -> None:
    """See `make prove` catch every fault, none of which is red without it, in three minutes."""
    output = project.run("make", "prove")
    last = re.search(r"^(\d+) of (\d+) caught in (\d+) s", output, re.MULTILINE)
    assert last
    caught, faults, seconds = map(int, last.groups())
    assert caught == faults >= 18
    assert seconds < 180
    proofs = json.loads((project.folder / "reports/proof.json").read_text("utf-8"))["proofs"]
    assert all(proof["caught"] and proof["green_without"] for proof in proofs)


# What tools keep for the next time: no result, and nothing that a person would miss.
CACHES = re.compile(r"(.*/)?(__pycache__|\.\w+_cache|\.hypothesis|\.venv|\.git)(/.*)?|\.coverage.*")


def snapshot(*folders: Path) -> dict[str, str]:
    """Return path -> digest of every file in `folders` but in caches of tools."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not CACHES.fullmatch(path.relative_to(folder).as_posix())
    }


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


def example(openapi: dict) -> object:
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
