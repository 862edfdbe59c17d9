"""When the delivery of a promoted champion is asked for, and how."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from project_package import delivery
from project_package.delivery import ASKED, ask, deliver, is_wanted
from project_package.errors import PipelineError
from project_package.parameters import Parameters
from project_package.paths import Paths

PROMOTED = {
    "run_id": "new",
    "decided_at": "2020-01-02T03:00:00+00:00",
    "decided_by": "somebody",
}


class Pipeline(ThreadingHTTPServer):
    """What starts a pipeline; it keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keep)
        self.asked: list[tuple[str, str]] = []
        self.status = 204

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/secret-path"


class _Keep(BaseHTTPRequestHandler):
    server: Pipeline

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.headers["Authorization"], body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def ci() -> Iterator[Pipeline]:
    with Pipeline() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


class Memory:
    """A registry with one version, which is the champion or not."""

    def __init__(self, champion: str | None) -> None:
        self._champion = champion
        self.tags: dict[str, str] = dict(PROMOTED)

    def champion(self) -> str | None:
        return self._champion

    def facts(self, _version: str) -> dict[str, str]:
        return self.tags

    def tag(self, _version: str, facts: dict[str, str]) -> None:
        self.tags |= facts


def test_a_champion_that_does_not_serve_is_wanted() -> None:
    assert is_wanted(PROMOTED, "old")


def test_a_champion_that_serves_is_not() -> None:
    assert not is_wanted(PROMOTED, "new")


def test_what_the_gate_promoted_is_delivered_by_its_own_pipeline() -> None:
    assert not is_wanted(PROMOTED | {"decided_by": "gate, started by somebody"}, "old")


def test_it_is_asked_for_once_for_each_decision() -> None:
    asked = PROMOTED | {ASKED: "2020-01-02T03:30:00+00:00"}

    assert not is_wanted(asked, "old")
    assert is_wanted(asked | {"decided_at": "2020-02-01T00:00:00+00:00"}, "old")


def test_the_pipeline_is_asked_as_its_provider_wants(ci: Pipeline) -> None:
    ask(
        {
            "DELIVERY_URL": ci.address,
            "DELIVERY_AUTHORIZATION": "Bearer token",
            "DELIVERY_BODY": '{"ref": "main"}',
        }
    )

    assert ci.asked == [("Bearer token", '{"ref": "main"}')]


@pytest.mark.parametrize("address", ["", "file:///etc/passwd"])
def test_without_an_address_it_fails_and_says_so(address: str) -> None:
    with pytest.raises(PipelineError, match="DELIVERY_URL"):
        ask({"DELIVERY_URL": address})


def test_a_refusal_is_told_without_what_may_be_secret(ci: Pipeline) -> None:
    ci.status = 403

    with pytest.raises(PipelineError, match="403") as caught:
        ask({"DELIVERY_URL": ci.address, "DELIVERY_AUTHORIZATION": "Bearer token"})

    assert "secret-path" not in caught.value.message
    assert "token" not in caught.value.message


@pytest.mark.parametrize("champion", ["2", None])
def test_the_registry_remembers_that_it_was_asked(
    champion: str | None,
    ci: Pipeline,
    parameters: Parameters,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Memory(champion)

    def registry(*_: Any) -> Memory:
        return memory

    monkeypatch.setattr(delivery, "Registry", registry)
    monkeypatch.setenv("DELIVERY_URL", ci.address)

    for _ in range(2):
        deliver(Paths(tmp_path), parameters)

    assert len(ci.asked) == (1 if champion else 0)
    assert (ASKED in memory.tags) == bool(champion)
