import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from project_package.notify import Event, notify

EVENT = Event("promoted", "tiny 2 is the champion", {"by": "the gate", "roc_auc": "0.81"})


class Listener(ThreadingHTTPServer):
    """A webhook that keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keep)
        self.got: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/secret-path"


class _Keep(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.server.got.append(json.loads(self.rfile.read(size)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_with_nothing_set_nobody_is_told() -> None:
    assert notify(EVENT, {}) == []


def test_a_webhook_gets_the_event_as_data(listener: Listener) -> None:
    assert notify(EVENT, {"NOTIFY_WEBHOOK_URL": listener.address}) == []

    [got] = listener.got
    assert got["kind"] == "promoted"
    assert got["facts"] == EVENT.facts


def test_a_chat_gets_its_text(listener: Listener) -> None:
    notify(EVENT, {"NOTIFY_CHAT_URL": listener.address})

    assert listener.got == [{"text": "tiny 2 is the champion\nby: the gate\nroc_auc: 0.81"}]


def test_an_e_mail_goes_through_the_server_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[EmailMessage] = []
    monkeypatch.setattr(smtplib, "SMTP", _post_office(sent))

    failed = notify(
        EVENT,
        {
            "NOTIFY_SMTP_URL": "smtp://user:pass%40word@mail.example.com:587",
            "NOTIFY_EMAIL_FROM": "model@example.com",
            "NOTIFY_EMAIL_TO": "a@example.com, b@example.com",
        },
    )

    assert failed == []
    assert sent[0]["Subject"] == EVENT.title
    assert sent[0]["To"] == "a@example.com, b@example.com"
    assert "by: the gate" in sent[0].get_content()


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("NOTIFY_WEBHOOK_URL", "http://127.0.0.1:9/secret"),
        ("NOTIFY_WEBHOOK_URL", "file:///etc/passwd"),
        ("NOTIFY_SMTP_URL", "mail.example.com"),
    ],
)
def test_a_channel_that_fails_is_named_without_its_address(
    name: str, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert notify(EVENT, {name: address}) == [name]

    assert name in caplog.text
    assert address not in caplog.text


def test_a_channel_that_fails_does_not_stop_the_others(listener: Listener) -> None:
    environment = {
        "NOTIFY_WEBHOOK_URL": "http://127.0.0.1:9/",
        "NOTIFY_CHAT_URL": listener.address,
    }

    assert notify(EVENT, environment) == ["NOTIFY_WEBHOOK_URL"]
    assert len(listener.got) == 1


def _post_office(sent: list[EmailMessage]) -> type:
    class Office:
        def __init__(self, host: str, port: int, timeout: float) -> None:
            assert (host, port) == ("mail.example.com", 587)
            assert timeout > 0

        def __enter__(self) -> "Office":
            return self

        def __exit__(self, *_error: object) -> None:
            pass

        def starttls(self) -> None:
            self.secure = True

        def login(self, user: str, password: str) -> None:
            assert self.secure
            assert (user, password) == ("user", "pass@word")

        def send_message(self, message: EmailMessage) -> None:
            sent.append(message)

    return Office
