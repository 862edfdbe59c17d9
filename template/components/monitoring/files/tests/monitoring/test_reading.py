from datetime import timedelta
from pathlib import Path

import pytest

from project_package.monitoring.labels import LabelsError, join, read_labels
from project_package.monitoring.limits import LimitsError, read_limits
from project_package.monitoring.window import Key, read_window

from .conftest import NOW, Scene

HOUR = timedelta(hours=1)


def test_a_window_holds_its_lines_in_order(scene: Scene) -> None:
    scene.log(20, end=NOW)
    scene.log(20, end=NOW - HOUR)

    window = read_window(scene.sources.log, NOW - 2 * HOUR, NOW)

    times = [line.time for line in window.lines]
    assert len(times) == 40
    assert times == sorted(times)


def test_lines_outside_the_window_are_left_out(scene: Scene) -> None:
    scene.log(20, end=NOW - HOUR)
    scene.log(20, end=NOW + HOUR)

    assert read_window(scene.sources.log, NOW - HOUR, NOW).lines == ()


def test_rotated_files_belong_to_the_log(scene: Scene) -> None:
    scene.log(20)
    (scene.sources.log / "predictions.jsonl").rename(scene.sources.log / "predictions.jsonl.1")
    scene.log(10)

    assert len(read_window(scene.sources.log, NOW - HOUR, NOW).lines) == 30


def test_torn_lines_are_counted_and_left_out(scene: Scene) -> None:
    scene.log(20)
    with (scene.sources.log / "predictions.jsonl").open("a") as stream:
        stream.write('{"time": "2026-03-02T11:')

    window = read_window(scene.sources.log, NOW - HOUR, NOW)

    assert len(window.lines) == 20
    assert window.unreadable == 1


def test_of_a_large_log_an_even_sample_is_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("project_package.monitoring.window.MOST_LINES", 500)
    scene.log(900, version="1", end=NOW - HOUR)
    scene.log(900, version="2")

    window = read_window(scene.sources.log, NOW - 2 * HOUR, NOW)

    assert window.share == 1 / 4
    assert window.versions() == pytest.approx({"1": 225, "2": 225}, abs=45)
    assert window == read_window(scene.sources.log, NOW - 2 * HOUR, NOW)


def test_of_a_log_that_fits_every_line_is_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("project_package.monitoring.window.MOST_LINES", 1000)
    scene.log(1000)

    window = read_window(scene.sources.log, NOW - HOUR, NOW)

    assert (len(window.lines), window.share) == (1000, 1)


def test_no_log_yet_is_an_empty_window(tmp_path: Path) -> None:
    assert read_window(tmp_path / "logs", NOW - HOUR, NOW).lines == ()


def test_a_time_without_zone_is_utc(scene: Scene) -> None:
    scene.log(1)
    path = scene.sources.log / "predictions.jsonl"
    path.write_text(path.read_text().replace("+00:00", ""))

    window = read_window(scene.sources.log, NOW - HOUR, NOW)

    assert window.lines[0].time == NOW - timedelta(seconds=1)


def test_labels_join_their_predictions(scene: Scene) -> None:
    scene.log(20)
    scene.label([1, 0, 1])

    outcomes = join(
        read_window(scene.sources.log, NOW - HOUR, NOW),
        read_labels(scene.sources.labels) | {Key("unknown", 0): 1.0},
    )

    assert [pair.actual for pair in outcomes.pairs] == [1, 0, 1]
    assert outcomes.unmatched == 1
    assert outcomes.newest == NOW - timedelta(seconds=18)


def test_a_later_label_replaces_an_earlier_one(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("request_id,row,actual\na,0,1\n")
    (tmp_path / "2.csv").write_text("request_id,row,actual\na,0,0\n")

    assert read_labels(tmp_path) == {Key("a", 0): 0}


def test_no_labels_yet_are_none(tmp_path: Path) -> None:
    assert read_labels(tmp_path / "labels.csv") == {}


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("request_id,actual\na,1\n")

    with pytest.raises(LabelsError, match="no column row"):
        read_labels(tmp_path)


def test_a_wrong_label_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("request_id,row,actual\na,0,1\nb,0,yes\n")

    with pytest.raises(LabelsError, match=r"1\.csv:3"):
        read_labels(tmp_path)


def test_a_limit_of_the_wrong_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text('[window]\nhours = "long"\nminimum_rows = 1\n')

    with pytest.raises(LimitsError, match=r"window\.hours"):
        read_limits(path)
