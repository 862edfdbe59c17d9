"""Clients of the service, as threads: ordinary ones, broken ones, too many of them."""

import http.client
import json
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from threading import Event, Thread
from typing import Any

Row = dict[str, Any]
HEADERS = {"Content-Type": "application/json"}


class Client:
    """Asks for `size` predictions at once, `rate` times a second, and keeps the newest ids."""

    def __init__(self, port: int, rows: Sequence[Row], rate: float = 30, size: int = 5) -> None:
        self.change: Callable[[int, Row], Row] = lambda _number, row: row
        self.answered: deque[tuple[str, int, Any]] = deque(maxlen=3000)
        self.sent = 0
        self._port = port
        self._rows = cycle(rows)
        self._pause = 1 / rate
        self._size = size
        self._resumed, self._stopped = Event(), Event()
        self._resumed.set()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Client":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._resumed.set()
        self._thread.join()

    @contextmanager
    def changing(self, change: Callable[[int, Row], Row]) -> Iterator[None]:
        """Send rows changed like this for a while."""
        before, self.change = self.change, change
        yield
        self.change = before

    @contextmanager
    def silent(self) -> Iterator[None]:
        self._resumed.clear()
        yield
        self._resumed.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._pause):
            self._resumed.wait()
            rows = [self.change(self.sent, next(self._rows)) for _ in range(self._size)]
            self.sent += 1
            try:
                status, request_id, body = post(self._port, json.dumps({"rows": rows}).encode())
            except OSError:
                time.sleep(0.2)
                continue
            if status == http.client.OK:
                answers = enumerate(json.loads(body)["predictions"])
                self.answered.extend((request_id, number, answer) for number, answer in answers)


def post(port: int, body: bytes, timeout: float = 10) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", "/predict", body, HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.getheader("X-Request-ID", ""), answer.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


@contextmanager
def overload(port: int, rows: Sequence[Row], seconds: float) -> Iterator[None]:
    """Let so many clients ask for predictions of all `rows`, again and again, that each waits `seconds`.

    A scrape waits in the same queue, for less than a second if it is to come back at all.
    """
    body = json.dumps({"rows": rows}, separators=(",", ":")).encode()
    start = time.monotonic()
    for _ in range(10):
        post(port, body, timeout=30)
    clients = round(seconds / ((time.monotonic() - start) / 10))
    stopped = Event()

    def ask() -> None:
        while not stopped.is_set():
            try:
                post(port, body, timeout=30)
            except OSError:
                time.sleep(0.2)

    threads = [Thread(target=ask, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    yield
    stopped.set()
    for thread in threads:
        thread.join()


@contextmanager
def half_sent(port: int, requests: int, body: bytes = b'{"month": ') -> Iterator[None]:
    """Hold `requests` open that never end their body."""
    head = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n"
    with _connections(port, requests, head + body):
        yield


@contextmanager
def idle(port: int, connections: int) -> Iterator[None]:
    """Hold `connections` open that never ask for anything."""
    with _connections(port, connections, b""):
        yield


@contextmanager
def _connections(port: int, count: int, content: bytes) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(count):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), 5))
            one.sendall(content)
        yield
