"""The shell of a generated repository: in files, in the steps of its pipelines, in the recipes of its Makefile."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

WORKFLOWS = (".github/workflows/*.yml", ".gitlab-ci.yml", ".gitlab/ci/*.yml")
AZURE = ("azure-pipelines.yml", ".azure/*.yml")
# Key of a step -> the shell that the provider starts for it.
STEPS = {"run": "bash", "bash": "bash", "script": "sh", "before_script": "sh", "after_script": "sh"}
# What a provider writes into the text before a shell reads it.
FILLED_IN = re.compile(r"\$\{\{.*?\}\}|\$\([A-Z]\w+\.[\w.]+\)")
JENKINS = re.compile(r"\bsh ('''(.*?)'''|'((?:\\.|[^'\\])*)')", re.DOTALL)


class Script(NamedTuple):
    """Text for one start of a shell."""

    place: str
    dialect: str
    text: str


def scripts(project: Path, scratch: Path) -> Iterator[Script]:
    """Yield every script of the project; `scratch` is an empty folder to read the Makefile in."""
    for path in sorted(project.rglob("*.sh")):
        yield Script(path.name, "sh", path.read_text())
    for pattern in (*WORKFLOWS, *AZURE):
        for path in sorted(project.glob(pattern)):
            for step in _steps(_read(path)):
                yield step._replace(place=f"{path.name}: {step.place}")
    for path in project.glob("Jenkinsfile"):
        for match in JENKINS.finditer(path.read_text()):
            text = re.sub(r"\\(.)", r"\1", match[2] or match[3])
            yield Script("Jenkinsfile", "sh", text)
    yield from _recipes(project, scratch)


def _read(path: Path) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.constructor.add_multi_constructor("!", lambda *_: None)  # GitLab's !reference
    return yaml.load(path.read_text())


def _steps(node: Any, place: str = "") -> Iterator[Script]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in STEPS and isinstance(value, str | list) and _text(value):
                yield Script(place or key, STEPS[key], FILLED_IN.sub("filled-in", _text(value)))
            else:
                yield from _steps(value, f"{place}/{key}")
    elif isinstance(node, list):
        for value in node:
            yield from _steps(value, place)


def _text(value: str | list[Any]) -> str:
    if isinstance(value, str):
        return value
    return "\n".join(line for line in value if isinstance(line, str))


def _recipes(project: Path, scratch: Path) -> Iterator[Script]:
    """Yield what make would run for each target where a model was trained, built and can be deployed."""
    shutil.copy(project / "Makefile", scratch)
    shutil.copytree(project / "make", scratch / "make")
    for made in ("build/image.txt", "models/champion/model.json", "pyproject.toml"):
        (scratch / made).parent.mkdir(parents=True, exist_ok=True)
        (scratch / made).touch()
    text = "".join(path.read_text() for path in (scratch / "Makefile", *scratch.glob("make/*.mk")))
    for target in sorted(set(re.findall(r"^([a-z-]+)::?(?: .*)?$", text, re.MULTILINE))):
        done = subprocess.run(
            [
                *("make", "--dry-run", "--always-make", "--no-print-directory", target),
                *("KUBECONFIG=cluster", "WHY=why"),
            ],
            check=False,
            cwd=scratch,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{target}: {done.stderr}"
        yield Script(f"make {target}", "bash", done.stdout)
