"""Show the champion at work: start the service, ask it once, stop it."""

import json
import os
import signal
import socket
import subprocess
import sys

from project_package.smoke import check

PACKAGE = "project_package"


def main() -> int:
    """Print one prediction of a service that lives only for it."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    settings = {"SERVICE_PORT": str(port), "SERVICE_DRAIN_SECONDS": "0"}
    service = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", f"{PACKAGE}.service"],
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
    )
    try:
        answer = check(address, {})
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(timeout=30)
    sys.stdout.write(
        f"\nThe service answered: {json.dumps(answer)}\n\n"
        "make serve     serves it at http://127.0.0.1:8000, with its pages under /docs\n"
        "make mlflow    shows the run and its plots at http://127.0.0.1:5000\n"
        "make test      runs all tests\n"
        "reports/model_card.md tells about the model.\n"
    )
    return 0


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
