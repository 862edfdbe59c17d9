"""Steps that may take long: a person is told of one that does."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar

PATIENCE = 1.0
"""Seconds after which a person is told what takes so long."""

teller: ContextVar[Callable[[str], None] | None] = ContextVar("teller", default=None)
"""What tells a person; the console sets it."""


@contextlib.contextmanager
def step(label: str) -> Iterator[None]:
    """Tell what is being done if it takes longer than `PATIENCE`. Nobody may be asked inside.

    A signal tells it, not a thread: a thread costs more, and a process with threads should not fork. Windows has no
    such signal, and is told nothing.
    """
    tell = teller.get()
    is_main = threading.current_thread() is threading.main_thread()
    if tell is None or not is_main or not hasattr(signal, "setitimer"):
        yield
        return

    def told(*_: object) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # nobody reads it, or something is printed
            tell(label)

    before = signal.signal(signal.SIGALRM, told)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
