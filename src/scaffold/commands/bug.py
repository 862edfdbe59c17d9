"""A bug of ours becomes a file that is ready to be sent."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from pathlib import Path

from scaffold import __version__
from scaffold.trust import strip_userinfo


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
        file.write(strip_userinfo(text))
    return Path(file.name)


def _shown(argument: str) -> str:
    """Return an argument as it may leave the machine: an answer's value may be a secret."""
    name, found, _ = argument.partition("=")
    return f"{name}=…" if found else argument
