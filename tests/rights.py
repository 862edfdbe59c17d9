"""A process that may not write everywhere, for tests that run as root, as in CI."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import traceback
from collections.abc import Callable

_OVERRIDES = (
    1,
    2,
    3,
)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER: what lets root past permissions
_VERSION_3 = 0x20080522
_DROP_FROM_BOUNDING_SET = 24


def as_ordinary_user(work: Callable[[], object]) -> None:
    """Run `work`, and all that it starts, so that permissions of files hold for it as for anybody else.

    For root that is a child process, whose assertions are raised here again.
    """
    if os.geteuid() != 0:
        work()
        return
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run(work, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        failed = pipe.read()
    _, status = os.waitpid(child, 0)
    assert not failed, failed
    assert status == 0


def _run(work: Callable[[], object], writer: int) -> None:
    try:
        _give_up_rights()
        work()
    except BaseException:  # noqa: BLE001 - nothing may run on in the child
        os.write(writer, traceback.format_exc().encode())
    finally:
        os._exit(0)


def _give_up_rights() -> None:
    assert sys.platform == "linux", "root gives its rights up on Linux alone"
    libc = ctypes.CDLL(None, use_errno=True)
    for right in _OVERRIDES:  # also of the programs that it starts
        assert libc.prctl(_DROP_FROM_BOUNDING_SET, right, 0, 0, 0) == 0, os.strerror(
            ctypes.get_errno()
        )
    head = struct.pack("Ii", _VERSION_3, 0)
    sets = ctypes.create_string_buffer(24)
    assert libc.capget(head, sets) == 0
    words = [*struct.unpack("6I", sets.raw)]
    for index in range(3):  # effective, permitted, inheritable
        words[index] &= ~sum(1 << right for right in _OVERRIDES)
    assert libc.capset(head, struct.pack("6I", *words)) == 0, os.strerror(ctypes.get_errno())
