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
    """Hands records to `write` in batches; drops and counts them where it cannot keep up."""

    def __init__(self, name: str, write: Callable[[list[T]], None], capacity: int) -> None:
        self.dropped = 0
        self._name = name
        self._write = write
        self._capacity = capacity
        self._pending: deque[T] = deque()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def put(self, record: T) -> None:
        """Take `record` for writing, or drop and count it: this never waits."""
        if len(self._pending) < self._capacity:
            self._pending.append(record)
        else:
            self.dropped += 1

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
        if not batch:
            return
        try:
            self._write(batch)
        except OSError as error:
            self.dropped += len(batch)
            logger.error("%s: %d records dropped: %s", self._name, len(batch), error.strerror)
