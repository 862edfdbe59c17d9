"""What the score says of dependencies falls with Renovate's configuration."""

from project_package.proof.score.evidence.gitlab import EVIDENCE

from .conftest import World

BUMPS = ".gitlab/renovate.json"


def test_the_configuration_is_evidence(sound: World) -> None:
    assert sound.judge(EVIDENCE)["dependencies"].points == 1


def test_renovate_that_is_off_proposes_nothing(world: World) -> None:
    world.edit(BUMPS, lambda settings: settings.update(enabled=False))

    assert world.judge(EVIDENCE)["dependencies"].state == "missing"
