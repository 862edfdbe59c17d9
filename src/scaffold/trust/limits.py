"""What a template may cost: a forked child with limits renders it, so that the worst it can do is end that child."""

from __future__ import annotations

import marshal
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from scaffold.errors import ScaffoldError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one render may take.

    Args:
        cpu_seconds: CPU time.
        memory_mb: Memory on top of what scaffold itself has.
        megabytes: Size of a template, and of a render.
        files: Files of a template, and of a render.
        hook_seconds: Wall time of a trusted template's hooks.
    """

    cpu_seconds: int = 60
    memory_mb: int = 1024
    megabytes: int = 256
    files: int = 50_000
    hook_seconds: int = 600

    @classmethod
    def from_environment(cls) -> Limits:
        """Return the limits, each of which `SCAFFOLD_LIMIT_<NAME>` changes.

        Raises:
            ScaffoldError: A setting is no positive whole number.
        """
        chosen = {}
        for field in fields(cls):
            name = f"SCAFFOLD_LIMIT_{field.name.upper()}"
            text = os.environ.get(name, "")
            if text and not (text.isascii() and text.isdigit() and int(text)):
                raise ScaffoldError(f"{name} must be a positive whole number, not {text!r}")
            if text:
                chosen[field.name] = int(text)
        return cls(**chosen)

    def check_size(self, files: int, size: int) -> None:
        """Refuse a template or a render of so many files and bytes.

        Raises:
            ScaffoldError: It is more than the limits allow.
        """
        if files > self.files:
            raise _exceeded(f"has more than {self.files:,} files", "FILES")
        if size > self.megabytes * 1_000_000:
            raise _exceeded(f"has more than {self.megabytes:,} MB", "MEGABYTES")


def confined(function: Callable[[], T], limits: Limits) -> T:
    """Return what `function` returns, run in a child that the limits bind.

    The result must be plain data (what `marshal` takes). A `ScaffoldError` is passed on.

    Raises:
        ScaffoldError: The child used up its CPU time or memory, crashed, or raised one itself.
    """
    if not hasattr(os, "fork"):  # Windows: without the limits, but with the sandbox
        return function()
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run_child(function, limits, writer)
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    result: T = _unpack(answer, status, limits)
    return result


def _run_child(function: Callable[[], T], limits: Limits, writer: int) -> NoReturn:
    try:
        _bind(limits)
        try:
            answer = marshal.dumps(_outcome(function))
        except MemoryError:
            answer = marshal.dumps(("memory",))
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(answer)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - nothing may run on in the child, whatever happened
        os._exit(1)


def _bind(limits: Limits) -> None:
    import resource  # noqa: PLC0415 - not on Windows

    def lower(what: int, most: int) -> None:
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(what, (most, most))

    # The parent answers for signals; a child that Ctrl-C reaches just ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    lower(resource.RLIMIT_CPU, limits.cpu_seconds)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_FSIZE, 0)
    if sys.platform == "linux":
        lower(resource.RLIMIT_AS, _address_space() + limits.memory_mb * 1_000_000)


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    return pages * os.sysconf("SC_PAGESIZE")


def _outcome(function: Callable[[], T]) -> tuple[Any, ...]:
    try:
        return ("ok", function())
    except ScaffoldError as error:
        return ("refused", error.message, error.hint, error.code)


def _unpack(answer: bytes, status: int, limits: Limits) -> Any:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        raise _exceeded(f"needs more than {limits.cpu_seconds} s of CPU time", "CPU_SECONDS")
    if os.WIFSIGNALED(status) or not answer:
        raise ScaffoldError("the template made its renderer crash", code="render-crashed")
    kind, *values = marshal.loads(answer)  # noqa: S302 - written by our own child
    if kind == "memory":
        raise _exceeded(f"needs more than {limits.memory_mb:,} MB of memory", "MEMORY_MB")
    if kind == "refused":
        message, hint, code = values
        raise ScaffoldError(message, hint=hint, code=code)
    return values[0]


def _exceeded(what: str, setting: str) -> ScaffoldError:
    return ScaffoldError(
        f"the template {what}",
        hint=f"if you know why, raise SCAFFOLD_LIMIT_{setting}",
        code="over-limit",
    )
