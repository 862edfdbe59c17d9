"""The service keeps what its OpenAPI document promises, tried out by schemathesis."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from project_package.service.settings import Settings

TOKEN = "open-sesame"  # noqa: S105


def test_every_answer_is_as_documented(start_process: Any, settings: Settings) -> None:
    process = start_process(token=TOKEN)

    tried = subprocess.run(  # noqa: S603
        [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"{process.url}/openapi.json",
            "--checks=all",
            "--max-examples=30",
            f"--header=Authorization: Bearer {TOKEN}",
        ],
        capture_output=True,
        text=True,
        cwd=settings.model_dir,  # it leaves its database there
        check=False,
    )

    assert tried.returncode == 0, tried.stdout


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text

    addresses = re.findall(r"""(?:src=|href=|url: )["']([^"']+)["']""", page)
    assert {client.get(f"/{address}").status_code for address in addresses} == {200}
    assert "//" not in "".join(addresses)
    assert len(addresses) == 4
