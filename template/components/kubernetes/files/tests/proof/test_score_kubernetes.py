"""What the score says of canaries falls with the route that feeds one."""

from pathlib import Path

import pytest

from project_package.proof.score.evidence.kubernetes import EVIDENCE

from .conftest import World

ROUTE = Path("k8s/components/canary/route.yaml")


def test_a_route_with_weights_is_a_canary(sound: World) -> None:
    assert sound.judge(EVIDENCE)["canary"].points == 1


@pytest.mark.parametrize("weight", [0, 95])
def test_a_canary_gets_a_part_and_not_the_most(world: World, weight: int) -> None:
    text = (world.root / ROUTE).read_text("utf-8")
    (world.root / ROUTE).write_text(text.replace("weight: 10", f"weight: {weight}"), "utf-8")
    world.study_again()

    reason = world.judge(EVIDENCE)["canary"].reason
    assert "gives a new version a smaller part of the requests" in reason


def test_a_route_that_is_no_yaml_is_no_canary(world: World) -> None:
    (world.root / ROUTE).write_text("kind: [", "utf-8")
    world.study_again()

    assert "k8s/components/canary cannot be read" in world.judge(EVIDENCE)["canary"].reason


def test_manifests_whose_tests_fail_are_no_canary(world: World) -> None:
    world.failed("tests/kubernetes/test_manifests.py")

    assert world.judge(EVIDENCE)["canary"].state == "missing"
