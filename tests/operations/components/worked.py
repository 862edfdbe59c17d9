"""A project that a team has worked in: the edits that people make every week, and scaffold run in this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaffold.cli import run as run_cli

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *IDENTITY, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True)
    return done.stdout.strip()


def scaffold(*arguments: object, at: Path | None = None) -> tuple[int, Any]:
    """Run scaffold in `at`; return how it ended and what it said as data."""
    out, before = io.StringIO(), Path.cwd()
    os.chdir(at or before)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = run_cli([*map(str, arguments), "--json"])
    finally:
        os.chdir(before)
    return int(code), json.loads(out.getvalue())


def made(folder: Path, components: str = "", preset: str = "minimal") -> Path:
    """Return a new project in `folder`."""
    chosen = ("--with", components) if components else ()
    code, said = scaffold("new", folder, "--yes", "--preset", preset, *chosen)
    assert code == 0, said
    return folder


def committed(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "What a team does")


def tree(folder: Path) -> str:
    """Return the id of all that is committed in `folder`: names, bytes and modes."""
    return git(folder, "rev-parse", "HEAD^{tree}")


@dataclass(frozen=True)
class Edit:
    """One ordinary edit of one file.

    Args:
        path: The file; where it does not exist, the edit makes it if it has no anchor, and is left out if it has one.
        change: What becomes of the file's text.
    """

    path: str
    change: Callable[[str], str]
    makes: bool = False

    def make(self, folder: Path) -> bool:
        """Edit the project in `folder`; return whether the file was there to be edited."""
        file = folder / self.path
        if not file.exists() and not self.makes:
            return False
        text = file.read_text() if file.exists() else ""
        edited = self.change(text)
        assert edited != text, f"the edit of {self.path} changes nothing"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(edited)
        return True


def at_end(path: str, text: str) -> Edit:
    return Edit(path, lambda before: before + text)


def after(path: str, anchor: str, text: str) -> Edit:
    return Edit(path, lambda before: before.replace(anchor, anchor + text, 1))


def after_line(path: str, start: str, text: str) -> Edit:
    line = re.compile(rf"^{re.escape(start)}.*\n", re.MULTILINE)
    return Edit(path, lambda before: line.sub(lambda found: found[0] + text, before, count=1))


def swap(path: str, old: str, new: str) -> Edit:
    return Edit(path, lambda before: before.replace(old, new, 1))


def new(path: str, text: str) -> Edit:
    return Edit(path, lambda _: text, makes=True)


# What people do to the files of base, in places that components write to as well, and beside them.
OF_BASE = (
    after_line("pyproject.toml", '  "types-PyYAML>=', '  "polars>=1.30",\n'),
    after_line("pyproject.toml", '  "uvicorn>=', '  "orjson>=3.10",\n'),
    swap("pyproject.toml", "dependencies = []", 'dependencies = ["rich>=14"]'),
    after("pyproject.toml", '  "joblib.*",\n', '  "lightgbm.*",\n'),
    swap("pyproject.toml", "line-length = 100", "line-length = 110"),
    at_end("pyproject.toml", '\n[tool.codespell]\nskip = "*.csv"\n'),
    # Where `uv add --group notes jupyterlab` writes it: at the end of the table.
    swap("pyproject.toml", "\n[tool.uv]", 'notes = [\n  "jupyterlab>=4.4",\n]\n\n[tool.uv]'),
    at_end("README.md", "\n## Who to ask\n\nThe team meets each Tuesday.\n"),
    after("README.md", "## How it works\n", "\nThe airport's own rules stand in the wiki.\n"),
    at_end("Makefile", "\n.PHONY: report-week\n\nreport-week: ## Mail the week\n\t@echo week\n"),
    swap("Makefile", "\truff check\n", "\truff check --output-format=concise\n"),
    new("make/team.mk", ".PHONY: hello\n\nhello: ## Say hello\n\t@echo hello\n"),
    swap("params.yaml", "folds: 4", "folds: 5"),
    after("params.yaml", "seed: 2013\n", "\nteam:\n  weather: true\n"),
    new("src/flight_delays/weather.py", '"""Weather of an hour."""\n\nRAIN = 3\n'),
    new("tests/unit/test_weather.py", "def test_rain() -> None:\n    assert 3\n"),
    new(
        "notebooks/first-look.ipynb",
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n',
    ),
    at_end(".gitignore", "\n# Ours\n/scratch/\n*.parquet.tmp\n"),
    after(".gitignore", ".coverage\n", "htmlcov/\n"),
    at_end(".env.example", "\n# Key of the weather service\nWEATHER_KEY=\n"),
    after(
        ".pre-commit-config.yaml", "      - id: trailing-whitespace\n", "      - id: check-ast\n"
    ),
    at_end(
        ".pre-commit-config.yaml",
        "      - id: notes\n        name: notes\n        entry: ls\n        language: system\n",
    ),
    at_end("CHANGELOG.md", "\n- Weather of the hour as a feature.\n"),
    at_end("CONTRIBUTING.md", "\nWe review within a day.\n"),
    at_end("docs/data.md", "\n## Weather\n\nComes by mail.\n"),
    at_end("docs/serving.md", "\nAsk the platform team for a token.\n"),
    at_end("docs/README.md", "| [Weather](weather.md) | What the airport sends us |\n"),
    at_end(".editorconfig", "\n[*.sql]\nindent_size = 2\n"),
    at_end(".gitattributes", "*.ipynb -diff\n"),
    at_end("scaffold.toml", "\n# Ask Ada before `scaffold upgrade`.\n"),
)
# What people do to the files that components bring.
OF_COMPONENTS = (
    swap(".github/workflows/ci.yml", "timeout-minutes: 10", "timeout-minutes: 12"),
    after(".github/workflows/ci.yml", "        run: make lint\n", "      - run: make hello\n"),
    at_end(
        ".github/workflows/ci.yml",
        "\n  spelling:\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n    steps:\n      - run: ls\n",
    ),
    swap(".github/workflows/train.yml", "17 4 * * 1", "17 2 * * 1"),
    at_end(
        ".github/dependabot.yml",
        "  - package-ecosystem: devcontainers\n    directory: /\n    schedule:\n      interval: weekly\n",
    ),
    swap(".gitlab/ci/ci.yml", "timeout: 10 minutes", "timeout: 12 minutes"),
    at_end(
        ".gitlab/ci/ci.yml", "\nspelling:\n  extends: .python\n  stage: ci\n  script:\n    - ls\n"
    ),
    at_end(".gitlab-ci.yml", "\n.ours:\n  script:\n    - ls\n"),
    at_end(".github/workflows/train.yml", "\n  ours:\n    runs-on: ubuntu-24.04\n"),
    at_end(".github/workflows/roll-back.yml", "\n  ours:\n    runs-on: ubuntu-24.04\n"),
    at_end(".gitlab/ci/train.yml", "\nours:\n  extends: .python\n  script: [ls]\n"),
    after(
        "Jenkinsfile",
        "          }\n        }\n",
        "        stage('Ours') {\n          steps { sh 'ls' }\n        }\n",
    ),
    at_end("Jenkinsfile", "\nboolean isOurs() {\n  return true\n}\n"),
    at_end("azure-pipelines.yml", "\n  - stage: ours\n    jobs:\n      - job: ours\n"),
    swap("Jenkinsfile", "sh 'make lint'", "sh 'make lint hello'"),
    swap("azure-pipelines.yml", 'timeoutInMinutes: "10"', 'timeoutInMinutes: "12"'),
    swap("Dockerfile", "git make", "git make nano"),
    at_end(".dockerignore", "!wheels\n"),
    swap("compose/compose.service.yml", "8000:8000", "8080:8000"),
    swap("compose/compose.mlflow.yml", "restart: unless-stopped", "restart: always"),
    at_end("compose.yaml", "\nservices:\n  cache:\n    image: redis:8\n"),
    swap("k8s/base/autoscaler.yaml", "maxReplicas: ", "maxReplicas: 1"),
    after("k8s/overlays/production/kustomization.yaml", "resources:\n", "  - ../../own\n"),
    swap("monitoring/prometheus/prometheus.yml", "scrape_interval: ", "scrape_interval: 1"),
    at_end("monitoring/limits.toml", "\n[weather]\nhours = 3\n"),
    swap("retraining.toml", "age_days = 28", "age_days = 14"),
    at_end("docs/docker.md", "\nOur registry is in the cellar.\n"),
)
EDITS = (*OF_BASE, *OF_COMPONENTS)


def worked_in(folder: Path) -> int:
    """Make every edit that fits the project in `folder`, commit, and return how many there were."""
    count = sum(edit.make(folder) for edit in EDITS)
    committed(folder)
    return count
