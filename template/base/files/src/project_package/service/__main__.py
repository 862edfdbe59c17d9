"""Start the service: `python -m project_package.service --help`."""

import argparse
import logging
import os
import sys
from dataclasses import fields
from time import monotonic
from types import FrameType

import uvicorn

from project_package.service import logs, settings
from project_package.service.app import Service
from project_package.service.settings import Settings, SettingsError

logger = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Stops gracefully: says that it is not ready, serves on for a while, then closes.

    Load balancers need that while to notice; until then they send requests, and a server
    that had already closed would tear them.
    """

    def __init__(self, service: Service) -> None:
        super().__init__(_config(service))
        self.server_state.connections = service.connections
        self._champion = service.champion
        self._drain_seconds = service.settings.drain_seconds
        self._close_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Start to drain; asked a second time, close at once."""
        self._close_at = monotonic() + (0 if self._champion.draining else self._drain_seconds)
        self._champion.draining = True

    async def on_tick(self, counter: int) -> bool:
        """Return whether to close now; asked by uvicorn ten times a second."""
        return await super().on_tick(counter) or monotonic() >= self._close_at


def _config(service: Service) -> uvicorn.Config:
    return uvicorn.Config(
        service.app,
        host=service.settings.host,
        port=service.settings.port,
        timeout_graceful_shutdown=service.settings.close_seconds,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; return the exit code."""
    try:
        chosen = _settings(arguments)
    except SettingsError as error:
        sys.stderr.write(f"error: {error}\nhint: --help lists the settings\n")
        return 2
    with logs.standard_output(chosen.log_buffer) as output:
        logs.configure(chosen.log_level, output)
        for name in settings.unknown(os.environ):
            logger.warning("%s is no setting of this service and changes nothing", name)
        server = Server(Service(chosen, output))
        server.run()
    return 0 if server.started else 1


def _settings(arguments: list[str] | None) -> Settings:
    program = "python -m project_package.service"
    parser = argparse.ArgumentParser(prog=program, description=__doc__)
    for setting in fields(Settings):
        variable = settings.variable(setting.name)
        parser.add_argument(
            "--" + setting.name.replace("_", "-"),
            dest=variable,
            metavar="VALUE",
            help=f"{variable}, by default {setting.default or 'none'}",
        )
    given = {key: value for key, value in vars(parser.parse_args(arguments)).items() if value}
    return settings.from_environment(os.environ | given)


if __name__ == "__main__":
    raise SystemExit(main())
