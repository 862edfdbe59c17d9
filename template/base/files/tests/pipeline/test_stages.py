"""A stage of DVC depends on all code that it imports: it does not run for what it cannot see."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from project_package.rehearsal import STAGES

PACKAGE = STAGES["train"].__module__.partition(".")[0]
# What decides nothing that a stage writes: where files lie, how errors are told, who hears of it.
ASIDE = {
    *("__init__.py", "errors.py", "git.py", "notify.py", "paths.py", "stage.py"),
    *("training/__init__.py", "data/__init__.py", "training/telling.py"),
}


def imported(file: Path, source: Path) -> Iterator[Path]:
    """Yield the files under `source` that `file` imports by name."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module), *(f"{node.module}.{each.name}" for each in node.names)]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        for name in names:
            path = source.joinpath(*name.split(".")).with_suffix(".py")
            if name.startswith(f"{PACKAGE}.") and path.is_file():
                yield path


def closure(module: str, source: Path) -> set[str]:
    """Return `module` and all that it imports, directly or not, as paths under the package."""
    found: set[Path] = set()
    left = {source.joinpath(*module.split(".")).with_suffix(".py")}
    while left:
        file = left.pop()
        found.add(file)
        left |= set(imported(file, source)) - found
    return {path.relative_to(source / PACKAGE).as_posix() for path in found} - ASIDE


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_the_code_that_it_imports(root: Path, name: str) -> None:
    stage = yaml.safe_load((root / "dvc.yaml").read_text("utf-8"))["stages"][name]
    prefix = f"src/{PACKAGE}/"
    declared = {dep.removeprefix(prefix) for dep in stage["deps"] if dep.startswith(prefix)}

    assert declared == closure(STAGES[name].__module__, root / "src")


def test_code_that_is_imported_by_what_is_imported_is_seen(root: Path) -> None:
    found = closure(STAGES["train"].__module__, root / "src")

    assert {"training/train.py", "schema.py", "column.py", "target.py", "graph.py"} <= found
