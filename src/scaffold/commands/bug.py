"""A bug of ours becomes a file that is ready to be sent."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from pathlib import Path

from scaffold import __version__
from scaffold.trust import strip_userinfo

_SHORTEST_SECRET = 4


def write_bug_report(error: BaseException, arguments: list[str]) -> Path:
    """Write what a maintainer needs to find `error`, without secrets, and return the file."""
    text = "\n".join(
        [
            f"scaffold {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"command: scaffold {' '.join(map(_shown, arguments))}",
            f"executable: {Path(sys.argv[0]).name}",
            "",
            *traceback.format_exception(error),
        ]
    )
    with tempfile.NamedTemporaryFile(
        "w", prefix="scaffold-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(without_answers(strip_userinfo(text), arguments))
    return Path(file.name)


def without_answers(text: str, arguments: list[str]) -> str:
    """Return `text` without the values of the answers in `arguments`, any of which may be a secret."""
    values = {value for _, found, value in (each.partition("=") for each in arguments) if found}
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "…")
    return text


def _shown(argument: str) -> str:
    """Return an argument as it may leave the machine: an answer's value may be a secret."""
    name, found, _ = argument.partition("=")
    return f"{name}=…" if found else argument
