"""How another model takes over while requests come in."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from project_package.service.settings import Settings

Row = dict[str, Any]


def wait_for(condition: Callable[[], bool]) -> None:
    until = monotonic() + 30
    while not condition():
        assert monotonic() < until
        sleep(0.02)


def version(client: TestClient) -> str:
    answer = client.get("/model").json()
    return str(answer.get("version"))


def served_version(url: str) -> str:
    return str(httpx2.get(f"{url}/model", timeout=30).json()["version"])


def refused(client: TestClient) -> bool:
    return 'service_model_loads_total{outcome="refused"} 1.0' in client.get("/metrics").text


def test_a_new_model_takes_over(
    client: TestClient, settings: Settings, write_bundle: Any, row: Row
) -> None:
    before = client.post("/predict", json=row).json()

    write_bundle(settings.model_dir, version="2", bias=-50.0)
    wait_for(lambda: version(client) == "2")

    after = client.post("/predict", json=row).json()
    assert after["model_version"] == "2"
    assert after["probability"] < before["probability"]


@pytest.mark.parametrize("name", ["model.onnx", "model.json", "reference.json", "examples.json"])
def test_a_damaged_model_is_refused_and_the_old_one_answers_on(
    client: TestClient, settings: Settings, write_bundle: Any, row: Row, name: str
) -> None:
    write_bundle(settings.model_dir, version="2")
    (settings.model_dir / name).write_bytes(b"damaged")

    wait_for(lambda: refused(client))

    assert client.post("/predict", json=row).json()["model_version"] == "1"
    assert client.get("/ready").status_code == 200


def test_a_model_for_another_schema_is_refused(
    client: TestClient, settings: Settings, write_bundle: Any
) -> None:
    write_bundle(settings.model_dir, version="2", contract="another")

    wait_for(lambda: refused(client))

    assert version(client) == "1"


def test_a_model_that_went_away_answers_on(
    client: TestClient, settings: Settings, row: Row
) -> None:
    shutil.rmtree(settings.model_dir)

    wait_for(lambda: refused(client))

    assert client.post("/predict", json=row).status_code == 200


def test_a_service_heals_when_a_model_appears(
    serve: Any, settings: Settings, write_bundle: Any, row: Row
) -> None:
    (settings.model_dir / "model.onnx").write_bytes(b"damaged")
    with serve(settings) as client:
        assert client.post("/predict", json=row).status_code == 503

        write_bundle(settings.model_dir)
        wait_for(lambda: client.get("/ready").status_code == 200)

        assert client.post("/predict", json=row).status_code == 200


@contextmanager
def load(url: str, row: Row, answers: Counter[Any]) -> Iterator[None]:
    """Send requests from four clients meanwhile; count answers by status and model."""
    stop = Event()

    def client() -> None:
        with httpx2.Client(base_url=url, timeout=30) as connection:
            while not stop.is_set():
                answer = connection.post("/predict", json=row)
                answers[answer.status_code, answer.json().get("model_version")] += 1
                sleep(0.002)

    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(client) for _ in range(4)]
        try:
            yield
        finally:
            stop.set()
    for finished in clients:
        finished.result()


def test_no_request_fails_while_models_are_swapped_under_load(
    start_process: Any, settings: Settings, write_bundle: Any, row: Row, tmp_path: Path
) -> None:
    process = start_process()
    answers: Counter[Any] = Counter()

    with load(process.url, row, answers):
        wait_for(lambda: bool(answers))
        for number in ("2", "3", "4"):
            bundle = write_bundle(tmp_path / number, version=number)
            for file in ("model.onnx", "reference.json", "examples.json", "model.json"):
                shutil.copy(bundle / file, settings.model_dir)
            wait_for(lambda: served_version(process.url) == number)  # noqa: B023

    assert {status for status, _ in answers} == {200}
    assert {model for _, model in answers} >= {"1", "4"}
