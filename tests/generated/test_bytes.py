"""Stock cookiecutter and `scaffold new` make the same project of the same answers."""

import json
import shutil
import subprocess
import sys

import pytest
from pairs import PAIRS, read_files, stock_cookiecutter

OWN = {"scaffold.toml", "scaffold.lock"}
pytestmark = pytest.mark.xdist_group("generated")


def scaffold_new(destination, answers):
    answers_file = destination.with_suffix(".json")
    answers_file.write_text(json.dumps({k: v for k, v in answers.items() if k != "components"}))
    command = [
        *(sys.executable, "-m", "scaffold", "new", str(destination), "--yes"),
        *("--answers", str(answers_file), "--preset", "minimal"),
        *("--with", answers["components"]),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_scaffold_renders_the_same_bytes_and_modes(cases, number, tmp_path):
    case = cases[number]

    scaffold_new(tmp_path / "project", case.answers)

    files = read_files(tmp_path / "project")
    assert set(files) - OWN == set(case.files)
    assert [path for path in case.files if files[path] != case.files[path]] == []
    modes = [
        path
        for path in case.files
        if (case.folder / path).stat().st_mode != (tmp_path / "project" / path).stat().st_mode
    ]
    assert modes == []


def test_stock_cookiecutter_takes_this_repository_as_it_is(cases, root, tmp_path):
    checkout = tmp_path / "checkout"
    for folder in ("hooks", "template", "src"):
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
        shutil.copytree(root / folder, checkout / folder, ignore=ignored)
    shutil.copy(root / "cookiecutter.json", checkout)

    project = stock_cookiecutter(checkout, cases[0].answers, tmp_path / "output")

    assert read_files(project) == cases[0].files


def test_a_render_does_not_depend_on_where_and_when(cases, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONHASHSEED", "7")

    project = stock_cookiecutter(
        cases[0].folder.parents[1] / "template", cases[0].answers, tmp_path / "output"
    )

    assert read_files(project) == cases[0].files
