"""A roll-back, up to what the service answers with."""

import shutil
from pathlib import Path

from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.service.model import Model, load
from project_package.training import champion
from project_package.training.evaluate import evaluate
from project_package.training.register import register
from project_package.training.registry import Registry


def test_after_a_roll_back_the_service_has_the_champion_before(
    pipeline: Paths, parameters: Parameters, tmp_path: Path
) -> None:
    paths = Paths(shutil.copytree(pipeline.root, tmp_path / "again"))
    evaluate(paths, parameters)
    register(paths, parameters)
    assert served(paths).facts.version == "2"

    champion.roll_back(paths, parameters, "complaints")

    assert served(paths).facts == load(pipeline.champion).facts
    assert Registry(paths, parameters.registry.model).champion() == "1"


def served(paths: Paths) -> Model:
    """Return what the service would load, which answers as at its training."""
    return load(paths.champion)
