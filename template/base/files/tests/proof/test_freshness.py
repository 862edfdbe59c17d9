"""Other versions of the packages are tried by behaviour, in an environment that goes away."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest

from project_package.proof import freshness
from project_package.proof.freshness import commands, dependency_groups, main, run


@pytest.fixture(autouse=True)
def in_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)


def test_every_group_of_packages_is_installed() -> None:
    assert {"service", "training", "dev"} <= set(dependency_groups())

    _, install, *_ = commands("newest", "uv", Path("away"))

    named = [after for before, after in pairwise(install) if before == "--group"]
    assert named == dependency_groups()


@pytest.mark.parametrize(
    ("versions", "word"),
    [
        ("locked", "--locked"),
        ("newest", "--resolution=highest"),
        ("oldest", "--resolution=lowest-direct"),
    ],
)
def test_versions_are_resolved_as_asked(versions: str, word: str) -> None:
    *install, _, _, _ = commands(versions, "uv", Path("away"))

    assert word in install[-1]


@pytest.mark.parametrize("versions", ["locked", "newest", "oldest"])
def test_the_pipeline_and_the_tests_must_work(versions: str) -> None:
    *_, pipeline, tests = commands(versions, "uv", Path("away"))

    assert pipeline[-1].endswith(".rehearsal")
    assert tests[2] == "pytest"


def test_what_fails_is_told_in_one_line() -> None:
    with pytest.raises(SystemExit, match=r"^error: .* fails with the oldest versions\nhint: "):
        run([sys.executable, "-c", "raise SystemExit(1)"], {}, "oldest")


def test_all_that_works_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # `true` stands for uv and for the new environment's Python: nothing is installed here.
    monkeypatch.setattr(freshness, "commands", lambda *_: [["true"], ["true"]])
    monkeypatch.setattr(sys, "argv", ["freshness", "newest"])

    main()

    assert "the newest versions train, export, serve" in capsys.readouterr().out
