"""Runs in the generated project's environment: change the world, or send its rows to the service.

python traffic.py PACKAGE change RAW            the raw data of another world, over the old ones
python traffic.py PACKAGE send RAW URL ROWS LABELS   predictions for rows of RAW; their outcomes
"""

import csv
import importlib
import json
import sys
import urllib.request
from pathlib import Path

import pandas as pd

BATCH = 20


def change(path: Path) -> None:
    """Let wind be stronger, and let the morning be what the evening was."""
    rows = pd.read_csv(path)
    time = pd.to_datetime(rows["scheduled_departure"])
    mirrored = time.dt.normalize() + pd.to_timedelta(28 - time.dt.hour, unit="h")
    mirrored += pd.to_timedelta(time.dt.minute, unit="m")
    rows["scheduled_departure"] = mirrored.where(time.dt.hour.between(5, 23), time).dt.strftime(
        "%Y-%m-%dT%H:%M"
    )
    rows["wind_speed"] = rows["wind_speed"] + 25
    rows.to_csv(path, index=False)


def send(package: str, path: Path, address: str, count: int, labels: Path) -> None:
    """Ask for `count` predictions in batches and write the outcomes beside their ids."""
    schema = importlib.import_module(f"{package}.schema")
    prepare = importlib.import_module(f"{package}.data.prepare")
    target = importlib.import_module(f"{package}.target")
    rows = prepare.prepare_rows(pd.read_csv(path)).sample(count, random_state=count)
    names = [column.name for column in schema.FEATURES]
    inputs = json.loads(rows[names].to_json(orient="records"))
    with labels.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["request_id", "row", "actual"])
        for start in range(0, count, BATCH):
            request_id = _ask(address, inputs[start : start + BATCH])
            for row, actual in enumerate(rows[target.TARGET.name].iloc[start : start + BATCH]):
                writer.writerow([request_id, row, float(actual)])


def _ask(address: str, body: object) -> str:
    request = urllib.request.Request(
        f"{address}/predict",
        json.dumps({"rows": body}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.headers["X-Request-ID"])


if __name__ == "__main__":
    package, verb, raw, *rest = sys.argv[1:]
    if verb == "change":
        change(Path(raw))
    else:
        send(package, Path(raw), rest[0], int(rest[1]), Path(rest[2]))
