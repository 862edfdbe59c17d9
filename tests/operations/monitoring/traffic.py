"""Runs in the generated project's environment: change the world, or send its rows to the service.

python traffic.py PACKAGE change RAW            the raw data of another world two years later, over the old ones
python traffic.py PACKAGE rows RAW FILE         the raw data as requests, a JSON list
python traffic.py PACKAGE poison FOLDER         a model in FOLDER that breaks on gusts of 199 mph
python traffic.py PACKAGE send RAW URL ROWS LABELS   predictions for rows of RAW; their outcomes
"""

import csv
import importlib
import json
import sys
import urllib.request
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from onnx import helper, numpy_helper

BATCH = 20


def change(path: Path) -> None:
    """Let wind be stronger, and the morning what the evening was, two years (of whole weeks) later."""
    rows = pd.read_csv(path)
    time = pd.to_datetime(rows["scheduled_departure"]) + pd.Timedelta(weeks=104)
    mirrored = time.dt.normalize() + pd.to_timedelta(28 - time.dt.hour, unit="h")
    mirrored += pd.to_timedelta(time.dt.minute, unit="m")
    rows["scheduled_departure"] = mirrored.where(time.dt.hour.between(5, 23), time).dt.strftime(
        "%Y-%m-%dT%H:%M"
    )
    rows["wind_speed"] = rows["wind_speed"] + 25
    rows.to_csv(path, index=False)


def rows(package: str, raw: Path, file: Path) -> None:
    """Write what a client would send for each row of `raw`."""
    schema = importlib.import_module(f"{package}.schema")
    prepare = importlib.import_module(f"{package}.data.prepare")
    names = [column.name for column in schema.FEATURES]
    prepared = prepare.prepare_rows(pd.read_csv(raw)).sample(frac=1, random_state=0)
    file.write_text(prepared[names].to_json(orient="records"), "utf-8")


def poison(package: str, folder: Path) -> None:
    """Let the graph look up a place that is not there where a gust reaches 199 mph."""
    bundle = importlib.import_module(f"{package}.bundle")
    schema = importlib.import_module(f"{package}.schema")
    model = onnx.load(folder / "model.onnx")
    graph = model.graph
    column = [each.name for each in schema.NUMBERS].index("wind_gust")
    for name, values in (("column", [column]), ("limit", [198.5]), ("nothing", [0.0])):
        kind = np.int64 if name == "column" else np.float32
        graph.initializer.append(numpy_helper.from_array(np.array(values, kind), f"poison_{name}"))
    output = next(each.name for each in graph.output if each.name != "label")
    for node in graph.node:
        node.output[:] = ["poison_score" if name == output else name for name in node.output]
    for kind, inputs, made, settings in (
        ("Gather", ["numbers", "poison_column"], "gusts", {"axis": 1}),
        ("Greater", ["poison_gusts", "poison_limit"], "found", {}),
        ("Cast", ["poison_found"], "places", {"to": onnx.TensorProto.INT64}),
        ("Squeeze", ["poison_places"], "flat", {}),
        ("Gather", ["poison_nothing", "poison_flat"], "zeros", {}),
        ("Add", ["poison_score", "poison_zeros"], "", {}),
    ):
        inner = f"poison_{made}" if made else output
        graph.node.append(helper.make_node(kind, inputs, [inner], **settings))
    onnx.save(model, folder / "model.onnx")
    facts = bundle.describe(folder)
    bundle.publish(folder, folder, facts)


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
    elif verb == "rows":
        rows(package, Path(raw), Path(rest[0]))
    elif verb == "poison":
        poison(package, Path(raw))
    else:
        send(package, Path(raw), rest[0], int(rest[1]), Path(rest[2]))
