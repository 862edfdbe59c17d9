"""Real processes around a generated project: service, monitor, Prometheus, Alertmanager, a webhook."""

import json
import math
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

# SCAFFOLD_PACE gives processes on a busy machine more time.
PACE = float(os.environ.get("SCAFFOLD_PACE", "2.5"))
MINUTES = {"m": 1, "h": 60, "d": 1440}
# Alerts that fire while all is well.
ALWAYS = {"Watchdog"}


def hurry(rules: str) -> str:
    """Return `rules` with all their waits and windows shortened by one formula.

    Each range, `for` and age in hours of m minutes becomes `PACE` seconds times the root of m:
    what was longer stays longer, a minute is a few scrapes, and a day fits into a test. Limits,
    operators and ages in days stay as they are.
    """
    rules = re.sub(
        r"(\[|for: )(\d+)([mhd])",
        lambda found: f"{found[1]}{1000 * _seconds(int(found[2]) * MINUTES[found[3]]):.0f}ms",
        rules,
    )
    return re.sub(
        r"(\d+) \* 3600", lambda found: f"{_seconds(int(found[1]) * MINUTES['h']):.1f}", rules
    )


def _seconds(minutes: int) -> float:
    return PACE * math.sqrt(minutes)


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
    """Keeps the messages that it gets: the monitor's, and Alertmanager's own of what is direct.

    Under /chat it is the monitor's other channel, which may be down.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keep)
        self.got: list[dict[str, Any]] = []
        self.chat_is_down = False
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def titles(self) -> list[str]:
        return [title for message in self.got for title in _titles(message)]


def _titles(message: dict[str, Any]) -> list[str]:
    if "title" in message:
        return [message["title"]]
    if "attachments" in message:  # what Alertmanager tells a chat
        return [attachment["title"] for attachment in message["attachments"]]
    alerts = message["alerts"]  # and a webhook
    return [f"[{alert['status']}] {alert['labels']['alertname']}" for alert in alerts]


class _Keep(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_chat = self.path == "/chat"
        if not is_chat:
            self.server.got.append(message)
        self.send_response(503 if is_chat and self.server.chat_is_down else 200)
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
            "NOTIFY_CHAT_URL": f"{self.webhook.address}chat",
            "OMP_WAIT_POLICY": "passive",
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
            # Slow clients may hold a request for as long as the alert on many of them takes.
            "SERVICE_BODY_SECONDS": "60",
            "SERVICE_DRIFT_MINIMUM": "400",
            "SERVICE_DRIFT_WINDOW": "1000",
        }

    def start(self, name: str, *command: str | Path, **settings: str) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [str(word) for word in command],
            cwd=self.project,
            env=self.environment | settings,
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

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def start_service(self, name: str = "service", probe: str = "ready", **settings: str) -> None:
        port = str(self.ports.setdefault(name, free_port()))
        module = f"{self.package}.service"
        self.start(name, self.python, "-m", module, "--port", port, **settings)
        wait_for(f"{name} is {probe}", lambda: bool(get(f"{self.address(name)}/{probe}")))

    def start_alertmanager(self) -> None:
        self.start(
            "alertmanager",
            "prometheus-alertmanager",
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{self.ports['alertmanager']}",
            "--cluster.listen-address=",
        )

    def start_monitor(self) -> None:
        """Start the monitor, which makes a report every five seconds."""
        command = (self.python, "-m", f"{self.package}.monitoring", "serve", "--seconds", "5")
        self.start("monitor", *command, "--port", str(self.ports["monitor"]))
        health = f"{self.address('monitor')}/health"
        wait_for(
            "the monitor serves", lambda: bool(urllib.request.urlopen(health, timeout=10)), 180
        )

    def scrape(self, *services: str) -> None:
        """Let Prometheus scrape these services and no others."""
        targets = [f"127.0.0.1:{self.ports[name]}" for name in services]
        path = self.folder / "prometheus" / "targets" / "service.yml"
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps([{"targets": targets}] if targets else []), "utf-8")
        beside.replace(path)

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
        """Return the alerts that fire, as (name, feature or metric), but for those that always do."""
        alerts = get(f"{self.address('prometheus')}/api/v1/alerts")["data"]["alerts"]
        return {
            (
                alert["labels"]["alertname"],
                alert["labels"].get("feature", alert["labels"].get("metric", "")),
            )
            for alert in alerts
            if alert["state"] == "firing" and alert["labels"]["alertname"] not in ALWAYS
        }

    def names(self) -> set[str]:
        return {name for name, _ in self.firing()}

    def told(self, since: int = 0) -> set[str]:
        """Return the alerts that were delivered as firing after the first `since` messages."""
        messages = self.webhook.got[since:]
        titles = (title.split() for message in messages for title in _titles(message))
        return {words[1].rstrip(":") for words in titles if words[0] == "[firing]"}

    def inhibited(self) -> set[tuple[str, str]]:
        """Return the alerts that Alertmanager holds back, as (name, feature)."""
        alerts = get(f"{self.address('alertmanager')}/api/v2/alerts?active=false&inhibited=true")
        return {
            (alert["labels"]["alertname"], alert["labels"].get("feature", ""))
            for alert in alerts
            if alert["status"]["inhibitedBy"]
        }


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
        one.start_monitor()
        _start_alertmanager(one)
        _start_prometheus(one)
        # Before the first scrape there is no service for Prometheus: a busy machine makes that long.
        ready = f"{one.address('prometheus')}/api/v1/query?query=service_model_ready"
        wait_for("the service is scraped", lambda: bool(get(ready)["data"]["result"]))
        wait_for("it is quiet", lambda: not one.firing())
        webhook.got.clear()
        yield one


def _start_alertmanager(one: Stack) -> None:
    text = (one.project / "monitoring/alertmanager/alertmanager.yml").read_text("utf-8")
    text = text.replace("http://monitor:9109", one.address("monitor"))
    text = re.sub(r"group_(wait|interval): \S+", r"group_\1: 1s", text)
    text = text.replace("repeat_interval: 5m", "repeat_interval: 10s")
    # What the file offers as comments is taken into use, as docs/monitoring.md says.
    offered = re.compile(r"^( *)# (- matchers|  )", re.MULTILINE)
    text, lines = offered.subn(r"\1\2", text)
    assert lines == 8
    text = text.replace("api_url_file: /etc/alertmanager/", f"api_url_file: {one.folder}/")
    (one.folder / "chat_url").write_text(one.webhook.address, "utf-8")
    # Alertmanager reads this address from a file, too, since 0.26.
    text = text.replace("url_file: /etc/alertmanager/watchdog_url", f"url: {one.webhook.address}")
    (one.folder / "alertmanager.yml").write_text(text, "utf-8")
    one.start_alertmanager()


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
        "--rules.alert.resend-delay=1s",
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
