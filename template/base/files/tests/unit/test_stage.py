import shutil
from pathlib import Path

import pytest

from project_package import stage
from project_package.errors import PipelineError
from project_package.parameters import Parameters
from project_package.paths import Paths


@pytest.fixture
def folder(root: Path, elsewhere: Path) -> Path:
    shutil.copy(root / "params.yaml", elsewhere)
    return elsewhere


def test_a_stage_gets_the_current_folder_and_its_parameters(folder: Path) -> None:
    seen = []

    def note(paths: Paths, parameters: Parameters) -> None:
        seen.append((paths.root, parameters.seed))

    stage.run(note)

    assert seen[0][0] == folder


@pytest.mark.usefixtures("folder")
def test_a_stage_that_must_stop_says_so_in_two_lines() -> None:
    def stop(_paths: Paths, _parameters: Parameters) -> None:
        raise PipelineError("no rows", "look at the source")

    with pytest.raises(SystemExit) as caught:
        stage.run(stop)

    assert caught.value.code == "error: no rows\nhint: look at the source"
