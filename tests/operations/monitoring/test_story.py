"""The whole life of a model, with nothing faked: train, serve, drift, alert, retrain, swap."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from stack import Stack, Steady, get, running, wait_for

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
COMPONENTS = "classification,docker,monitoring,retraining"
PROGRAMS = ("prometheus", "prometheus-alertmanager", "uv")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated and trained project; SCAFFOLD_TRAINED names one that is there already."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("project") / "flight-delays"
    if trained := os.environ.get("SCAFFOLD_TRAINED"):
        shutil.copytree(trained, folder, symlinks=True)
        return folder
    _run(
        folder.parent,
        *("cookiecutter", "--no-input", "--output-dir", str(folder.parent)),
        *(str(ROOT), f"components={COMPONENTS}"),
    )
    for command in (
        ("git", "init", "--quiet"),
        ("git", "add", "--all"),
        ("git", "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qm", "new"),
        ("make", "setup"),
        ("make", "train"),
    ):
        _run(folder, *command)
    return folder


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.fixture
def stack(project: Path, tmp_path: Path) -> Iterator[Stack]:
    with running(project, "flight_delays", tmp_path) as one:
        yield one


def test_a_model_drifts_and_is_replaced_without_a_failed_request(stack: Stack) -> None:
    raw = stack.project / "sample" / "flights.csv.gz"
    changed = stack.folder / "changed.csv.gz"
    shutil.copy(raw, changed)
    traffic = Path(__file__).with_name("traffic.py")
    assert stack.run(traffic, stack.package, "change", changed).returncode == 0
    version = get(f"{stack.address('service')}/model")["version"]

    # Normal traffic: nothing fires.
    stack.send(raw, 1200, "normal.csv")
    stack.labels_arrive("normal.csv")
    _hold_still(stack)
    assert stack.firing() == set()
    assert stack.webhook.got == []

    # The world changes: the wind is an alert, and Alertmanager delivers it.
    stack.send(changed, 1500, "changed.csv")
    wait_for("drift fires", lambda: ("FeatureDrift", "wind_speed") in stack.firing())
    wait_for(
        "drift is delivered",
        lambda: any(t.startswith("[firing] FeatureDrift") for t in stack.webhook.titles()),
    )
    assert "PerformanceLoss" not in stack.names()

    # Labels arrive: performance has fallen.
    stack.labels_arrive("changed.csv")
    wait_for("loss fires", lambda: ("PerformanceLoss", "roc_auc") in stack.firing())
    report = stack.run("-m", f"{stack.package}.monitoring", "report")
    assert report.returncode == 1, report.stderr
    assert "roc_auc: performance lost" in report.stdout

    # New data are there: retraining has its reasons, the gate passes, the service swaps.
    shutil.copy(changed, raw)
    with Steady(stack.address("service")) as steady:
        again = stack.run("-m", f"{stack.package}.retraining", "run")
        assert again.returncode == 0, again.stdout + again.stderr
        wait_for(
            "the new champion answers",
            lambda: get(f"{stack.address('service')}/model")["version"] != version,
        )
    assert steady.failed == []
    assert steady.answered > 50
    told = {message["kind"] for message in stack.webhook.got}
    assert {"run_finished", "model_registered", "promoted"} <= told
    promoted = next(each for each in stack.webhook.got if each["kind"] == "promoted")
    assert "wind_speed" in promoted["facts"]["trigger"]

    # The new model knows the new world.
    stack.send(changed, 1200, "after.csv")
    stack.labels_arrive("after.csv")
    wait_for(
        "alerts resolve",
        lambda: not stack.names() & {"FeatureDrift", "PredictionDrift", "PerformanceLoss"},
    )
    wait_for(
        "that is delivered",
        lambda: any(t.startswith("[resolved] FeatureDrift") for t in stack.webhook.titles()),
    )


def test_faults_are_told(stack: Stack) -> None:
    model = stack.project / "models" / "champion" / "model.onnx"
    good = model.read_bytes()
    time.sleep(5)
    assert stack.names() == set()

    model.write_bytes(b"damaged")
    wait_for("a damaged model is told", lambda: "ModelRefused" in stack.names())
    assert get(f"{stack.address('service')}/ready")
    model.write_bytes(good)

    stack.stop("service")
    wait_for("a dead service is told", lambda: "ServiceDown" in stack.names())
    wait_for(
        "that is delivered",
        lambda: any(t.startswith("[firing] ServiceDown") for t in stack.webhook.titles()),
    )
    stack.start_service()
    wait_for("it is well again", lambda: "ServiceDown" not in stack.names())


def _hold_still(stack: Stack, seconds: float = 12) -> None:
    """Wait long enough for every alert on drift and performance to fire if it would."""
    wait_for("the monitor has looked", lambda: _samples(stack, "monitor_performance_value") > 0)
    time.sleep(seconds)


def _samples(stack: Stack, query: str) -> int:
    address = f"{stack.address('prometheus')}/api/v1/query?query={query}"
    return len(get(address)["data"]["result"])
