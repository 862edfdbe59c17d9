import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from socket import create_connection
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from project_package import notify, schema
from project_package.monitoring.__main__ import main
from project_package.monitoring.exposition import to_metrics
from project_package.monitoring.page import to_html
from project_package.monitoring.server import Monitor

from .conftest import NOW, ROOT, Scene
from .test_performance import informative

NUMBER = schema.NUMBERS[-1].name


class Tags(HTMLParser):
    """Collects what a page is made of and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.addresses: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.addresses += [value for name, value in attrs if name in {"src", "href"}]


@pytest.fixture
def busy(scene: Scene) -> Scene:
    """A scene with a drifted feature and a lost model."""
    scores, actual = informative(600)
    scene.log(600, scores=scores, change=lambda row: row.update({NUMBER: None}))
    scene.label(actual[::-1])
    return scene


def arguments(scene: Scene, *more: str) -> list[str]:
    sources = scene.sources
    return [
        *("report", "--until", NOW.isoformat(), "--out", str(scene.folder / "out")),
        *("--log", str(sources.log), "--labels", str(sources.labels)),
        *("--bundle", str(sources.bundle), "--limits", str(ROOT / "monitoring/limits.toml")),
        *more,
    ]


def test_the_page_loads_nothing(busy: Scene) -> None:
    tags = Tags()
    tags.feed(to_html(busy.report()))

    assert tags.addresses == []
    assert "script" not in tags.seen
    assert tags.seen.count("svg") > len(schema.FEATURES)


def test_the_page_says_what_is_wrong(busy: Scene) -> None:
    page = to_html(busy.report())

    assert f'<span class="tag">{NUMBER}</span>: values missing' in page
    assert "performance lost" in page


def test_the_page_of_a_quiet_day_says_so(scene: Scene) -> None:
    scene.log(600)

    assert "Nothing is beyond its limit." in to_html(scene.report())


def test_the_page_of_a_new_service_says_so(scene: Scene) -> None:
    page = to_html(scene.report())

    assert "Too few rows to judge." in page
    assert "Too few outcomes are known yet." in page


def test_the_page_of_a_sample_says_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.log(300)
    assert "sample" not in to_html(scene.report())

    monkeypatch.setattr("project_package.monitoring.window.MOST_LINES", 299)

    assert "an even sample of 0.5 of the log" in to_html(scene.report())


def test_names_cannot_break_the_page(scene: Scene) -> None:
    scene.log(300, version="<script>")

    assert "<script>" not in to_html(scene.report())


def test_metrics_are_what_prometheus_reads(busy: Scene) -> None:
    text = to_metrics(busy.report())

    families = {family.name: family for family in text_string_to_metric_families(text)}
    missing = {
        sample.labels["feature"]: sample.value
        for sample in families["monitor_feature_missing"].samples
    }
    lost = {
        sample.labels["metric"]: sample.value
        for sample in families["monitor_performance_lost"].samples
    }
    assert missing[NUMBER] == 1
    assert lost == {"roc_auc": 1, "brier_score": 1}
    assert families["monitor_last_run_timestamp_seconds"].samples[0].value == NOW.timestamp()


def test_metrics_without_labels_have_no_time_of_the_newest(scene: Scene) -> None:
    scene.log(300)

    text = to_metrics(scene.report())

    assert "\nmonitor_newest_label_timestamp_seconds " not in text
    first = (NOW - timedelta(seconds=300)).timestamp()
    assert f"\nmonitor_first_prediction_timestamp_seconds {first!r}\n" in text


def test_metrics_without_a_prediction_have_no_time_of_the_first(scene: Scene) -> None:
    assert "\nmonitor_first_prediction_timestamp_seconds " not in to_metrics(scene.report())


def test_report_writes_all_three_and_exits_with_1_on_findings(
    busy: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(busy)) == 1

    written = {path.name for path in (busy.folder / "out").iterdir()}
    assert written == {"report.html", "report.json", "metrics.prom"}
    findings = json.loads((busy.folder / "out/report.json").read_text())["findings"]
    assert ["missing", NUMBER] in findings
    assert f"{NUMBER}: " in capsys.readouterr().out


def test_report_exits_with_0_when_all_is_well(scene: Scene) -> None:
    scene.log(600)

    assert main(arguments(scene)) == 0


def test_report_exits_with_2_where_it_cannot_look(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    (scene.sources.bundle / "model.json").unlink()

    assert main(arguments(scene)) == 2
    assert "model.json" in capsys.readouterr().err


def test_report_tells_what_it_found(busy: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[notify.Event] = []
    monkeypatch.setattr("project_package.monitoring.__main__.notify", told.append)

    main(arguments(busy, "--notify"))

    assert [event.kind for event in told] == ["drift_found"]
    assert NUMBER in told[0].title


@contextmanager
def serving(scene: Scene) -> Iterator[tuple[Monitor, str]]:
    monitor = Monitor(("127.0.0.1", 0), scene.report, 3600)
    thread = Thread(target=monitor.serve)
    thread.start()
    try:
        yield monitor, f"http://127.0.0.1:{monitor.server_address[1]}"
    finally:
        monitor.close()
        thread.join()
        monitor.server_close()


def get(address: str, data: bytes | None = None) -> tuple[int, str]:
    try:
        with urlopen(Request(address, data=data), timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_server_shows_the_newest_report(scene: Scene) -> None:
    with serving(scene) as (monitor, address):
        scene.log(300)
        monitor.refresh()

        assert "monitor_rows 300" in get(f"{address}/metrics")[1]
        assert get(f"{address}/")[1].startswith("<!doctype html>")
        assert json.loads(get(f"{address}/report.json")[1])["rows"] == 300
        assert get(f"{address}/nothing")[0] == 404


def test_a_failing_report_leaves_the_last_one(scene: Scene, tmp_path: Path) -> None:
    with serving(scene) as (monitor, address):
        monitor.refresh()
        (tmp_path / "labels").mkdir()
        (tmp_path / "labels" / "broken.csv").write_text("nothing\n")
        with pytest.raises(ValueError, match="no column"):
            monitor.refresh()

        assert get(f"{address}/metrics")[0] == 200


NOWHERE = "http://127.0.0.1:9/"  # a port that nobody listens on
ALERT: dict[str, Any] = {
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "FeatureDrift", "feature": "x"},
            "annotations": {"summary": "x moved", "runbook": "docs/monitoring.md#featuredrift"},
        }
    ]
}


def test_alerts_are_passed_on(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[notify.Event] = []

    def tell(event: notify.Event) -> list[str]:
        told.append(event)
        return []

    monkeypatch.setattr(notify, "notify", tell)

    with serving(scene) as (_, address):
        assert get(f"{address}/alerts", json.dumps(ALERT).encode())[0] == 200

    assert told[0].title == "[firing] FeatureDrift: x moved"


def test_an_alert_that_nobody_got_is_sent_again_by_alertmanager(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_CHAT_URL", NOWHERE)

    with serving(scene) as (_, address):
        assert get(f"{address}/alerts", json.dumps(ALERT).encode())[0] == 502


def test_an_alert_that_one_channel_took_is_not_sent_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_CHAT_URL", NOWHERE)
    monkeypatch.setenv("NOTIFY_WEBHOOK_URL", "http://taken")
    monkeypatch.setattr(notify, "notify", lambda _event: ["NOTIFY_CHAT_URL"])

    with serving(scene) as (monitor, address):
        assert get(f"{address}/alerts", json.dumps(ALERT).encode())[0] == 200
        monitor.refresh()
        metrics = get(f"{address}/metrics")[1]

    family = next(
        family
        for family in text_string_to_metric_families(metrics)
        if family.name == "monitor_undelivered_messages"
    )
    counted = {sample.labels["channel"]: sample.value for sample in family.samples}
    assert counted == {"NOTIFY_CHAT_URL": 1, "NOTIFY_WEBHOOK_URL": 0}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/alerts", b"no json", 400), ("/alerts", b"{}", 400), ("/other", b"{}", 404)],
)
def test_what_is_no_alert_is_refused(scene: Scene, path: str, body: bytes, status: int) -> None:
    with serving(scene) as (_, address):
        assert get(address + path, body)[0] == status


def answer(address: str, request: str = "") -> bytes:
    """Return all that the server sends until it closes the connection."""
    host, port = address.removeprefix("http://").split(":")
    with create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(request.encode())
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.parametrize("size", ["-1", "1000001", "many", "9" * 5000])
def test_an_alert_of_no_or_too_large_a_size_is_refused_unread(scene: Scene, size: str) -> None:
    with serving(scene) as (_, address):
        said = answer(address, f"POST /alerts HTTP/1.1\r\nContent-Length: {size}\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 400 ")


def test_a_connection_that_says_nothing_is_closed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(scene) as (monitor, address):
        handler: Any = monitor.RequestHandlerClass
        monkeypatch.setattr(handler, "timeout", handler.timeout / 300)

        assert answer(address) == b""
