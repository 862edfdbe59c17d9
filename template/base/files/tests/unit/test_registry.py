import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from project_package.errors import PipelineError
from project_package.paths import Paths
from project_package.training.registry import Registry


@pytest.fixture
def unserved() -> Iterator[str]:
    """Yield the address of a port that is taken, so that nobody listens on it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_server_that_nobody_runs_is_said_at_once(
    tmp_path: Path, unserved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", unserved)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with pytest.raises(PipelineError, match="MLFLOW_TRACKING_URI does not answer"):
        Registry(Paths(tmp_path), "flights")
