"""Ask a deployed service for one prediction: `python3 smoke.py URL`.

Only the standard library is used, since a deployment job installs nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 60
# Beside the name of the image that a deployment job gets: the model in it.
DEPLOYED_MODEL = Path("build/model.json")


class SmokeError(Exception):
    """The service does not do what it is deployed for."""


def check(address: str, version: str, patience: float = PATIENCE_SECONDS) -> Any:
    """Return what the service at `address` predicts for the example of its own OpenAPI page.

    Waits until it is ready and, where `version` is given, until it serves that model.

    Raises:
        SmokeError: It is not ready in time, or serves another model.

    """
    deadline = time.monotonic() + patience
    while problem := _problem(address, version):
        if time.monotonic() > deadline:
            raise SmokeError(problem)
        time.sleep(1)
    return _ask(f"{address}/predict", _example(address))


def _problem(address: str, version: str) -> str:
    try:
        _ask(f"{address}/ready")
        served = str(_ask(f"{address}/model")["version"])
    except (OSError, ValueError) as error:
        return f"{address} is not ready: {error}"
    if version and served != version:
        return f"{address} serves version {served} of the model, not {version}"
    return ""


def _example(address: str) -> Any:
    operation = _ask(f"{address}/openapi.json")["paths"]["/predict"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    return next(iter(examples.values()))["value"]


def _ask(address: str, body: Any = None) -> Any:
    if not address.startswith(("http://", "https://")):
        message = f"{address} is not an http address"
        raise SmokeError(message)
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("SERVICE_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, headers)  # noqa: S310  # checked above
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        return json.load(response)


def main(arguments: list[str]) -> int:
    """Print the prediction, or why there is none."""
    address = arguments[0].rstrip("/") if arguments else ""
    if not address:
        sys.stdout.write("SERVICE_URL is not set: there is no service to ask.\n")
        return 0
    deployed = json.loads(DEPLOYED_MODEL.read_text()) if DEPLOYED_MODEL.exists() else {}
    try:
        answer = check(address, str(deployed.get("version", "")))
    except (SmokeError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{json.dumps(answer)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
