"""The screen that tells why a model is here, and its refusals."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from project_package.paths import Paths
from project_package.proof import why


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


def described(paths: Paths) -> dict[str, object]:
    text = (paths.champion / "model.json").read_text("utf-8")
    content: dict[str, object] = json.loads(text)
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
    assert isinstance(facts["params"], dict)
    assert all(name in screen for name in facts["params"])
    assert "ok   baseline" in screen


def test_remote_of_the_data_is_named(
    ask: Paths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (ask.root / ".dvc").mkdir()
    (ask.root / ".dvc" / "config").write_text(
        "[core]\n    remote = shared\n['remote \"shared\"']\n    url = s3://bucket/data\n", "utf-8"
    )

    assert "s3://bucket/data" in said("1", capsys, monkeypatch)


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
