"""Write records in a thread of its own, so that a slow disk never holds up an answer."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, Self, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

PAUSE_SECONDS = 0.2
# How long a stop waits for the last records; a reader that hangs must not hold it up for ever.
PATIENCE_SECONDS = 5.0


class BackgroundWriter(Generic[T]):
    """Hands records to `write` in batches; drops and counts them where it cannot keep up.

    `capacity` bounds the lines that wait, of which a record makes as many as `lines` says.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[list[T]], None],
        capacity: int,
        lines: Callable[[T], int] = lambda _: 1,
    ) -> None:
        self.dropped = 0
        self._name = name
        self._write = write
        self._capacity = capacity
        self._lines = lines
        self._waiting = 0
        self._pending: deque[T] = deque()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def put(self, record: T) -> None:
        """Take `record` for writing, or drop and count it: this never waits."""
        if self._waiting < self._capacity:
            self._pending.append(record)
            self._waiting += self._lines(record)
        else:
            self.dropped += self._lines(record)

    def __enter__(self) -> Self:
        """Start to write."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is left and stop."""
        self._stopped.set()
        self._thread.join(PATIENCE_SECONDS)

    def _run(self) -> None:
        while not self._stopped.wait(PAUSE_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        batch = [self._pending.popleft() for _ in range(len(self._pending))]
        # What another thread puts just now may go uncounted, until the next time.
        self._waiting = 0
        if not batch:
            return
        try:
            self._write(batch)
        except OSError as error:
            lost = sum(map(self._lines, batch))
            self.dropped += lost
            logger.error("%s: %d lines dropped: %s", self._name, lost, error.strerror)
