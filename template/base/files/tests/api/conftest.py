"""A service to talk to, with a model so small that its graph is written down here."""

import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Protocol

import httpx2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from starlette.testclient import TestClient

from project_package import schema
from project_package.column import Column
from project_package.service.app import Service
from project_package.service.logs import standard_output
from project_package.service.rows import NAMES, pack
from project_package.service.settings import Settings

Row = dict[str, Any]


def ordinary_row() -> Row:
    """Return a row in the middle of every range."""
    return {column.name: _ordinary(column) for column in schema.FEATURES}


def _ordinary(column: Column) -> float | str:
    if column.kind == "category":
        return column.categories[0] if column.categories else "ANY"
    return ((column.minimum or 0.0) + (column.maximum or 0.0)) / 2


def _graph(bias: float) -> onnx.ModelProto:
    """Return a logistic model: a thousandth of each number, a tenth for some category, `bias`."""
    category = next(column.categories[0] for column in schema.CATEGORIES if column.categories)
    constants = {
        "weights": np.full((len(schema.NUMBERS), 1), 0.001, np.float32),
        "zero": np.float32(0),
        "half": np.float32(0.5),
        "bias": np.float32(bias),
        "axis": np.array([1]),
    }
    nodes = [
        helper.make_node("IsNaN", ["numbers"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "numbers"], ["filled"]),
        helper.make_node("MatMul", ["filled", "weights"], ["product"]),
        helper.make_node("Squeeze", ["product", "axis"], ["linear"]),
        helper.make_node(
            "LabelEncoder",
            ["categories"],
            ["codes"],
            domain="ai.onnx.ml",
            keys_strings=[category],
            values_floats=[0.1],
            default_float=0.0,
        ),
        helper.make_node("ReduceSum", ["codes", "axis"], ["code"], keepdims=0),
        helper.make_node("Sum", ["linear", "code", "bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
        helper.make_node("Greater", ["probability", "half"], ["positive"]),
        helper.make_node("Cast", ["positive"], ["label"], to=TensorProto.INT64),
    ]
    rows = "N"
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(
                "numbers", TensorProto.FLOAT, [rows, len(schema.NUMBERS)]
            ),
            helper.make_tensor_value_info(
                "categories", TensorProto.STRING, [rows, len(schema.CATEGORIES)]
            ),
        ],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [rows]),
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, [rows]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def _reference() -> dict[str, Any]:
    bins = {"edges": [k / 10 for k in range(1, 10)], "counts": [100] * 10}
    return {
        "features": {
            column.name: bins
            if column.kind == "number"
            else {
                "categories": list(column.categories),
                "counts": [100] * len(column.categories),
                "missing": 100,
            }
            for column in schema.FEATURES
        },
        "prediction": bins,
    }


def _examples(graph: onnx.ModelProto) -> list[dict[str, Any]]:
    row = ordinary_row()
    inputs = pack([tuple(row[name] for name in NAMES)])
    outputs = ReferenceEvaluator(graph).run(None, inputs._asdict())
    named = zip(("label", "probability"), outputs, strict=True)
    return [{"inputs": row, "outputs": {name: value.tolist()[0] for name, value in named}}]


def write_bundle(folder: Path, version: str = "1", bias: float = 0.0, **facts: Any) -> Path:
    """Write a model into `folder` as the pipeline does, `model.json` last; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = _graph(bias)
    files = {
        "model.onnx": graph.SerializeToString(),
        "reference.json": json.dumps(_reference()).encode(),
        "examples.json": json.dumps(_examples(graph)).encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    described = {
        "name": "tiny",
        "version": version,
        "git_commit": "0" * 40,
        "data_hash": "1" * 32,
        "trained_at": "2026-01-02T03:04:05+00:00",
        "contract": schema.digest(),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    (folder / "model.json").write_text(json.dumps(described | facts))
    return folder


class WriteBundle(Protocol):
    """How tests make a model."""

    def __call__(self, folder: Path, version: str = "1", bias: float = 0.0, **facts: Any) -> Path:
        """Write a model into `folder`."""


@pytest.fixture(scope="session", name="write_bundle")
def _write_bundle() -> WriteBundle:
    return write_bundle


@pytest.fixture
def row() -> Row:
    return ordinary_row()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        model_dir=write_bundle(tmp_path / "champion"),
        log_dir=tmp_path / "logs",
        reload_seconds=0.05,
        drift_minimum=10,
    )


Serve = Callable[[Settings], AbstractContextManager[TestClient]]


@pytest.fixture
def serve() -> Serve:
    @contextmanager
    def serve(settings: Settings) -> Iterator[TestClient]:
        with (
            standard_output(settings.log_buffer) as output,
            TestClient(Service(settings, output).app, raise_server_exceptions=False) as client,
        ):
            yield client

    return serve


@pytest.fixture
def client(serve: Serve, settings: Settings) -> Iterator[TestClient]:
    with serve(settings) as client:
        yield client


class Process:
    """The service as an operator starts it."""

    def __init__(self, model_dir: Path, log_dir: Path, **options: object) -> None:
        self.url = f"http://127.0.0.1:{_free_port()}"
        arguments = {
            "port": self.url.rpartition(":")[2],
            "model_dir": model_dir,
            "log_dir": log_dir,
            "reload_seconds": 0.1,
        } | options
        flags = [f"--{key.replace('_', '-')}={value}" for key, value in arguments.items()]
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "project_package.service", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_until_alive(self) -> None:
        until = monotonic() + 30
        while monotonic() < until:
            try:
                httpx2.get(f"{self.url}/health")
            except httpx2.TransportError:
                sleep(0.05)
            else:
                return
        pytest.fail("the service did not start")

    def stop(self) -> str:
        self.process.terminate()
        output, _ = self.process.communicate(timeout=30)
        return output


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


StartProcess = Callable[..., Process]


@pytest.fixture(scope="module")
def processes() -> Iterator[StartProcess]:
    """Start services that do not outlive the module."""
    started: list[Process] = []

    def start(model_dir: Path, log_dir: Path, **options: object) -> Process:
        process = Process(model_dir, log_dir, **options)
        started.append(process)
        process.wait_until_alive()
        return process

    yield start
    for process in started:
        process.process.kill()
        with process.process:
            pass


@pytest.fixture
def start_process(processes: StartProcess, settings: Settings) -> StartProcess:
    def start(**options: object) -> Process:
        return processes(settings.model_dir, settings.log_dir, **options)

    return start
