"""The `scaffold` command; answers `--version` before anything heavy is imported."""

from __future__ import annotations

import atexit
import gc
import os
import sys

from scaffold import __version__

_UNWRITTEN = 120
"""What Python ends with when it cannot write the last of its output."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.disable()  # what a command makes, it needs to its end; looking for rubbish is a twentieth of its time
    _end(0 if sys.argv[1:] == ["--version"] and _has_told_version() else _run())


def _has_told_version() -> bool:
    try:
        sys.stdout.write(f"scaffold {__version__}\n")
        sys.stdout.flush()
    except OSError:
        return False
    return True


def _run() -> int:
    from scaffold.cli import run  # noqa: PLC0415

    return run(sys.argv[1:])


def _end(code: int) -> None:
    """End the process without freeing its objects one by one, a tenth of a command's time; mypy ends this way too."""
    atexit._run_exitfuncs()  # noqa: SLF001 - what `os._exit` leaves out
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:  # it may be closed
                stream.flush()
        except OSError:
            code = code or _UNWRITTEN
    os._exit(code)


if __name__ == "__main__":
    main()
