"""What the score says of reviews and dependencies falls with continuous integration's files."""

import pytest

from project_package.proof.score.evidence import pipelines
from project_package.proof.score.evidence.pipelines import EVIDENCE
from project_package.proof.score.pipelines import PIPELINES, Pipeline

from .conftest import World

ANY = Pipeline("Any", "checks.yml", "on each change", "weekly.yml", "bot.json")
FILES = {
    "checks.yml": "on each change\n  make report\n",
    "weekly.yml": "make freshness VERSIONS=newest\n",
    "bot.json": "{}\n",
}


@pytest.fixture
def checked(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A repository with a provider of continuous integration that has all it should."""
    monkeypatch.setattr(pipelines, "PIPELINES", (ANY,))
    for name, text in FILES.items():
        (world.root / name).write_text(text, "utf-8")
    return world


def reason(world: World, name: str) -> str:
    result = world.judge(EVIDENCE)[name]
    assert result.points < 1
    return result.reason


def test_own_configuration_is_evidence(sound: World) -> None:
    results = sound.judge(EVIDENCE)

    # The record of a review is half a point, whoever runs the checks.
    assert results["review"].points == (1 if PIPELINES else 0.5)
    assert results["dependencies"].points == bool(PIPELINES)


@pytest.mark.parametrize("name", ["review", "dependencies"])
def test_configuration_is_evidence(checked: World, name: str) -> None:
    assert checked.judge(EVIDENCE)[name].points == 1


def test_bot_is_named(checked: World) -> None:
    assert "bot.json proposes" in checked.judge(EVIDENCE)["dependencies"].reason


@pytest.mark.parametrize("line", ["on each change", "make report"])
@pytest.mark.parametrize("mark", ["# ", "// "])
def test_checks_must_show_each_change_with_its_metrics(
    checked: World, line: str, mark: str
) -> None:
    text = FILES["checks.yml"].replace(line, f"{mark}{line}").replace(f"  {mark}", mark)
    (checked.root / "checks.yml").write_text(text, "utf-8")

    assert checked.judge(EVIDENCE)["review"].points < 1


def test_champion_of_code_that_is_not_committed_is_not_submitted(checked: World) -> None:
    checked.edit("models/champion/model.json", lambda each: each.update(git_dirty=True))

    assert checked.judge(EVIDENCE)["review"].points < 1


@pytest.mark.parametrize(
    ("text", "said"), [("make test\n", "does not try the newest"), (None, "there is no weekly.yml")]
)
def test_newest_versions_must_be_tried(checked: World, text: str | None, said: str) -> None:
    file = checked.root / "weekly.yml"
    file.unlink() if text is None else file.write_text(text, "utf-8")

    assert said in reason(checked, "dependencies")


def test_no_provider_is_no_evidence(checked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines, "PIPELINES", ())

    assert "no continuous integration" in reason(checked, "dependencies")
