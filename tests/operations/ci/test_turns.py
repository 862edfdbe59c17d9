"""Who waits for whom: trainings, deliveries and roll-backs, on the providers that have names for it in their files."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML


def test_what_waits_for_approval_keeps_no_training_waiting(everywhere: Path) -> None:
    workflow = YAML(typ="safe").load((everywhere / ".github/workflows/train.yml").read_text())

    groups = {name: job["concurrency"]["group"] for name, job in workflow["jobs"].items()}
    assert "concurrency" not in workflow
    assert groups == {
        "train": "training",
        "package": "package",
        "staging": "staging",
        "production": "production",
    }


def test_a_roll_back_waits_in_no_queue_that_the_next_delivery_could_push_it_out_of(
    everywhere: Path,
) -> None:
    read = YAML(typ="safe").load
    deliver = read((everywhere / ".github/workflows/train.yml").read_text())["jobs"]["production"]
    back = read((everywhere / ".github/workflows/roll-back.yml").read_text())["jobs"]["roll-back"]

    assert deliver["concurrency"] == {"group": "production", "cancel-in-progress": False}
    assert back["concurrency"] == {"group": "production", "cancel-in-progress": True}


def test_on_gitlab_no_roll_back_waits_for_a_training(everywhere: Path) -> None:
    read = YAML(typ="safe").load
    train = read((everywhere / ".gitlab/ci/train.yml").read_text().replace("!reference ", ""))[
        "train"
    ]
    text = (everywhere / ".gitlab/ci/roll-back.yml").read_text().replace("!reference ", "")
    back = read(text)

    assert train["resource_group"] == "training"
    assert "resource_group" not in back["registry"]
    assert back["registry"]["interruptible"] is False
    assert back["roll-back"]["resource_group"] == "production"


def test_on_gitlab_no_commit_of_main_ends_the_checks_that_a_training_waits_for(
    everywhere: Path,
) -> None:
    text = (everywhere / ".gitlab-ci.yml").read_text().replace("!reference ", "")
    workflow = YAML(typ="safe").load(text)["workflow"]
    change, main = workflow["rules"]

    assert workflow["auto_cancel"] == {"on_new_commit": "interruptible"}
    assert "auto_cancel" not in change
    assert main["auto_cancel"] == {"on_new_commit": "none"}
