"""Template sources in a few lines."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter

from scaffold.compile import compile_template, write_tree

ROOT = Path(__file__).parents[2]

SETTINGS = """
format = 1
[questions.project_slug]
prompt = "Repository"
default = "demo"
pattern = "[a-z-]+"
[questions.package_name]
prompt = "Package"
default = "demo_package"
[questions.license]
prompt = "Licence"
choices = ["MIT", "Apache-2.0"]
[presets.standard]
title = "Standard"
components = []
"""

MANIFEST = 'title = "A"\nsummary = "b"\n'


@pytest.fixture
def make_sources(tmp_path: Path) -> Callable[..., Path]:
    """Return a maker of a `template/` folder from {path: text}; settings and base are filled in."""

    def make(files: dict[str, str | bytes]) -> Path:
        folder = tmp_path / "repository" / "template"
        defaults = {
            "template.toml": SETTINGS,
            "base/component.toml": MANIFEST,
            "base/files/README.md": "Read me\n",
        }
        for path, content in {**defaults, **files}.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return make


@pytest.fixture
def stock_render(tmp_path: Path) -> Callable[..., dict[str, bytes]]:
    """Return a function that compiles sources and renders them with stock cookiecutter."""

    def render(sources: Path, **answers: str) -> dict[str, bytes]:
        hooks = sources.parent / "hooks"
        if not hooks.exists():
            shutil.copytree(ROOT / "hooks", hooks, ignore=shutil.ignore_patterns("__pycache__"))
        place = Path(tempfile.mkdtemp(dir=tmp_path))
        template = place / "compiled"
        write_tree(compile_template(sources), template)
        config = place / "cookiecutter.yaml"
        config.write_text(f"cookiecutters_dir: {place}\nreplay_dir: {place}\n")
        project = Path(
            cookiecutter(
                str(template),
                no_input=True,
                extra_context=answers,
                output_dir=str(place / "output"),
                config_file=str(config),
            )
        )
        return {
            path.relative_to(project).as_posix(): path.read_bytes()
            for path in sorted(project.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(project).parts
        }

    return render
