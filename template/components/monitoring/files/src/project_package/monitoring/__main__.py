"""Look at the model in production: `python -m project_package.monitoring --help`.

Exit code of `report`: 0 nothing is beyond its limit, 1 something is, 2 it could not look.
"""

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import msgspec

from project_package.monitoring.labels import LabelsError
from project_package.monitoring.limits import LimitsError, read_limits
from project_package.monitoring.output import write
from project_package.monitoring.page import WORDS
from project_package.monitoring.report import Report, Sources, make_report
from project_package.monitoring.server import Monitor
from project_package.notify import Event, notify


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name; return the exit code."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (LabelsError, LimitsError, OSError, msgspec.MsgspecError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m project_package.monitoring",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)

    report = commands.add_parser("report", help="write the report once")
    report.set_defaults(command=_report)
    report.add_argument("--out", type=Path, default=Path("reports/monitoring"))
    report.add_argument("--until", type=_time, help="end of the window, ISO 8601; default: now")
    report.add_argument("--notify", action="store_true", help="tell what is beyond its limit")

    serve = commands.add_parser("serve", help="make it again and again, and serve the newest")
    serve.set_defaults(command=_serve)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=9109)
    serve.add_argument("--seconds", type=float, default=600, help="pause between two reports")

    for command in (report, serve):
        command.add_argument("--log", type=Path, default=Path("logs"), help="prediction log")
        command.add_argument(
            "--labels", type=Path, default=Path("data/labels"), help="CSV file or folder of them"
        )
        command.add_argument("--bundle", type=Path, default=Path("models/champion"))
        command.add_argument("--limits", type=Path, default=Path("monitoring/limits.toml"))
    return parser


def _report(options: argparse.Namespace) -> int:
    report = _make(options, options.until or datetime.now(UTC))
    write(report, options.out)
    for line in _findings(report):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{options.out / 'report.html'}: {report.rows} rows\n")
    if options.notify and report.findings:
        notify(_event(report))
    return 1 if report.findings else 0


def _serve(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Wrong limits should end the start, not every report.
    read_limits(options.limits)
    monitor = Monitor(
        (options.host, options.port),
        lambda: _make(options, datetime.now(UTC)),
        options.seconds,
    )
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        monitor.serve()
    except KeyboardInterrupt:
        monitor.server_close()
    return 0


def _make(options: argparse.Namespace, now: datetime) -> Report:
    sources = Sources(options.log, options.labels, options.bundle)
    return make_report(sources, read_limits(options.limits), now)


def _findings(report: Report) -> list[str]:
    return [f"{name}: {WORDS[what]}" for what, name in report.findings]


def _event(report: Report) -> Event:
    return Event(
        kind="drift_found",
        title=f"{report.model.name} {report.model.version}: {'; '.join(_findings(report))}",
        facts={"rows": str(report.rows), "labelled": str(report.labelled)},
    )


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
