"""The only place that prints: reports, errors and progress, as text or as JSON."""

from __future__ import annotations

import os
import sys
from typing import IO

from scaffold.commands.report import Exit, Line, Report, Style
from scaffold.errors import ScaffoldError
from scaffold.values import frozen

_CODES = {
    Style.STRONG: "1",
    Style.FAINT: "2",
    Style.GOOD: "32",
    Style.WARN: "33",
    Style.BAD: "31",
}


@frozen
class Console:
    """Where one run of scaffold speaks: results to standard output, all else to standard error.

    Args:
        as_json: Results and errors are JSON.
        command: What was called; empty where that is no command.
    """

    as_json: bool = False
    command: str = ""

    def report(self, report: Report) -> None:
        """Print the result of a command."""
        if self.as_json:
            _write_json({**report.data, "exit_code": int(report.exit_code)})
        elif report.patch is not None:  # standard output is for `git apply` then
            _write_patch(report.patch)
            _write_lines(sys.stderr, report.lines)
        else:
            _write_lines(sys.stdout, report.lines)

    def error(self, error: ScaffoldError) -> None:
        """Print why nothing was done, in one line, and what to do about it, in another."""
        if self.as_json:
            told = {"code": error.code, "message": error.message, "hint": error.hint}
            _write_json({**self._called, "error": told, "exit_code": error.exit_code})
            return
        lines = [Line(f"error: {_one_line(error.message)}", Style.BAD)]
        if error.hint:
            lines.append(Line(f"hint: {_one_line(error.hint)}"))
        _write_lines(sys.stderr, lines)

    def interrupted(self) -> None:
        """Say that the user stopped the command."""
        if self.as_json:
            told = {"code": "interrupted", "message": "interrupted", "hint": ""}
            _write_json({**self._called, "error": told, "exit_code": int(Exit.INTERRUPTED)})
        else:
            _write_lines(sys.stderr, [Line("interrupted")])

    @property
    def _called(self) -> dict[str, str]:
        return {"command": self.command} if self.command else {}

    def tell(self, label: str) -> None:
        """Tell standard error what is being done and takes long."""
        if not self.as_json:
            _write_lines(sys.stderr, [Line(f"{label} …", Style.FAINT)])


def can_ask() -> bool:
    """Return whether somebody sits at both ends and can answer a question."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _write_lines(stream: IO[str], lines: tuple[Line, ...] | list[Line]) -> None:
    coloured = _is_coloured(stream)
    text = "".join(_formatted(line, coloured=coloured) + "\n" for line in lines)
    stream.write(_encodable(text, stream))
    stream.flush()


def _formatted(line: Line, *, coloured: bool) -> str:
    from scaffold.trust.text import escape  # noqa: PLC0415 - not needed to say `--help`

    text = escape(line.text).replace("\n", "\\n")
    code = _CODES.get(line.style)
    return f"\x1b[{code}m{text}\x1b[0m" if coloured and code and text else text


def _is_coloured(stream: IO[str]) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _encodable(text: str, stream: IO[str]) -> str:
    """Return `text` with what the stream's encoding lacks shown as an escape."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _write_json(data: object) -> None:
    import json  # noqa: PLC0415

    sys.stdout.write(json.dumps(data, indent=2) + "\n")
    sys.stdout.flush()


def _write_patch(patch: bytes) -> None:
    """Write a patch: byte for byte to a file or pipe, escaped to a terminal."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None or sys.stdout.isatty():
        lines = patch.decode("utf-8", "surrogateescape").splitlines()
        _write_lines(sys.stdout, [Line(line, _patch_style(line)) for line in lines])
        return
    sys.stdout.flush()
    buffer.write(patch)
    buffer.flush()


def _patch_style(line: str) -> Style:
    if line.startswith(("+++", "---", "diff ", "index ")):
        return Style.STRONG
    if line.startswith("+"):
        return Style.GOOD
    return Style.BAD if line.startswith("-") else Style.PLAIN
