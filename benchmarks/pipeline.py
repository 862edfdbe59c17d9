"""`dvc repro` of a generated project beside its stages: `python benchmarks/pipeline.py PROJECT`."""

from __future__ import annotations

import argparse
import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from processes import Contender, compare, write_section
from ruamel.yaml import YAML

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def stages(project: Path) -> list[str]:
    """Return the commands of `dvc.yaml`, in its order."""
    return [
        stage["cmd"] for stage in YAML(typ="safe").load(project / "dvc.yaml")["stages"].values()
    ]


def main() -> None:
    """Measure in a project that was set up and trained once, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    project = given.project.resolve()
    path = f"{project / '.venv/bin'}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    commands = {
        "its stages, one after the other": ["sh", "-ec", "\n".join(stages(project))],
        "dvc repro --force": ["dvc", "repro", "--force"],
        "dvc repro, nothing to do": ["dvc", "repro"],
    }
    seconds = compare(
        [Contender(name, lambda c=c: (c, project, environment)) for name, c in commands.items()],
        given.runs,
    )
    plain = seconds["its stages, one after the other"]
    name = tomllib.loads((project / "pyproject.toml").read_text())["project"]["name"]
    lines = [
        f"Measured {datetime.now(tz=UTC).date()} in `{name}`; medians of {given.runs}.\n",
        "| command | CPU | x plain |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {value:.1f} s | {value / plain:.2f} |" for name, value in seconds.items()),
    ]
    print("\n".join(lines))
    write_section(PAGE, "pipeline", "\n".join(lines))


if __name__ == "__main__":
    main()
