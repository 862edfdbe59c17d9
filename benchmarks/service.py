"""CPU per request of a generated project's service, beside a bare ASGI echo and `mlflow models serve`.

    python benchmarks/service.py PROJECT

The project must have been set up and trained once. Each server runs in the project's environment with one worker, the
same model and the same row; only the server's CPU time is counted, of it and of all processes it started. Runs
alternate, so that noise hits all alike; the median counts.

MLflow serves the same model twice: as the scikit-learn pipeline that was fitted, which is how teams log a model, and as
the registered version, whose pyfunc is a wrapper of ours around the ONNX graph that the service itself runs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from processes import write_section

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
CONNECTIONS = 8
TICKS = os.sysconf("SC_CLK_TCK")
MOST_ECHOES = 8.0
LEAST_GAIN = 50.0
TWICE = """MLflow serves the same
model twice: as the scikit-learn pipeline that was fitted, which is how teams log one, and as the registered version, a
pyfunc around the ONNX graph that the service itself runs."""

ECHO = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = (await receive())["body"]
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""

SAVE_PIPELINE = """
import sys
import joblib, mlflow.sklearn, pandas
from mlflow.models import infer_signature
pipeline, rows, target = sys.argv[1:]
frame = pandas.read_parquet(rows)[list(joblib.load(pipeline).feature_names_in_)]
frame = frame.astype({name: float for name in frame.select_dtypes("number")})
mlflow.sklearn.save_model(
    joblib.load(pipeline), target, signature=infer_signature(frame),
    serialization_format="cloudpickle", pip_requirements=["scikit-learn"], pyfunc_predict_fn="predict_proba",
)
"""


@dataclass(frozen=True, slots=True)
class Server:
    """One side of the comparison."""

    name: str
    command: Sequence[str]
    path: str
    body: bytes
    requests: int
    environment: Mapping[str, str]
    ready: str


@dataclass(frozen=True, slots=True)
class Running:
    """A started server."""

    server: Server
    port: int
    pid: int


def servers(project: Path, folder: Path, requests: int) -> list[Server]:
    """Return what is compared."""
    python = str(project / ".venv" / "bin" / "python")
    package = next((project / "src").glob("*/schema.py")).parent.name
    champion = project / "models" / "champion"
    row = json.loads((champion / "examples.json").read_text())[0]["inputs"]
    facts = json.loads((champion / "model.json").read_text())
    (folder / "echo.py").write_text(ECHO)
    one = json.dumps(row).encode()
    frame = json.dumps({"dataframe_records": [row]}).encode()
    tracking = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{project / 'mlflow.db'}"
    pipeline = folder / "pipeline"
    subprocess.run(
        [python, "-c", SAVE_PIPELINE, project / "models/candidate/pipeline.joblib", project / "data/test.parquet",
         pipeline],
        check=True, cwd=folder,
    )  # fmt: skip

    def mlflow(name: str, model: str) -> Server:
        return Server(
            name,
            [python, "-m", "mlflow", "models", "serve", "--model-uri", model,
             "--env-manager", "local", "--port", "{port}", "--workers", "1"],
            "/invocations", frame, max(200, requests // 20), {"MLFLOW_TRACKING_URI": tracking}, "/ping",
        )  # fmt: skip

    return [
        Server(
            "bare ASGI echo (uvicorn)",
            [python, "-m", "uvicorn", "echo:app", "--app-dir", str(folder), "--port", "{port}",
             "--no-access-log", "--log-level", "warning"],
            "/", one, requests, {}, "/",
        ),
        Server(
            "the service, all observability on",
            [python, "-m", f"{package}.service", "--port", "{port}",
             "--model-dir", str(champion), "--log-dir", str(folder / "logs")],
            "/predict", one, requests, {}, "/ready",
        ),
        mlflow("mlflow models serve, the scikit-learn pipeline", str(pipeline)),
        mlflow("mlflow models serve, the registered ONNX graph", f"models:/{facts['name']}/{facts['version']}"),
    ]  # fmt: skip


@contextmanager
def started(server: Server, project: Path, log: Path) -> Iterator[Running]:
    """Start `server`, wait until it answers, and end it with all that it started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [part.replace("{port}", str(port)) for part in server.command]
    environment = {**os.environ, **server.environment}
    environment["PATH"] = f"{project / '.venv' / 'bin'}:{environment['PATH']}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_ready(port, server.ready, process, log)
        yield Running(server, port, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_ready(port: int, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once `path` answers 200."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path, b"{}")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(
        f"{' '.join(map(str, process.args))} did not start:\n{log.read_text()[-2000:]}"
    )


def microseconds(running: Running) -> float:
    """Return the CPU time that one request costs."""
    load(running, running.server.requests // 10)
    before = cpu_seconds(running.pid)
    load(running, running.server.requests)
    return (cpu_seconds(running.pid) - before) / running.server.requests * 1e6


def cpu_seconds(session: int) -> float:
    """Return the CPU time of every process of `session`, with the children that they waited for."""
    ticks = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def load(running: Running, requests: int) -> None:
    """Send `requests`, on connections that each have one request on its way."""
    head = (
        f"POST {running.server.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(running.server.body)}\r\n\r\n"
    )
    message = head.encode() + running.server.body
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(CONNECTIONS):
            opened = stack.enter_context(socket.create_connection(("127.0.0.1", running.port)))
            opened.sendall(message)
            selector.register(opened, selectors.EVENT_READ, bytearray())
        answered = 0
        while answered < requests:
            for key, _ in selector.select():
                connection: Any = key.fileobj
                key.data.extend(connection.recv(65536))
                if is_complete(key.data):
                    answered += 1
                    key.data.clear()
                    connection.sendall(message)


def is_complete(answer: bytearray) -> bool:
    """Return whether `answer` is a whole one, and end here if it is not a success."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(answer.decode(errors="replace"))
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)


def measure(project: Path, requests: int, runs: int) -> dict[str, float]:
    """Return for each server the median CPU microseconds of a request."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        running = [
            stack.enter_context(started(server, project, folder / f"{number}.log"))
            for number, server in enumerate(servers(project, folder, requests))
        ]
        costs = [[microseconds(each) for each in running] for _ in range(runs)]
    return {
        each.server.name: statistics.median(values)
        for each, values in zip(running, zip(*costs, strict=True), strict=True)
    }


def main() -> int:
    """Measure, write the page, and return 1 where a ratio is not held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--requests", type=int, default=8000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    costs = measure(given.project.resolve(), given.requests, given.runs)
    echo, service, pipeline, graph = costs.values()
    lines = [
        f"Measured {datetime.now(tz=UTC).date()} with {CONNECTIONS} connections, one row a request. {TWICE}",
        "",
        "| server | CPU a request | x bare echo |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {cost:,.0f} µs | {cost / echo:.1f} |" for name, cost in costs.items()),
        "",
        f"`mlflow models serve` costs {pipeline / service:.0f} times what the service does with the fitted pipeline,",
        f"and {graph / service:.0f} times with our ONNX graph.",
    ]
    print("\n".join(lines))
    write_section(PAGE, "service", "\n".join(lines))
    return int(service > MOST_ECHOES * echo or pipeline < LEAST_GAIN * service)


if __name__ == "__main__":
    sys.exit(main())
