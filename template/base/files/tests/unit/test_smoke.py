import json
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from project_package import smoke

EXAMPLE = {"examples": {"row_1": {"value": {"distance": 1}}}}
PAGES: dict[str, Any] = {
    "/ready": {"ready": True},
    "/model": {"version": "7", "run_id": "served"},
    "/openapi.json": {
        "paths": {"/predict": {"post": {"requestBody": {"content": {"application/json": EXAMPLE}}}}}
    },
}


class FakeService(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(PAGES[self.path])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"asked": json.loads(body), "token": self.headers["Authorization"]})

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, content: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), FakeService) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_service_is_asked_for_its_own_example(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "t0ken")

    assert smoke.main([address + "/"]) == 0

    answer = json.loads(capsys.readouterr().out)
    assert answer == {"asked": {"distance": 1}, "token": "Bearer t0ken"}


def test_another_model_than_the_deployed_one_is_an_error(address: str) -> None:
    with pytest.raises(smoke.SmokeError, match="serves version 7 of run served, not version 8 of"):
        smoke.check(address, {"version": "8", "run_id": "deployed"}, patience=0)


def test_same_version_of_another_registry_is_another_model(
    address: str,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(smoke, "check", partial(smoke.check, patience=0))
    (elsewhere / "build").mkdir()
    described = json.dumps({"version": "7", "run_id": "deployed"})
    (elsewhere / smoke.DEPLOYED_MODEL).write_text(described, "utf-8")

    assert smoke.main([address]) == 1

    assert "not version 7 of run deployed" in capsys.readouterr().err


def test_the_deployed_model_is_asked(address: str) -> None:
    answer = smoke.check(address, {"version": "7", "run_id": "served"}, patience=0)

    assert answer["asked"] == {"distance": 1}


def test_service_that_is_not_there_is_an_error() -> None:
    with pytest.raises(smoke.SmokeError, match="not ready"):
        smoke.check("http://127.0.0.1:9", {}, patience=0)


def test_address_that_is_not_http_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke.main(["file:///etc/passwd"]) == 1

    assert "not an http address" in capsys.readouterr().err


def test_without_an_address_nothing_is_asked_and_that_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert smoke.main([""]) == 0

    assert "warning: SERVICE_URL is not set" in capsys.readouterr().err
