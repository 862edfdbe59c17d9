"""The whole life of a model, with nothing faked: train, serve, drift, alert, retrain, swap."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from stack import ALWAYS, Stack, Steady, get, running, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("monitoring")]


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
    assert stack.told() <= ALWAYS

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

    # Data of the new world are there: retraining has its reasons, the gate passes, the service swaps.
    shutil.copy(changed, raw)
    with Steady(stack.address("service")) as steady:
        again = stack.run("-m", f"{stack.package}.retraining", "run")
        assert again.returncode == 0, again.stdout + again.stderr
        told = {message.get("kind") for message in stack.webhook.got}
        assert {"run_finished", "model_registered", "promoted"} <= told, again.stdout + again.stderr
        wait_for(
            "the new champion answers",
            lambda: get(f"{stack.address('service')}/model")["version"] != version,
        )
    assert steady.failed == []
    assert steady.answered > 50
    promoted = next(each for each in stack.webhook.got if each.get("kind") == "promoted")
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


def _hold_still(stack: Stack, seconds: float = 12) -> None:
    """Wait long enough for every alert on drift and performance to fire if it would."""
    wait_for("the monitor has looked", lambda: _samples(stack, "monitor_performance_value") > 0)
    time.sleep(seconds)


def _samples(stack: Stack, query: str) -> int:
    address = f"{stack.address('prometheus')}/api/v1/query?query={query}"
    return len(get(address)["data"]["result"])
