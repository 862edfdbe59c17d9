"""What the score says of reviews and dependencies falls with continuous integration's files."""

from dataclasses import replace

import pytest

from project_package.proof.score.evidence import pipelines
from project_package.proof.score.evidence.pipelines import (
    BY_CONFIGURATION,
    EVIDENCE,
    NEWEST,
    REPORT,
)
from project_package.proof.score.pipelines import PIPELINES, Pipeline

from .conftest import World

YAML = Pipeline(
    title="Any",
    checks="checks.yml",
    changes="on.change[:.]*",
    freshness="weekly.yml",
    weekly="on.schedule.cron: *",
    runs="jobs.*.run: {}",
    bumps="bot.json",
)
CODE = replace(
    YAML,
    checks="Checks",
    changes="when { isChange() }",
    freshness="Checks",
    weekly="cron(*",
    runs="sh '{}'",
)
FILES = {
    "checks.yml": (
        "on:\n  change:\njobs:\n  report:\n    - run: |\n        make train\n        make report\n"
    ),
    "weekly.yml": (
        "on:\n  schedule:\n    - cron: 1 2 * * 3\n"
        "jobs:\n  newest:\n    - run: make freshness VERSIONS=newest\n"
    ),
    "Checks": (
        "cron('H 4 * * 1')\nwhen { isChange() }\n"
        "sh 'make report'\nsh 'make freshness VERSIONS=newest'\n"
    ),
    "bot.json": "{}\n",
}
# What must be said: the file, the text, another that says it no more, and the reason that is given.
CHANGES, METRICS = "does not run for each change", "does not compare the metrics of a change"
WEEKLY, VERSIONS = "does not run each week", "does not try the newest versions"
SAID = {
    "review": [
        (YAML, "checks.yml", "  change:", "  push:", CHANGES),
        (YAML, "checks.yml", "  change:", "  # change:", CHANGES),
        (YAML, "checks.yml", "make report", "echo make report", METRICS),
        (YAML, "checks.yml", "make report", "# make report", METRICS),
        (YAML, "checks.yml", "run: |", "name: |", METRICS),
        (YAML, "checks.yml", "report:", "report:\n    if: false\n    steps:", METRICS),
        (YAML, "checks.yml", "- run: |", "- if: ${{ false }}\n      run: |", METRICS),
        (YAML, "checks.yml", "report:", "report:\n    when: never\n    steps:", METRICS),
        (YAML, "checks.yml", "report:", "report:\n    condition: false\n    steps:", METRICS),
        (YAML, "checks.yml", "    - run: |", "    - when: never\n    - run: |", METRICS),
        (YAML, "checks.yml", "jobs:", "jobs: [", "cannot be read"),
        (CODE, "Checks", "when { isChange() }", "// when { isChange() }", CHANGES),
        (CODE, "Checks", "sh 'make report'", "sh 'echo make report'", METRICS),
    ],
    "dependencies": [
        (YAML, "weekly.yml", "  schedule:\n    - cron: 1 2 * * 3", "  manual:", WEEKLY),
        (YAML, "weekly.yml", "make freshness", "echo make freshness", VERSIONS),
        (YAML, "weekly.yml", "VERSIONS=newest", "VERSIONS=oldest", VERSIONS),
        (YAML, "weekly.yml", "newest:", "newest:\n    if: false\n    steps:", VERSIONS),
        (CODE, "Checks", "cron(", "// cron(", WEEKLY),
        (CODE, "Checks", "VERSIONS=newest", "VERSIONS=locked", VERSIONS),
    ],
}
CASES = [(name, *case) for name, cases in SAID.items() for case in cases]


@pytest.fixture
def checked(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A repository with a provider of continuous integration that has all it should."""
    monkeypatch.setattr(pipelines, "PIPELINES", (YAML, CODE))
    for name, text in FILES.items():
        (world.root / name).write_text(text, "utf-8")
    return world


def reason(world: World, name: str) -> str:
    result = world.judge(BY_CONFIGURATION)[name]
    assert result.points == 0
    return result.reason


def test_own_configuration_is_evidence(sound: World) -> None:
    results = sound.judge(EVIDENCE)

    assert (results["review"].points == 1) == bool(PIPELINES)
    assert (results["dependencies"].points == 1) == bool(PIPELINES)


@pytest.mark.parametrize("name", ["review", "dependencies"])
def test_configuration_is_evidence(checked: World, name: str) -> None:
    assert checked.judge(BY_CONFIGURATION)[name].points == 1


def test_bot_is_named(checked: World) -> None:
    assert "bot.json proposes" in checked.judge(BY_CONFIGURATION)["dependencies"].reason


@pytest.mark.parametrize(("name", "provider", "file", "said", "other", "why"), CASES)
def test_what_is_not_run_is_no_evidence(  # noqa: PLR0917
    checked: World,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    provider: Pipeline,
    file: str,
    said: str,
    other: str,
    why: str,
) -> None:
    assert said in FILES[file]
    monkeypatch.setattr(pipelines, "PIPELINES", (provider,))
    (checked.root / file).write_text(FILES[file].replace(said, other), "utf-8")

    assert f"{file} {why}" in reason(checked, name)


@pytest.mark.parametrize(("name", "command"), [("review", REPORT), ("dependencies", NEWEST)])
def test_own_configuration_that_only_names_the_command_is_none(
    world: World, name: str, command: str
) -> None:
    for path in {file for each in PIPELINES for file in (each.checks, each.freshness)}:
        file = world.root / path
        file.write_text(file.read_text("utf-8").replace(command, f"echo {command}"), "utf-8")

    result = world.judge(EVIDENCE)[name]

    assert result.points < 1
    assert "does not" in result.reason or not PIPELINES


def test_champion_of_code_that_is_not_committed_is_not_submitted(checked: World) -> None:
    checked.edit("models/champion/model.json", lambda each: each.update(git_dirty=True))

    assert "not committed" in reason(checked, "review")


def test_a_file_that_is_gone_is_named(checked: World) -> None:
    (checked.root / "weekly.yml").unlink()

    assert "there is no weekly.yml" in reason(checked, "dependencies")
