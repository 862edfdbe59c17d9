"""Every alert on a real stack: silent before its fault is made, told when it is.

Nothing is simulated but time: `stack.hurry` shortens waits and windows. The tests share one
stack and run in the order of the file, as faults come and go on one day.
"""

import json
import os
import resource
import shutil
import signal
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from browser import look
from load import Client, Row, half_sent, idle, overload
from stack import ALWAYS, PACE, Stack, get, running, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("monitoring")]

PATIENCE = 72 * PACE
TRAFFIC = Path(__file__).with_name("traffic.py")


@pytest.fixture(scope="module")
def stack(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(project, "flight_delays", tmp_path_factory.mktemp("stack")) as one:
        yield one


@pytest.fixture(scope="module")
def rows(stack: Stack) -> list[Row]:
    file = stack.folder / "rows.json"
    done = stack.run(
        TRAFFIC, stack.package, "rows", stack.project / "sample" / "flights.csv.gz", file
    )
    assert done.returncode == 0, done.stderr
    found: list[Row] = json.loads(file.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def client(stack: Stack, rows: list[Row]) -> Iterator[Client]:
    """The ordinary client, who asks all the time."""
    with Client(stack.ports["service"], rows) as one:
        yield one


@pytest.fixture(scope="module")
def replica(stack: Stack) -> str:
    """A second replica, on a poor machine: a log that hangs and few files; nobody asks it."""
    logs = stack.folder / "hanging"
    logs.mkdir()
    # Opening a pipe that nobody reads waits for ever, as a file on a dead network disk does.
    os.mkfifo(logs / "predictions.jsonl")
    bundle = stack.folder / "old"
    shutil.copytree(stack.project / "models" / "champion", bundle)
    facts = json.loads((bundle / "model.json").read_text("utf-8"))
    trained = datetime.fromisoformat(facts["trained_at"]) - timedelta(days=31)
    facts |= {"version": "old", "trained_at": trained.isoformat()}
    (bundle / "model.json").write_text(json.dumps(facts), "utf-8")
    settings = {"LOG_DIR": str(logs), "MODEL_DIR": str(bundle), "LOG_BUFFER": "800000"}
    stack.start_service("replica", **{f"SERVICE_{name}": value for name, value in settings.items()})
    return "replica"


@contextmanager
def told(stack: Stack, *alerts: str) -> Iterator[None]:
    """The alerts are silent before the block; at its end they fire and are delivered."""
    assert not stack.names() & set(alerts)
    before = len(stack.webhook.got)
    yield
    hear(stack, *alerts, since=before)


def hear(stack: Stack, *alerts: str, since: int = 0) -> None:
    """Wait until all of `alerts` have been delivered; they fire first."""
    try:
        wait_for("they are delivered", lambda: set(alerts) <= stack.told(since), PATIENCE)
    except AssertionError:
        missing = set(alerts) - stack.told(since)
        raise AssertionError(f"{missing} not delivered; firing: {stack.names()}") from None


@contextmanager
def preferred(*processes: int) -> Iterator[None]:
    """Busy neighbours on the machine of the test would hide what a service alone would use."""
    for process in processes:
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, process, -15)
    yield
    for process in processes:
        os.setpriority(os.PRIO_PROCESS, process, 0)


def every_alert(stack: Stack) -> set[str]:
    files = (stack.project / "monitoring" / "prometheus" / "rules").glob("*.yml")
    groups = (group for file in files for group in yaml.safe_load(file.read_text())["groups"])
    return {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}


def test_normal_traffic_is_no_alert(stack: Stack, client: Client) -> None:
    raw = stack.project / "sample" / "flights.csv.gz"
    stack.send(raw, 1200, "normal.csv")
    stack.labels_arrive("normal.csv")
    wait_for("the monitor has looked", lambda: bool(_query(stack, "monitor_performance_value")))
    # Longer than any window of drift and performance; those of hours have seen nothing else.
    threading.Event().wait(10)

    assert client.sent
    assert stack.firing() == set()
    assert stack.told() <= ALWAYS


def test_old_replica_is_told(stack: Stack, replica: str) -> None:
    with told(stack, "ModelStale"):
        stack.scrape("service", replica)
    # ModelVersionsMixed takes a day: a later test looks.
    assert "ModelVersionsMixed" not in stack.names()


def test_few_errors_and_many_refusals_are_told(stack: Stack, client: Client) -> None:
    champion = stack.project / "models" / "champion"
    done = stack.run(TRAFFIC, stack.package, "poison", champion)
    assert done.returncode == 0, done.stderr
    loaded = 'service_model_loads_total{outcome="loaded"} > 1'
    wait_for("it is served", lambda: bool(_query(stack, loaded)))

    # 5 % of requests break the model, 30 % are no rows.
    def change(number: int, row: Row) -> Row:
        if number % 20 == 0:
            return row | {"wind_gust": 199}
        return row if number % 20 > 6 else {"distance": "far"}

    with told(stack, "ErrorBudgetBurns", "RequestsRejected"), client.changing(change):
        hear(stack, "ErrorBudgetBurns", "RequestsRejected")
    assert "ErrorBudgetBurnsFast" not in stack.names()


def test_many_errors_are_told_and_silence_few(stack: Stack, client: Client) -> None:
    def change(number: int, row: Row) -> Row:
        return row | {"wind_gust": 199} if number % 3 == 0 else row

    with told(stack, "ErrorBudgetBurnsFast"), client.changing(change):
        hear(stack, "ErrorBudgetBurnsFast")
        wait_for("one is held back", lambda: ("ErrorBudgetBurns", "") in stack.inhibited())


def test_damaged_model_and_slow_clients_are_told(stack: Stack) -> None:
    model = stack.project / "models" / "champion" / "model.onnx"
    good = model.read_bytes()
    with told(stack, "ModelRefused", "ServiceSaturated"):
        model.write_bytes(b"damaged")
        with half_sent(stack.ports["service"], 200):
            hear(stack, "ServiceSaturated")
    assert get(f"{stack.address('service')}/ready")
    model.write_bytes(good)


def test_broken_feeds_are_told_instead_of_drift(stack: Stack, client: Client) -> None:
    def change(_number: int, row: Row) -> Row:
        new = row | {"wind_speed": (row["wind_speed"] or 0) + 25, "origin": "XXX"}
        # Everybody flies at six: the hour is not judged, but its effect on the answers is.
        return new | {"humidity": None, "visibility": 99, "hour": 6}

    broken = ("FeatureMissing", "FeatureUnseen", "FeatureOutOfRange")
    client.answered.clear()
    with told(stack, *broken, "FeatureDrift", "PredictionDrift"), client.changing(change):
        held = {("FeatureDrift", name) for name in ("origin", "humidity", "visibility")}
        wait_for("drift is held back", lambda: held <= stack.inhibited(), PATIENCE)
        hear(stack, *broken, "FeatureDrift", "PredictionDrift")
    assert ("FeatureDrift", "wind_speed") in stack.firing()


def test_wrong_answers_are_told_when_labels_come(stack: Stack, client: Client) -> None:
    with told(stack, "PerformanceLoss"):
        lines = ["request_id,row,actual"]
        lines += [f"{name},{row},{1 - answer['label']}" for name, row, answer in client.answered]
        assert len(lines) > 250
        labels = stack.project / "data" / "labels"
        (labels / "normal.csv").unlink()
        (labels / "wrong.csv").write_text("\n".join([*lines, ""]), "utf-8")


def test_the_report_shows_in_a_browser(stack: Stack, tmp_path: Path) -> None:
    with urllib.request.urlopen(f"{stack.address('monitor')}/", timeout=10) as answer:
        seen = look(answer.read().decode(), tmp_path)

    schema = json.loads((stack.project / "models/champion/reference.json").read_text("utf-8"))
    distributions = len(schema["features"]) + 1
    assert len(seen.plots) > distributions
    assert all(plot["shapes"] and plot["width"] > 200 for plot in seen.plots)
    assert "wind_speed: drifted" in seen.text
    assert "performance lost" in seen.text
    assert (seen.loaded, seen.complaints, seen.overflow) == ([], [], False)
    assert seen.picture.stat().st_size > 50_000


def test_every_panel_of_the_dashboards_has_data(stack: Stack) -> None:
    boards = (stack.project / "monitoring" / "grafana" / "dashboards").glob("*.json")
    panels = [panel for path in boards for panel in json.loads(path.read_text("utf-8"))["panels"]]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    empty = [expression for expression in expressions if not _query(stack, expression)]
    assert len(expressions) > 30
    assert empty == []


def test_labels_that_no_longer_come_are_told(stack: Stack, client: Client) -> None:
    with told(stack, "LabelsMissing"), client.silent():
        threading.Event().wait(1)
        log = stack.project / "logs" / "predictions.jsonl"
        lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
        for line in lines:
            then = datetime.fromisoformat(line["time"]) - timedelta(days=8)
            line["time"] = then.isoformat()
        log.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")


def test_silence_a_stuck_monitor_and_a_wrong_rule_are_told(stack: Stack, client: Client) -> None:
    labels = stack.project / "data" / "labels" / "zz.csv"
    rules = stack.folder / "prometheus" / "rules" / "own.yml"
    with ExitStack() as faults:
        faults.enter_context(told(stack, "NoTraffic", "MonitorStale", "RulesFail"))
        faults.enter_context(client.silent())
        labels.write_text("request_id,row,actual\na,b,c\n", "utf-8")
        rules.write_text(json.dumps(AMBIGUOUS), "utf-8")
        stack.processes["prometheus"].send_signal(signal.SIGHUP)
        hear(stack, "NoTraffic")
    labels.unlink()
    rules.unlink()
    stack.processes["prometheus"].send_signal(signal.SIGHUP)
    wait_for(
        "it is well again", lambda: not stack.names() & {"NoTraffic", "MonitorStale"}, PATIENCE
    )


# Both sides have many series for each instance, which only an evaluation finds.
AMBIGUOUS = {
    "groups": [
        {
            "name": "own",
            "rules": [
                {
                    "record": "own:ambiguous",
                    "expr": "service_feature_missing_total / on (job) service_feature_missing_total",
                }
            ],
        }
    ]
}


def test_two_versions_for_a_day_are_told(stack: Stack) -> None:
    hear(stack, "ModelVersionsMixed")


def test_overload_and_a_disk_that_hangs_are_told(
    stack: Stack, replica: str, rows: list[Row]
) -> None:
    slow = ("LatencyHigh", "MemoryHigh", "PredictionLogDropped")
    port = stack.ports[replica]
    # Long names fill the memory of a service that cannot write them down.
    large = [row | {"destination": 200 * "A"} for row in rows[:1000]]
    with (
        told(stack, "CpuSaturated", *slow),
        preferred(stack.processes[replica].pid, os.getpid()),
    ):
        with overload(port, large, seconds=0.5):
            hear(stack, *slow)
        # A scrape stands in the same queue before it reads what was used of the core. In windows
        # of seconds a long queue makes that rate wobble by more than the limit leaves.
        with overload(port, large, seconds=0.1):
            hear(stack, "CpuSaturated")


def test_open_connections_are_told(stack: Stack, replica: str) -> None:
    process = stack.processes[replica].pid
    more = 60
    files = len(list(Path(f"/proc/{process}/fd").iterdir())) + more
    with told(stack, "FileDescriptorsHigh"), idle(stack.ports[replica], more):
        resource.prlimit(process, resource.RLIMIT_NOFILE, 2 * (int(files / 0.88),))
        hear(stack, "FileDescriptorsHigh")


def test_dead_alertmanager_is_told_once_it_is_back(stack: Stack) -> None:
    with told(stack, "AlertsUndelivered"):
        stack.stop("alertmanager")
        wait_for("nobody hears", lambda: "AlertsUndelivered" in stack.names())
        stack.start_alertmanager()


def test_dead_service_is_told_though_a_channel_is_down(stack: Stack) -> None:
    stack.webhook.chat_is_down = True
    with told(stack, "ServiceDown", "NotificationsFail"):
        stack.kill("service")
    stack.webhook.chat_is_down = False


def test_crash_loop_without_a_model_is_told(stack: Stack) -> None:
    empty = {"SERVICE_MODEL_DIR": str(stack.folder / "none")}
    started = f'process_start_time_seconds{{instance="127.0.0.1:{stack.ports["service"]}"}}'
    with told(stack, "ModelNotReady", "ServiceRestarts"):
        stack.start_service(probe="health", **empty)
        seen: set[str] = set()
        # As quick as a supervisor, but each start is scraped: the windows are short here.
        for _ in range(8):
            wait_for("it is scraped", lambda: bool(_values(stack, started) - seen))
            seen.update(_values(stack, started))
            if "ServiceRestarts" in stack.names():
                break
            stack.kill("service")
            stack.start_service(probe="health", **empty)


def test_no_instance_at_all_is_told(stack: Stack) -> None:
    with told(stack, "ServiceAbsent"):
        stack.scrape()
    wait_for("the others end", lambda: not stack.names() & {"ServiceDown", "ModelNotReady"})


def test_dead_monitor_is_told_without_it(stack: Stack) -> None:
    with told(stack, "MonitorDown"):
        stack.kill("monitor")
        hear(stack, "MonitorDown")
    # What it should pass on is given up after a while, which fires as well.
    wait_for("it is given up", lambda: bool(_query(stack, GIVEN_UP)), PATIENCE)


GIVEN_UP = 'ALERTS{alertname="NotificationsFail", integration="webhook", alertstate="firing"}'


def test_everything_was_told(stack: Stack) -> None:
    assert stack.told() == every_alert(stack)


def _query(stack: Stack, query: str) -> list[Any]:
    address = f"{stack.address('prometheus')}/api/v1/query?query={quote(query)}"
    found: list[Any] = get(address)["data"]["result"]
    return found


def _values(stack: Stack, query: str) -> set[str]:
    return {sample["value"][1] for sample in _query(stack, query)}
