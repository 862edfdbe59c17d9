# ruff: noqa: T201
"""cookiecutter itself, as the oracle of our bytes and modes.

Run as a script it compares every choice of every template in a folder of clones:

    SCAFFOLD_PUBLIC_TEMPLATES=clones python tests/oracle.py [name[@ref] ...]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scaffold.questions import resolve
from scaffold.render import render
from scaffold.spec import Source
from scaffold.template import Template, open_template
from scaffold.tree import File

_SCRIPT = """
import json, sys
from cookiecutter.main import cookiecutter
job = json.load(sys.stdin)
print(cookiecutter(job["template"], no_input=True, extra_context=job["answers"], default_config=True,
                   output_dir=job["output"], accept_hooks=False))
"""


def cookiecutter_render(
    template: Path, answers: Mapping[str, Any], scratch: Path
) -> dict[str, File]:
    """Return what stock cookiecutter renders, hooks left out."""
    output = Path(tempfile.mkdtemp(dir=scratch))
    home = scratch / "home"
    home.mkdir(exist_ok=True)
    job = {"template": str(template), "answers": dict(answers), "output": str(output)}
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr
    rendered = read_tree(Path(done.stdout.strip().splitlines()[-1]))
    return {path: _without_place(file, str(output)) for path, file in rendered.items()}


def _without_place(file: File, output: str) -> File:
    """Return `file` as if rendered into `.`: a template may print `_output_dir`."""
    return File(file.content.replace(output.encode(), b"."), file.mode)


def read_tree(folder: Path) -> dict[str, File]:
    """Return the files under `folder` with their git modes."""
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            files[name] = File(os.fsencode(path.readlink()), "120000")
        elif path.is_file():
            mode = "100755" if path.stat().st_mode & 0o100 else "100644"
            files[name] = File(path.read_bytes(), mode)
    return files


def differences(ours: Mapping[str, File], theirs: Mapping[str, File]) -> list[str]:
    """Return a line for each path that is not the same in both."""
    found = []
    for path in sorted({*ours, *theirs}):
        if path not in ours or path not in theirs:
            found.append(f"{path}: only {'cookiecutter' if path in theirs else 'scaffold'} has it")
        elif ours[path].content != theirs[path].content:
            found.append(f"{path}: bytes differ")
        elif ours[path].mode != theirs[path].mode:
            found.append(f"{path}: {ours[path].mode}, not {theirs[path].mode}")
    return found


def variations(template: Template) -> Iterator[dict[str, Any]]:
    """Yield answers: the defaults, then each other choice of each question alone."""
    yield {}
    for question in template.questions:
        for choice in question.choices[1:]:
            yield {question.name: choice}
        if question.kind == "yes_no":
            yield {question.name: not question.default}
        if question.kind == "text" and question.default in ("y", "n"):
            yield {question.name: "n" if question.default == "y" else "y"}


def main(names: list[str]) -> int:
    folder = Path(os.environ["SCAFFOLD_PUBLIC_TEMPLATES"])
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in names or sorted(path.name for path in folder.iterdir()):
            failures += _compare(folder, name, Path(scratch))
    return 1 if failures else 0


def _compare(folder: Path, name: str, scratch: Path) -> int:
    name, _, ref = name.partition("@")
    clone = Path(tempfile.mkdtemp(dir=scratch)) / name
    subprocess.run(["git", "clone", "-q", str(folder / name), str(clone)], check=True)
    subprocess.run(["git", "-C", str(clone), "checkout", "-q", ref or "HEAD"], check=True)
    head = subprocess.check_output(
        ["git", "-C", str(clone), "rev-parse", "HEAD"], text=True
    ).strip()
    template = open_template(Source(str(clone)), head)
    failures = total = 0
    for answers in variations(template):
        total += 1
        ours = render(template, resolve(template.questions, answers))
        theirs = cookiecutter_render(clone, answers, scratch)
        found = differences(ours, theirs)
        failures += bool(found)
        for line in found[:5]:
            print(f"  {name} {answers}: {line}")
    print(
        f"{name} {ref or 'HEAD'}: {total - failures} of {total} renders equal, {len(theirs)} files"
    )
    return failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
