"""Make the report again and again, and serve the newest: to people, Prometheus, Alertmanager."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event as Flag
from threading import Thread
from typing import Any, NamedTuple

from project_package import notify
from project_package.monitoring.exposition import to_metrics, undelivered
from project_package.monitoring.page import to_html
from project_package.monitoring.report import Report, to_json

MAX_ALERT_BYTES = 1_000_000
# After which a connection that says nothing is closed; until then it has a thread of its own.
IDLE_SECONDS = 30

logger = logging.getLogger(__name__)


class Page(NamedTuple):
    """What a path answers."""

    kind: str
    content: bytes


class Monitor(ThreadingHTTPServer):
    """Serves the newest report; a failing one leaves the last in place, which grows stale."""

    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], make: Callable[[], Report], seconds: float
    ) -> None:
        """Listen on `address`; `make` a report every `seconds` once `serve` is called."""
        super().__init__(address, _Handler)
        self.pages: dict[str, Page] = {"/health": Page("text/plain", b"alive\n")}
        # Of each channel that is set, how many messages it did not take.
        self.undelivered = Counter(dict.fromkeys(notify.channels(), 0))
        self._make = make
        self._seconds = seconds
        self._stopped = Flag()

    def serve(self) -> None:
        """Serve until `close` is called or the process is interrupted."""
        worker = Thread(target=self._work, daemon=True)
        worker.start()
        self.serve_forever(poll_interval=0.1)
        worker.join()

    def close(self) -> None:
        """Stop serving and making reports."""
        self._stopped.set()
        self.shutdown()

    def refresh(self) -> None:
        """Make the report and serve it from now on."""
        report = self._make()
        self.pages |= {
            "/": Page("text/html; charset=utf-8", to_html(report).encode()),
            "/report.json": Page("application/json", to_json(report)),
            "/metrics": Page("text/plain; version=0.0.4", to_metrics(report).encode()),
        }

    def page(self, path: str) -> Page | None:
        """Return what `path` answers now, or None where there is nothing, or nothing yet."""
        page = self.pages.get(path)
        if page is None or path != "/metrics":
            return page
        return page._replace(content=page.content + undelivered(self.undelivered).encode())

    def tell(self, events: Iterable[notify.Event]) -> bool:
        """Pass `events` on; return False where one of them reached none of the channels."""
        reached = True
        for event in events:
            failed = notify.notify(event)
            self.undelivered.update(failed)
            reached = reached and (not failed or set(failed) != set(notify.channels()))
        return reached

    def _work(self) -> None:
        while True:
            try:
                self.refresh()
            except Exception:
                # The rule MonitorStale tells people; the next round may succeed.
                logger.exception("no report")
            if self._stopped.wait(self._seconds):
                return


class _Handler(BaseHTTPRequestHandler):
    server: Monitor
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        page = self.server.page(self.path.partition("?")[0])
        if page is None:
            self._answer(404, Page("text/plain", b"not here, or not yet\n"))
        else:
            self._answer(200, page)

    def do_POST(self) -> None:
        """Pass alerts of Alertmanager's webhook on to the channels of `notify`."""
        if self.path != "/alerts":
            self._refuse(404, b"alerts are taken at /alerts\n")
            return
        size = self._content_length()
        if not 0 <= size <= MAX_ALERT_BYTES:
            self._refuse(400, b"alerts have a Content-Length, of a megabyte at most\n")
            return
        try:
            events = to_events(json.loads(self.rfile.read(size)))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._answer(400, Page("text/plain", b"not what Alertmanager sends\n"))
            return
        # 502 makes Alertmanager try again, at all channels: only where no channel took it.
        reached = self.server.tell(events)
        self._answer(200 if reached else 502, Page("text/plain", b"told\n"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        logger.debug(format, *args)

    def _content_length(self) -> int:
        """Return the size of the body in bytes, below zero where the header is no number."""
        try:
            return int(self.headers.get("Content-Length", 0))
        except ValueError:
            return -1

    def _refuse(self, status: int, reason: bytes) -> None:
        """Answer without having read the body, which the connection then still holds."""
        self.close_connection = True
        self._answer(status, Page("text/plain", reason))

    def _answer(self, status: int, page: Page) -> None:
        self.send_response(status)
        self.send_header("Content-Type", page.kind)
        self.send_header("Content-Length", str(len(page.content)))
        self.end_headers()
        self.wfile.write(page.content)


def to_events(message: dict[str, Any]) -> list[notify.Event]:
    """Return an event for each alert of a webhook message of Alertmanager (version 4)."""
    return [
        notify.Event(
            kind="alert",
            title=f"[{alert['status']}] {alert['labels']['alertname']}: "
            f"{alert['annotations'].get('summary', '')}",
            facts={**alert["labels"], "runbook": alert["annotations"].get("runbook", "")},
        )
        for alert in message["alerts"]
    ]
