"""Write records in a thread of its own, so that a slow disk never holds up an answer."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

PAUSE_SECONDS = 0.2


class BackgroundWriter(Generic[T]):
    """Hands records to `write` in batches; drops and counts them where it cannot keep up."""

    def __init__(self, name: str, write: Callable[[list[T]], None], capacity: int) -> None:
        self.dropped = 0
        self._name = name
        self._write = write
        self._capacity = capacity
        self._pending: deque[T] = deque()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, record: T) -> None:
        """Take `record` for writing, or drop and count it: this never waits."""
        if len(self._pending) < self._capacity:
            self._pending.append(record)
        else:
            self.dropped += 1

    def close(self) -> None:
        """Write what is left and stop."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(PAUSE_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        batch = [self._pending.popleft() for _ in range(len(self._pending))]
        if not batch:
            return
        try:
            self._write(batch)
        except OSError as error:
            self.dropped += len(batch)
            logger.error("%s: %d records dropped: %s", self._name, len(batch), error.strerror)
