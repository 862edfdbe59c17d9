"""Logs that never hold up an answer."""

import json
import logging
import sys
from pathlib import Path
from threading import Event

from project_package.service.background import BackgroundWriter
from project_package.service.logs import JsonFormatter, request_id
from project_package.service.prediction_log import Answered, RotatingLines
from project_package.service.rows import COLUMNS


def answered(version: str) -> Answered:
    return Answered(0.0, "id", version, [(None,) * len(COLUMNS)], {"value": [1.0]})


def test_everything_is_written_before_the_end() -> None:
    written: list[int] = []

    with BackgroundWriter("log", written.extend, capacity=1_000) as writer:
        for number in range(1_000):
            writer.put(number)

    assert written == list(range(1_000))
    assert writer.dropped == 0


def test_what_a_slow_disk_cannot_take_is_dropped_and_counted() -> None:
    disk = Event()

    def wait(_: list[int]) -> None:
        disk.wait()

    with BackgroundWriter("log", wait, capacity=10) as writer:
        for number in range(25):
            writer.put(number)
        dropped = writer.dropped
        disk.set()

    assert dropped >= 5


def test_records_of_many_lines_fill_the_buffer_sooner() -> None:
    disk = Event()

    def wait(_: list[str]) -> None:
        disk.wait()

    with BackgroundWriter("log", wait, capacity=10, lines=len) as writer:
        for _ in range(10):
            writer.put("four")
        dropped = writer.dropped
        disk.set()

    assert dropped in {16, 20, 24, 28}  # the writer may take some at any moment


def test_what_a_full_disk_refuses_is_counted() -> None:
    def full(_: list[int]) -> None:
        raise OSError(28, "No space left on device")

    with BackgroundWriter("log", full, capacity=10) as writer:
        writer.put(1)

    assert writer.dropped == 1


def test_the_prediction_log_keeps_so_many_files_of_such_a_size(tmp_path: Path) -> None:
    lines = RotatingLines(tmp_path, file_bytes=10, files=3)

    for version in "12345":
        lines.write([answered(version)])

    kept = {path.name: json.loads(path.read_text())["model_version"] for path in tmp_path.iterdir()}
    assert kept == {
        "predictions.jsonl": "5",
        "predictions.jsonl.1": "4",
        "predictions.jsonl.2": "3",
    }


def test_one_file_is_started_anew_when_it_is_full(tmp_path: Path) -> None:
    lines = RotatingLines(tmp_path, file_bytes=10, files=1)

    for version in "12":
        lines.write([answered(version)])

    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text())["model_version"] == "2"


def test_a_log_record_is_a_json_line_with_the_request_and_the_extras() -> None:
    token = request_id.set("mine")
    record = logging.makeLogRecord(
        {"name": "n", "levelname": "INFO", "msg": "a %s\nb", "args": ("x",), "model_version": "7"}
    )

    line = JsonFormatter().format(record)
    request_id.reset(token)

    assert "\n" not in line
    fields = json.loads(line)
    assert fields["message"] == "a x\nb"
    assert fields["request_id"] == "mine"
    assert fields["model_version"] == "7"


def test_an_exception_is_in_the_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()})

    assert "ValueError: broken" in json.loads(JsonFormatter().format(record))["exception"]
