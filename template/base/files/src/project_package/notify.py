"""One hook for what people should hear of: a webhook, a chat, an e-mail, by the standard library.

Where to is in the environment (`NOTIFY_*`, see `.env.example`); with nothing set nobody is
told. A channel that fails is logged and never stops the work that it reports on.
"""

import json
import logging
import os
import smtplib
import ssl
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from http.client import HTTPException
from urllib.parse import SplitResult, unquote, urlsplit

TIMEOUT_SECONDS = 10
SCHEMES = ("http", "https")

logger = logging.getLogger(__name__)


class ChannelError(ValueError):
    """A channel is set to something that cannot be one."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a model: `kind` for programs, `title` and `facts` for people.

    Kinds: run_finished, model_registered, not_trained, canary, promoted, refused, rolled_back,
    drift_found, alert.
    """

    kind: str
    title: str
    facts: Mapping[str, str] = field(default_factory=dict)
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat())

    @property
    def text(self) -> str:
        """The event as a few lines of plain text."""
        return "\n".join([self.title, *(f"{name}: {value}" for name, value in self.facts.items())])


Channel = Callable[[Event], None]


def channels(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of the channels that `environment` sets."""
    return [name for name in CHANNELS if environment.get(name)]


def notify(event: Event, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Tell `event` to every channel that `environment` sets; return those that failed."""
    failed = []
    for name in channels(environment):
        try:
            CHANNELS[name](environment[name], environment)(event)
        except (OSError, HTTPException, smtplib.SMTPException, ValueError) as error:
            # The address may hold a secret: the variable's name says which it was.
            logger.error("%s: %s was not told: %s", name, event.kind, type(error).__name__)
            failed.append(name)
    return failed


def _webhook(address: str, _environment: Mapping[str, str]) -> Channel:
    return lambda event: _post(address, {**asdict(event), "text": event.text})


def _chat(address: str, _environment: Mapping[str, str]) -> Channel:
    # What Slack, Mattermost, Rocket.Chat and Google Chat take alike.
    return lambda event: _post(address, {"text": event.text})


def _post(address: str, content: Mapping[str, object]) -> None:
    if urlsplit(address).scheme not in SCHEMES:
        raise ChannelError("an address begins with http:// or https://")
    request = urllib.request.Request(  # noqa: S310 - its scheme was checked
        address,
        data=json.dumps(content).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
        pass


def _email(address: str, environment: Mapping[str, str]) -> Channel:
    """Return a channel to the server `address`: smtp[s]://user:password@host:port.

    Before a password is sent, the server's certificate must be one that this machine trusts.
    """
    server = urlsplit(address)
    if server.scheme not in {"smtp", "smtps"} or not server.hostname:
        raise ChannelError("an address begins with smtp:// or smtps://")
    sender, receivers = (environment.get(f"NOTIFY_EMAIL_{name}", "") for name in ("FROM", "TO"))
    if not sender or not receivers:
        raise ChannelError("an e-mail needs NOTIFY_EMAIL_FROM and NOTIFY_EMAIL_TO")

    def send(event: Event) -> None:
        message = EmailMessage()
        message["Subject"] = event.title.splitlines()[0]
        message["From"] = sender
        message["To"] = receivers
        message.set_content(event.text)
        with _connect(server) as smtp:
            if server.username:
                smtp.login(unquote(server.username), unquote(server.password or ""))
            smtp.send_message(message)

    return send


@contextmanager
def _connect(server: SplitResult) -> Iterator[smtplib.SMTP]:
    """Yield a connection to `server`, over TLS wherever it is smtps or a user is named."""
    trusted = ssl.create_default_context()
    host, port = server.hostname or "", server.port or 0
    if server.scheme == "smtps":
        with smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=trusted) as smtp:
            yield smtp
        return
    with smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS) as smtp:
        if server.username:
            smtp.starttls(context=trusted)
        yield smtp


CHANNELS: Mapping[str, Callable[[str, Mapping[str, str]], Channel]] = {
    "NOTIFY_WEBHOOK_URL": _webhook,
    "NOTIFY_CHAT_URL": _chat,
    "NOTIFY_SMTP_URL": _email,
}
