"""What a command costs: CPU seconds of it and every process that it started and waited for."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Contender:
    """One side of a comparison.

    Args:
        name: Its column in the table.
        prepare: Called before each run, not measured; returns the command, its folder and its environment.
        expect: The exit codes that mean that it did its work.
    """

    name: str
    prepare: Callable[[], tuple[Sequence[str], Path, dict[str, str]]]
    expect: tuple[int, ...] = (0,)


def compare(contenders: Sequence[Contender], runs: int) -> dict[str, float]:
    """Return the median CPU seconds of each contender; runs alternate, so that noise hits all alike."""
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(runs):
        for contender in contenders:
            seconds[contender.name].append(_measure(contender))
    return {name: statistics.median(values) for name, values in seconds.items()}


def _measure(contender: Contender) -> float:
    command, folder, environment = contender.prepare()
    os.sync()  # what others wrote is not written at this one's cost
    with (folder.parent / "output.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in contender.expect:
        tail = (folder.parent / "output.log").read_text(errors="replace")[-2000:]
        raise SystemExit(f"{contender.name} ended with {process.returncode}:\n{tail}")
    return usage.ru_utime + usage.ru_stime


def write_section(page: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->` in `page`."""
    before, _, rest = page.read_text().partition(f"<!-- {name} -->\n")
    _, _, after = rest.partition(f"<!-- /{name} -->\n")
    page.write_text(f"{before}<!-- {name} -->\n{text.rstrip()}\n<!-- /{name} -->\n{after}")
