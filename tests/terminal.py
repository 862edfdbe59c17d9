"""A terminal with a person at it: what a command shows there, and what is typed."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

DOWN, ENTER, INTERRUPT = "\x1b[B", "\r", "\x03"
_PATIENCE = 60.0
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|[\r\x08]")


class Terminal:
    """Runs scaffold at a terminal, in the folder `at`; `shown` is `raw` without what only draws."""

    def __init__(self, *arguments: object, at: Path) -> None:
        self._own, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "99"}
        command = [sys.executable, "-m", "scaffold", *(str(each) for each in arguments)]
        self._process = subprocess.Popen(
            command,
            cwd=at,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.raw = self.shown = ""
        self._read_to = 0

    def expect(self, text: str) -> Terminal:
        """Wait until `text` is shown, after what was expected before."""
        end = time.monotonic() + _PATIENCE
        while text not in self.shown[self._read_to :]:
            assert self._more(end), f"{text!r} not in {self.shown}"
        self._read_to = self.shown.index(text, self._read_to) + len(text)
        return self

    def type(self, keys: str) -> Terminal:
        os.write(self._own, keys.encode())
        return self

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        end = time.monotonic() + _PATIENCE
        while self._more(end):
            pass
        os.close(self._own)
        return self._process.wait(_PATIENCE)

    def _more(self, end: float) -> bool:
        ready, _, _ = select.select([self._own], [], [], max(0.0, end - time.monotonic()))
        try:
            found = os.read(self._own, 65536) if ready else b""
        except OSError:  # the other end is closed
            found = b""
        text = found.decode("utf-8", "replace")
        self.raw += text
        self.shown = _CONTROL.sub("", self.shown + text)
        return bool(found)
