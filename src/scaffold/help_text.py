"""What Typer says of the commands, kept between runs: to import it costs three starts of Python."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from scaffold import __version__, cache
from scaffold.digests import sha256
from scaffold.errors import ScaffoldError

_HERE = Path(__file__).parent


def kept(arguments: list[str], make: Callable[[], str]) -> str:
    """Return the help that `arguments` ask for: as it was, or made anew where anything it depends on is another."""
    key = repr((arguments, _columns(), sys.version, __version__, [*_stamps()]))
    try:
        place = cache.folder("help") / sha256(key.encode()).hexdigest()[:32]
        text = cache.load(place)
        if text is None:
            text = make()
            cache.save(place, text)
    except ScaffoldError:  # no place of our own: help is help
        text = make()
    return str(text)


def _columns() -> str:
    if os.environ.get("COLUMNS"):
        return os.environ["COLUMNS"]
    try:
        return str(os.get_terminal_size(1).columns)
    except (OSError, ValueError):  # no terminal
        return ""


def _stamps() -> Iterator[tuple[int, int]]:
    """Yield what tells one state of the declarations, and of Typer, from another."""
    typer = importlib.util.find_spec("typer")
    files = [_HERE / name for name in ("cli.py", "app.py", "arguments.py")]
    for path in [*files, *([Path(typer.origin)] if typer and typer.origin else [])]:
        status = path.stat()
        yield status.st_size, status.st_mtime_ns
