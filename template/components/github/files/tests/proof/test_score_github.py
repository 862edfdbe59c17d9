"""What the score says of reviews and dependencies falls with GitHub's configuration."""

import pytest

from project_package.proof.score.evidence.github import EVIDENCE

from .conftest import World

CHECKS = ".github/workflows/ci.yml"
BUMPS = ".github/dependabot.yml"


@pytest.mark.parametrize("name", ["review", "dependencies"])
def test_the_configuration_is_evidence(sound: World, name: str) -> None:
    assert sound.judge(EVIDENCE)[name].points == 1


def test_checks_that_skip_pull_requests_are_no_review(world: World) -> None:
    # YAML 1.1 takes the word `on` for true.
    world.edit(CHECKS, lambda workflow: workflow[True].pop("pull_request"))

    assert "pull requests" in world.judge(EVIDENCE)["review"].reason


def test_a_pull_request_without_its_metrics_is_no_review(world: World) -> None:
    world.edit(CHECKS, lambda workflow: workflow["jobs"].pop("report"))

    assert world.judge(EVIDENCE)["review"].state == "missing"


def test_a_champion_of_code_that_is_not_committed_is_not_submitted(world: World) -> None:
    world.edit("models/champion/model.json", lambda each: each.update(git_dirty=True))

    assert "not committed" in world.judge(EVIDENCE)["review"].reason


def test_python_packages_must_be_watched(world: World) -> None:
    world.edit(BUMPS, lambda settings: settings.update(updates=[]))

    assert world.judge(EVIDENCE)["dependencies"].state == "missing"


def test_no_configuration_is_no_evidence(world: World) -> None:
    (world.root / BUMPS).unlink()

    assert world.judge(EVIDENCE)["dependencies"].state == "missing"
