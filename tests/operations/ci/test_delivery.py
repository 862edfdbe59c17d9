"""`make deploy`, `undo` and `restore` on a registry that is a folder: which image does an environment run?"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

# What the targets use of `docker buildx imagetools`: inspect a tag's digest, make a tag for a reference.
DOCKER = """#!/bin/sh
cd "$REGISTRY"
case "$3" in
  inspect) reference=$4; [ -f "$reference" ] || exit 1; echo "registry/image@$(cat "$reference")" ;;
  create)
    tag=$5; reference=$6
    case "$reference" in *@*) echo "${reference#*@}" ;; *) cat "$reference" ;; esac > new && mv new "$tag" ;;
esac
"""


class Delivery:
    """A project that delivers into a registry of files."""

    def __init__(self, folder: Path, makefile: Path) -> None:
        self.folder = folder
        self.registry = folder / "registry"
        (self.registry / "registry").mkdir(parents=True)
        (folder / "build").mkdir()
        (folder / "Makefile").write_text(makefile.read_text())
        docker = folder / "docker"
        docker.write_text(DOCKER)
        docker.chmod(0o755)

    def make(self, target: str, environment: str = "staging") -> int:
        variables = [f"DOCKER={self.folder}/docker", "IMAGE=Registry/Image"]
        return subprocess.run(
            ["make", "--silent", target, f"ENVIRONMENT={environment}", *variables],
            check=False,
            cwd=self.folder,
            env={**os.environ, "REGISTRY": str(self.registry)},
            capture_output=True,
        ).returncode

    def built(self, digest: str) -> None:
        (self.folder / "build" / "image.txt").write_text(f"registry/image@{digest}\n")

    def runs(self, environment: str = "staging") -> str:
        tag = self.registry / "registry" / f"image:{environment}"
        return tag.read_text().strip() if tag.exists() else ""


@pytest.fixture
def delivery(everywhere: Path, tmp_path: Path) -> Delivery:
    return Delivery(tmp_path, everywhere / "make" / "docker.mk")


def test_deploy_moves_the_environment_to_the_built_image(delivery: Delivery) -> None:
    delivery.built("sha256:1")

    assert delivery.make("deploy") == 0

    assert delivery.runs() == "sha256:1"
    assert delivery.runs("production") == ""


def test_undo_takes_back_this_deployment(delivery: Delivery) -> None:
    for digest in ("sha256:1", "sha256:2"):
        delivery.built(digest)
        delivery.make("deploy")

    assert delivery.make("undo") == 0

    assert delivery.runs() == "sha256:1"


def test_undo_where_nothing_was_deployed_changes_nothing(delivery: Delivery) -> None:
    assert delivery.make("undo") == 0

    assert delivery.runs() == ""


def test_undo_of_the_first_deployment_has_nothing_to_go_back_to(delivery: Delivery) -> None:
    delivery.built("sha256:1")
    delivery.make("deploy")

    assert delivery.make("undo") == 0

    assert delivery.runs() == "sha256:1"


def test_restore_brings_back_what_ran_before(delivery: Delivery) -> None:
    for digest in ("sha256:1", "sha256:2"):
        delivery.built(digest)
        delivery.make("deploy", "production")

    assert delivery.make("restore", "production") == 0

    assert delivery.runs("production") == "sha256:1"


def test_restore_without_a_previous_image_fails(delivery: Delivery) -> None:
    assert delivery.make("restore") != 0
