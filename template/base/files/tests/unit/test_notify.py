import json
import smtplib
import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest

from project_package.notify import Event, channels, notify

EVENT = Event("promoted", "tiny 2 is the champion", {"by": "the gate", "roc_auc": "0.81"})
MAIL = {
    "NOTIFY_EMAIL_FROM": "model@example.com",
    "NOTIFY_EMAIL_TO": "a@example.com, b@example.com",
}


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


class PostOffice(ThreadingTCPServer):
    """A mail server that keeps what it got, as (receivers, message)."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.got: list[tuple[list[str], EmailMessage]] = []

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Counter(StreamRequestHandler):
    """One conversation of RFC 5321."""

    server: PostOffice

    def handle(self) -> None:
        receivers: list[str] = []
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "RCPT":
                receivers.append(line.partition("<")[2].rstrip(">"))
            if verb == "DATA":
                self._say("354 go on")
                self.server.got.append((receivers, self._message()))
            self._say("221 bye" if verb == "QUIT" else "250 done")

    def _message(self) -> EmailMessage:
        lines = b"".join(iter(self.rfile.readline, b".\r\n"))
        return message_from_bytes(lines, EmailMessage, policy=default)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    with PostOffice() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


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


def test_an_e_mail_goes_through_the_server_that_is_set(post_office: PostOffice) -> None:
    assert notify(EVENT, MAIL | {"NOTIFY_SMTP_URL": post_office.address}) == []

    [(receivers, message)] = post_office.got
    assert receivers == ["a@example.com", "b@example.com"]
    assert message["Subject"] == EVENT.title
    assert "by: the gate" in message.get_content()


def test_an_e_mail_without_receivers_is_a_failure(post_office: PostOffice) -> None:
    assert notify(EVENT, {"NOTIFY_SMTP_URL": post_office.address}) == ["NOTIFY_SMTP_URL"]


@pytest.mark.parametrize(("scheme", "client"), [("smtp", "SMTP"), ("smtps", "SMTP_SSL")])
def test_a_password_travels_only_to_a_server_that_is_verified(
    scheme: str, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[EmailMessage] = []
    monkeypatch.setattr(smtplib, client, _secure_office(sent))

    address = f"{scheme}://user:pass%40word@mail.example.com:587"
    assert notify(EVENT, MAIL | {"NOTIFY_SMTP_URL": address}) == []

    assert sent[0]["Subject"] == EVENT.title


def test_only_channels_that_are_set_are_channels() -> None:
    assert channels({"NOTIFY_CHAT_URL": "https://chat", "NOTIFY_WEBHOOK_URL": ""}) == [
        "NOTIFY_CHAT_URL"
    ]


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


def _secure_office(sent: list[EmailMessage]) -> type:
    """Return a mail server that takes a password only where its certificate is verified."""

    class Office:
        def __init__(
            self, host: str, port: int, timeout: float, context: ssl.SSLContext | None = None
        ) -> None:
            assert (host, port) == ("mail.example.com", 587)
            assert timeout > 0
            self.context = context

        def __enter__(self) -> "Office":
            return self

        def __exit__(self, *_error: object) -> None:
            pass

        def starttls(self, context: ssl.SSLContext) -> None:
            self.context = context

        def login(self, user: str, password: str) -> None:
            assert self.context is not None
            assert self.context.verify_mode == ssl.CERT_REQUIRED
            assert self.context.check_hostname
            assert (user, password) == ("user", "pass@word")

        def send_message(self, message: EmailMessage) -> None:
            sent.append(message)

    return Office
