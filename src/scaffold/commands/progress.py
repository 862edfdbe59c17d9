"""Steps that may take long: a person is told of one that does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

PATIENCE = 1.0
"""Seconds after which a person is told what takes so long."""

teller: ContextVar[Callable[[str], None] | None] = ContextVar("teller", default=None)
"""What tells a person; the console sets it."""


@contextmanager
def step(label: str) -> Iterator[None]:
    """Tell what is being done if it takes longer than `PATIENCE`. Nobody may be asked inside."""
    tell = teller.get()
    if tell is None:
        yield
        return
    timer = threading.Timer(PATIENCE, tell, (label,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
