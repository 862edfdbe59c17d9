"""What a template may cost: a forked child with limits renders it, so that the worst it can do is end that child."""

from __future__ import annotations

import marshal
import os
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from scaffold.errors import ScaffoldError
from scaffold.values import fields, frozen

T = TypeVar("T")
_MOST_PACKED = 16
"""How many times as large as a render a file of a template's history may be."""
_OF_GIT_MB = 256
LEAST_WAIT = 30
"""Seconds that git is waited for in any case: time passes faster where others are at work."""
_MORE = 64_000_000
"""What a child may say beside the bytes of a render: names, and what Jinja compiled."""


@frozen
class Limits:
    """The most that one render may take.

    Args:
        cpu_seconds: CPU seconds of a render.
        memory_mb: Megabytes of memory of a render, on top of what scaffold itself has, and of git while it fetches.
        megabytes: Megabytes of a template, and of a render.
        files: Files of a template, and of a render.
        references: Tags and branches of a template's repository.
        depth: Folders of a path, and tables and lists inside each other in a document.
        fetch_seconds: CPU seconds of git while it fetches a template, and seconds while it asks for its versions.
        hook_seconds: Seconds that a trusted template's hooks may take.
    """

    cpu_seconds: int = 60
    memory_mb: int = 1024
    megabytes: int = 256
    files: int = 50_000
    references: int = 10_000
    depth: int = 64
    fetch_seconds: int = 300
    hook_seconds: int = 600

    @classmethod
    def from_environment(cls) -> Limits:
        """Return the limits, each of which `SCAFFOLD_LIMIT_<NAME>` changes.

        Raises:
            ScaffoldError: A setting is no positive whole number.
        """
        chosen = {}
        for limit in fields(cls):
            name = f"SCAFFOLD_LIMIT_{limit.upper()}"
            text = os.environ.get(name, "")
            if text and not (text.isascii() and text.isdigit() and int(text)):
                raise ScaffoldError(f"{name} must be a positive whole number, not {text!r}")
            if text:
                chosen[limit] = int(text)
        return cls(**chosen)

    def check_size(self, files: int, size: int) -> None:
        """Refuse a template or a render of so many files and bytes.

        Raises:
            ScaffoldError: It is more than the limits allow.
        """
        if files > self.files:
            raise exceeded(f"has more than {self.files:,} files", "FILES")
        if size > self.megabytes * 1_000_000:
            raise exceeded(f"has more than {self.megabytes:,} MB", "MEGABYTES")

    def is_too_deep(self, document: object) -> bool:
        """Return whether tables and lists of `document` lie deeper in each other than the limit allows."""
        level: list[Any] = [document]
        for _ in range(self.depth + 1):
            tables = [each for each in level if isinstance(each, dict | list)]
            if not tables:
                return False
            level = [below for each in tables for below in _values(each)]
        return True


def _values(table: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return table.values() if isinstance(table, dict) else table


def confined(function: Callable[[], T], limits: Limits) -> T:
    """Return what `function` returns, run in a child that the limits bind.

    The result must be plain data (what `marshal` takes). A `ScaffoldError` is passed on.

    Raises:
        ScaffoldError: The child used up its CPU time or memory, crashed, or raised one itself.
    """
    # Windows has no such limits, but the sandbox; and in a child they hold already.
    if not hasattr(os, "fork") or _is_child():
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
            answer = pipe.read(limits.megabytes * 1_000_000 + _MORE)
            if pipe.read(1):
                raise exceeded(f"has more than {limits.megabytes:,} MB", "MEGABYTES")
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    result: T = _unpack(answer, status, limits)
    return result


_children: list[int] = []
"""The id of this process, where it is a child that limits bind."""


def _is_child() -> bool:
    return os.getpid() in _children


def _run_child(function: Callable[[], T], limits: Limits, writer: int) -> NoReturn:
    _children.append(os.getpid())
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
    # The parent answers for signals; a child that Ctrl-C reaches just ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _lower("RLIMIT_CPU", limits.cpu_seconds)
    _lower("RLIMIT_CORE", 0)
    _lower("RLIMIT_FSIZE", 0)
    if sys.platform == "linux":
        _lower("RLIMIT_AS", _address_space() + limits.memory_mb * 1_000_000)


def binding_git(limits: Limits, *, waits: bool = False) -> Callable[[], None] | None:
    """Return what binds a git that reads what somebody else packed: a few bytes there can stand for any number.

    With `waits`, it may not wait longer either, as for a device in the place of a file.

    Helpers that git starts to reach a server are bound too; they reserve address space, which is not counted.
    """
    if not hasattr(os, "fork"):
        return None

    def bind() -> None:
        if waits:
            signal.alarm(
                max(limits.fetch_seconds, LEAST_WAIT)
            )  # which outlives the start of another program
        _lower("RLIMIT_CPU", limits.fetch_seconds)
        _lower("RLIMIT_CORE", 0)
        _lower("RLIMIT_FSIZE", _MOST_PACKED * limits.megabytes * 1_000_000)
        _lower("RLIMIT_DATA", (limits.memory_mb + _OF_GIT_MB) * 1_000_000)

    return bind


def _lower(name: str, most: int) -> None:
    import resource  # noqa: PLC0415 - not on Windows

    what = getattr(resource, name)
    _, hard = resource.getrlimit(what)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(what, (most, most))


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
        raise exceeded(f"needs more than {limits.cpu_seconds} s of CPU time", "CPU_SECONDS")
    if os.WIFSIGNALED(status) or not answer:
        raise ScaffoldError("the template made its renderer crash", code="render-crashed")
    kind, *values = marshal.loads(answer)  # noqa: S302 - written by our own child
    if kind == "memory":
        raise exceeded(f"needs more than {limits.memory_mb:,} MB of memory", "MEMORY_MB")
    if kind == "refused":
        message, hint, code = values
        raise ScaffoldError(message, hint=hint, code=code)
    return values[0]


def exceeded(what: str, setting: str) -> ScaffoldError:
    """Return the refusal of a template that `what`, which `SCAFFOLD_LIMIT_<setting>` allows."""
    return ScaffoldError(
        f"the template {what}",
        hint=f"if you know why, raise SCAFFOLD_LIMIT_{setting}",
        code="over-limit",
    )
