"""How the service stops: unready first, then drained, then closed."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Any

import httpx2
import pytest

from project_package.service.settings import Settings

Row = dict[str, Any]


def send_while_ready(url: str, row: Row, all_answered: Barrier) -> tuple[int, list[str]]:
    """Return how many answers came, and which requests had none; after the first, wait for others.

    A connection that the service closes is opened again only if the service is ready, as a load
    balancer does it.
    """
    answered = 0
    with httpx2.Client(base_url=url) as client:
        while True:
            try:
                answer = client.post("/predict", json=row)
            except httpx2.TransportError as error:
                return answered, [repr(error)]
            assert answer.status_code == 200
            answered += 1
            if answered == 1:
                all_answered.wait(timeout=60)
            closed = answer.headers.get("connection") == "close"
            if closed and not is_ready(client):
                return answered, []


def is_ready(client: httpx2.Client) -> bool:
    """Return what a load balancer takes the service for: one that is gone is not ready, either."""
    try:
        return client.get("/ready").status_code == 200
    except httpx2.TransportError:
        return False


def test_no_request_is_torn_by_a_stop_under_load(start_process: Any, row: Row) -> None:
    process = start_process(drain_seconds=1)

    all_answered = Barrier(7)
    with ThreadPoolExecutor(6) as pool:
        clients = [pool.submit(send_while_ready, process.url, row, all_answered) for _ in range(6)]
        all_answered.wait(timeout=60)
        sleep(0.2)
        process.stop()

    results = [client.result() for client in clients]
    assert all(answered > 0 for answered, _ in results)
    assert [torn for _, torn in results if torn] == []
    assert process.process.returncode == 0


def test_it_is_unready_and_still_answers_while_it_drains(start_process: Any, row: Row) -> None:
    process = start_process(drain_seconds=2)
    process.process.terminate()
    sleep(0.3)

    ready = httpx2.get(f"{process.url}/ready")
    answer = httpx2.post(f"{process.url}/predict", json=row)

    assert ready.status_code == 503
    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"


def test_asked_twice_it_closes_at_once(start_process: Any) -> None:
    process = start_process(drain_seconds=60)
    process.process.terminate()
    sleep(0.3)

    process.stop()

    assert process.process.returncode == 0


def test_every_answered_row_is_in_the_log_after_the_stop(
    start_process: Any, settings: Settings, row: Row
) -> None:
    process = start_process(drain_seconds=0)
    for _ in range(20):
        httpx2.post(f"{process.url}/predict", json=row)

    output = process.stop()

    assert len((settings.log_dir / "predictions.jsonl").read_text().splitlines()) == 20
    assert all(json.loads(line)["level"] in {"info", "warning"} for line in output.splitlines())


def test_a_port_in_use_is_an_exit_code(start_process: Any) -> None:
    port = start_process().url.rpartition(":")[2]

    second = run("--port", port)

    assert second.returncode != 0
    assert "address already in use" in second.stdout


@pytest.mark.parametrize("argument", ["--port=many", "--log-level=loud", "--max-rows=0"])
def test_a_wrong_setting_is_one_line_and_names_its_variable(argument: str) -> None:
    ended = run(argument)

    assert ended.returncode == 2
    assert "error: SERVICE_" in ended.stderr
    assert "Traceback" not in ended.stderr


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "project_package.service", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
