"""A person is told of a step that takes long, and of no other."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from scaffold.commands import progress


@pytest.fixture
def told(monkeypatch):
    """Return the list of what was told; a step takes long after a twentieth of a second."""
    labels: list[str] = []
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    token = progress.teller.set(labels.append)
    yield labels
    progress.teller.reset(token)


def test_a_step_that_takes_long_is_told_once(told):
    with progress.step("merging"):
        time.sleep(0.2)  # which goes on after the signal

    assert told == ["merging"]


def test_a_short_step_is_not_told(told, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.5)  # a busy machine may take a tenth for nothing

    with progress.step("merging"):
        pass
    time.sleep(0.6)

    assert told == []


@pytest.mark.usefixtures("told")
def test_a_step_needs_no_thread_and_leaves_no_handler():
    handler, threads = signal.getsignal(signal.SIGALRM), threading.active_count()

    with progress.step("merging"):
        assert threading.active_count() == threads

    assert signal.getsignal(signal.SIGALRM) == handler


@pytest.mark.usefixtures("told")
def test_a_reader_that_is_gone_stops_no_step():
    def gone(_):
        raise BrokenPipeError

    progress.teller.set(gone)
    done = []

    with progress.step("writing the files"):
        time.sleep(0.1)
        done.append(True)

    assert done
