"""The screen that tells why a model is here, and its refusals."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.proof import why
from project_package.training.champion import promote


@pytest.fixture
def ask(pipeline: Paths, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A copy of the champion's folder, which is the current one."""
    for name in ("models", "data", "reports"):
        shutil.copytree(pipeline.root / name, tmp_path / name)
    # Its runs name files of the first folder, which are still there.
    shutil.copy(pipeline.tracking_database, tmp_path)
    shutil.copy(root / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return Paths(tmp_path)


def said(model: str, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> str:
    patch.setattr(sys, "argv", ["why", model])
    why.main()
    return capsys.readouterr().out


def described(paths: Paths) -> dict[str, Any]:
    text = (paths.champion / "model.json").read_text("utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


@pytest.mark.parametrize("model", ["challenger", "1"])
def test_screen_names_what_the_model_came_from(
    ask: Paths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    screen = said(model, capsys, monkeypatch)

    facts = described(ask)
    assert "version 1: promoted" in screen
    for name in ("git_commit", "data_hash", "environment_hash", "trained_at", "run_id"):
        assert str(facts[name]) in screen


def test_screen_shows_each_parameter_and_each_check_of_the_gate(
    ask: Paths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = said("1", capsys, monkeypatch)

    facts = described(ask)
    assert all(name in screen for name in facts["params"])
    assert "ok   baseline" in screen


def test_screen_says_that_there_was_no_champion_to_compare_with(ask: Paths) -> None:
    assert "there was no champion to compare with" in why.screen(described(ask), {})


def test_screen_compares_with_the_baseline_and_with_the_champion_before(ask: Paths) -> None:
    facts = described(ask)
    before = dict.fromkeys(facts["metrics"], 0.4321)
    gate = facts["gate"] | {"champion": "7"}

    screen = why.screen(facts | {"gate": gate, "champion_before": before}, {})

    head = next(line for line in screen.splitlines() if "metric" in line)
    assert head.split() == ["metric", "model", "baseline", "version", "7"]
    assert screen.count("0.4321") == len(before)
    assert "no champion" not in screen


def test_nobody_s_decision_is_told(ask: Paths) -> None:
    assert "nobody decided yet" in why.screen(described(ask), {})


def test_service_tells_the_same(ask: Paths, service: TestClient) -> None:
    told = service.get("/model").json()

    assert told == described(ask)
    assert told["decision"] == "promoted"
    for name in ("decided_by", "decided_at", "reason", "git_commit", "data_hash", "data_remote"):
        assert told[name]
    for name in ("environment_hash", "params", "metrics", "baseline", "reports", "run_id"):
        assert told[name]
    assert told["champion_before"] == {}
    assert told["git_dirty"] in {True, False}


def test_promoted_by_hand_is_told_by_the_service_too(
    ask: Paths, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "Ada")

    promote(ask, parameters, "1", "the other is slow")

    facts = described(ask)
    assert (facts["decided_by"], facts["reason"]) == ("Ada", "the other is slow")


@pytest.mark.usefixtures("ask")
@pytest.mark.parametrize("model", ["nobody", "99"])
def test_unknown_model_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    with pytest.raises(SystemExit, match=f"(?s)^error: the registry .*{model}"):
        said(model, capsys, monkeypatch)


def test_bundle_that_the_registry_does_not_know_is_told(
    ask: Paths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = described(ask) | {"run_id": "of somebody else", "version": "7"}
    (ask.champion / "model.json").write_text(json.dumps(bundle), "utf-8")

    with pytest.raises(SystemExit, match=r"^error: .*somebody else"):
        said("champion", capsys, monkeypatch)
