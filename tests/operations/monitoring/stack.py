"""Real processes around a generated project: service, monitor, Prometheus, Alertmanager, a webhook."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

# Minutes of the rules become seconds, so that a day of alerts fits into a test.
SECONDS = {"m": 2, "h": 120, "d": 2880}


def hurry(rules: str) -> str:
    """Return `rules` with the ranges and waits of its expressions shortened."""

    def shorter(found: re.Match[str]) -> str:
        return f"{found[1]}{int(found[2]) * SECONDS[found[3]]}s"

    return re.sub(r"(\[|for: )(\d+)([mhd])", shorter, rules)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return json.load(answer)


def wait_for(what: str, holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"not within {seconds:g} s: {what}")


class Webhook(ThreadingHTTPServer):
    """Keeps the messages that it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keep)
        self.got: list[dict[str, Any]] = []
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def titles(self) -> list[str]:
        return [message["title"] for message in self.got]


class _Keep(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Stack:
    """The running stack of one project."""

    project: Path
    package: str
    folder: Path
    webhook: Webhook
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def python(self) -> Path:
        return self.project / ".venv" / "bin" / "python"

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "NOTIFY_WEBHOOK_URL": self.webhook.address,
            "OMP_WAIT_POLICY": "passive",
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
            "SERVICE_DRIFT_MINIMUM": "400",
            "SERVICE_DRIFT_WINDOW": "1000",
        }

    def start(self, name: str, *command: str | Path) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [str(word) for word in command],
            cwd=self.project,
            env=self.environment,
            stdout=log,
            stderr=log,
        )

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()

    def start_service(self) -> None:
        port = str(self.ports["service"])
        self.start("service", self.python, "-m", f"{self.package}.service", "--port", port)
        wait_for("the service is ready", lambda: bool(get(f"{self.address('service')}/ready")))

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a Python command in the project."""
        return subprocess.run(
            [str(self.python), *map(str, arguments)],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def send(self, raw: Path, rows: int, labels: str) -> None:
        """Ask for predictions of `rows` rows of `raw`; keep their outcomes for later."""
        traffic = Path(__file__).with_name("traffic.py")
        outcome = self.folder / labels
        done = self.run(
            traffic, self.package, "send", raw, self.address("service"), str(rows), outcome
        )
        assert done.returncode == 0, done.stderr

    def labels_arrive(self, labels: str) -> None:
        folder = self.project / "data" / "labels"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.folder / labels, folder / labels)

    def firing(self) -> set[tuple[str, str]]:
        """Return the alerts that fire, as (name, feature or metric)."""
        alerts = get(f"{self.address('prometheus')}/api/v1/alerts")["data"]["alerts"]
        return {
            (
                alert["labels"]["alertname"],
                alert["labels"].get("feature", alert["labels"].get("metric", "")),
            )
            for alert in alerts
            if alert["state"] == "firing"
        }

    def names(self) -> set[str]:
        return {name for name, _ in self.firing()}


@contextmanager
def running(project: Path, package: str, folder: Path) -> Iterator[Stack]:
    """Start everything around the trained `project`; stop it at the end."""
    with ExitStack() as stack:
        webhook = stack.enter_context(Webhook())
        stack.callback(webhook.shutdown)
        one = Stack(project, package, folder, webhook)
        one.ports = {
            name: free_port()
            for name in ("service", "monitor", "prometheus", "alertmanager", "cluster")
        }
        stack.callback(lambda: [one.stop(name) for name in list(one.processes)])
        one.start_service()
        one.start(
            "monitor",
            *(one.python, "-m", f"{package}.monitoring", "serve", "--seconds", "5"),
            *("--port", str(one.ports["monitor"])),
        )
        _start_alertmanager(one)
        _start_prometheus(one)
        yield one


def _start_alertmanager(one: Stack) -> None:
    text = (one.project / "monitoring/alertmanager/alertmanager.yml").read_text("utf-8")
    text = text.replace("http://monitor:9109", one.address("monitor"))
    text = re.sub(r"group_(wait|interval): \S+", r"group_\1: 1s", text)
    config = one.folder / "alertmanager.yml"
    config.write_text(text, "utf-8")
    one.start(
        "alertmanager",
        "prometheus-alertmanager",
        f"--config.file={config}",
        f"--storage.path={one.folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{one.ports['alertmanager']}",
        "--cluster.listen-address=",
    )


def _start_prometheus(one: Stack) -> None:
    folder = one.folder / "prometheus"
    shutil.copytree(one.project / "monitoring/prometheus", folder)
    for path in (folder / "rules").glob("*.yml"):
        path.write_text(hurry(path.read_text("utf-8")), "utf-8")
    config = folder / "prometheus.yml"
    text = config.read_text("utf-8").replace(
        "alertmanager:9093", f"127.0.0.1:{one.ports['alertmanager']}"
    )
    text = text.replace("localhost:9090", f"127.0.0.1:{one.ports['prometheus']}")
    text = re.sub(r"interval: \S+", "interval: 1s", text).replace("timeout: 5s", "timeout: 1s")
    config.write_text(text, "utf-8")
    for name in ("service", "monitor"):
        target = f"- targets: ['127.0.0.1:{one.ports[name]}']\n"
        (folder / "targets" / f"{name}.yml").write_text(target, "utf-8")
    one.start(
        "prometheus",
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={one.folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{one.ports['prometheus']}",
    )
    ready = f"{one.address('prometheus')}/api/v1/alerts"
    wait_for("Prometheus answers", lambda: bool(get(ready)))


class Steady:
    """Asks for one prediction after the other in the background and counts those that failed."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stop = Event()
        self._thread = Thread(target=self._ask, daemon=True)
        self.answered = 0
        self.failed: list[str] = []

    def __enter__(self) -> "Steady":
        examples = get(f"{self._address}/openapi.json")["paths"]["/predict"]["post"]
        bodies = examples["requestBody"]["content"]["application/json"]["examples"]
        self._body = json.dumps(next(iter(bodies.values()))["value"]).encode()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.05):
            request = urllib.request.Request(
                f"{self._address}/predict", self._body, {"Content-Type": "application/json"}
            )
            try:
                with urllib.request.urlopen(request, timeout=10):
                    self.answered += 1
            except OSError as error:
                self.failed.append(str(error))
