"""A pipeline that has run in a temporary folder: no test touches your data or models."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient
from threadpoolctl import threadpool_limits

from project_package.notify import CHANNELS
from project_package.parameters import Parameters, read_parameters
from project_package.paths import Paths
from project_package.rehearsal import rehearse
from project_package.service.app import Service
from project_package.service.logs import standard_output
from project_package.service.settings import Settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def alone() -> Iterator[None]:
    """Keep tests away from the team's MLflow server and channels, if the environment names any."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", *CHANNELS):
            patch.delenv(name, raising=False)
        patch.setenv("OMP_WAIT_POLICY", "passive")
        yield


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Fit small models on one thread, as training does: idle threads of OpenMP spin."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="session")
def parameters() -> Parameters:
    """The project's parameters, but with little training and always on the sample."""
    full = read_parameters(ROOT / "params.yaml")
    few = {name: dict(options) for name, options in full.train.candidates.items()}
    del few["forest"]
    few["boosting"]["rounds"] = 60
    return replace(
        full,
        ingest=replace(full.ingest, source=str(ROOT / "sample" / "flights.csv.gz")),
        train=replace(full.train, folds=2, candidates=few),
        gate=replace(full.gate, row_milliseconds=100.0),
    )


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory, parameters: Parameters) -> Paths:
    """Where a pipeline has run from the sample to a registered champion."""
    paths = Paths(tmp_path_factory.mktemp("pipeline"))
    rehearse(paths, parameters)
    return paths


@pytest.fixture(scope="session")
def held_out(pipeline: Paths) -> pd.DataFrame:
    """Rows that the model of `pipeline` has not seen."""
    return pd.read_parquet(pipeline.test)


@pytest.fixture(scope="session")
def service(pipeline: Paths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service with the champion of `pipeline`, whose folder it leaves as it is."""
    logs = tmp_path_factory.mktemp("service") / "logs"
    settings = Settings(model_dir=pipeline.champion, log_dir=logs)
    with (
        standard_output(settings.log_buffer) as output,
        TestClient(Service(settings, output).app) as client,
    ):
        yield client


@pytest.fixture
def raw(root: Path) -> pd.DataFrame:
    """The first rows of the sample, as they come."""
    return pd.read_csv(root / "sample" / "flights.csv.gz", dtype={"flight": str}, nrows=300)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    assert os.listdir() == []  # noqa: PTH208
    return tmp_path
