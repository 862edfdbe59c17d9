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


def check(address: str, deployed: dict[str, Any], patience: float = PATIENCE_SECONDS) -> Any:
    """Return what the service at `address` predicts for the example of its own OpenAPI page.

    Waits until it is ready and, where `deployed` describes a model, until it serves that very one.

    Raises:
        SmokeError: It is not ready in time, or serves another model.

    """
    deadline = time.monotonic() + patience
    while problem := _problem(address, deployed):
        if time.monotonic() > deadline:
            raise SmokeError(problem)
        time.sleep(1)
    return _ask(f"{address}/predict", _example(address))


def _problem(address: str, deployed: dict[str, Any]) -> str:
    try:
        _ask(f"{address}/ready")
        served = _ask(f"{address}/model")
    except (OSError, ValueError) as error:
        return f"{address} is not ready: {error}"
    # A version's number says little: another registry has a version 1, too.
    if deployed and served.get("run_id") != deployed["run_id"]:
        return f"{address} serves {_named(served)}, not {_named(deployed)}"
    return ""


def _named(model: dict[str, Any]) -> str:
    return f"version {model.get('version')} of run {model.get('run_id')}"


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
        sys.stderr.write("warning: SERVICE_URL is not set, so that no service is asked\n")
        return 0
    deployed = json.loads(DEPLOYED_MODEL.read_text()) if DEPLOYED_MODEL.exists() else {}
    try:
        answer = check(address, deployed)
    except (SmokeError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{json.dumps(answer)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
