"""What template sources become, seen through stock cookiecutter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scaffold.compile import PROJECT_FOLDER, compile_template, source_of, write_tree
from scaffold.errors import ScaffoldError
from scaffold.sources import read_sources

MANIFEST = 'title = "A"\nsummary = "b"\n'


@pytest.mark.parametrize(
    "text",
    [
        "{{ this }} {% stays %} {# as it is #}",
        "${{ github.sha }}",
        'print(f"{{{value}}} {{}}")',
        "{%- raw -%} {% endraw %} {{ '{' }}",
        "no last newline",
        "trailing newlines\n\n\n",
        "\n\nleading newlines\n",
        "windows\r\nlines\r\n",
        "",
    ],
)
def test_literal_file_comes_out_as_it_is(make_sources, stock_render, text):
    sources = make_sources({"base/files/a.txt": text})

    assert stock_render(sources)["a.txt"].decode() == text


def test_placeholders_are_filled_in_paths_and_text(make_sources, stock_render):
    sources = make_sources(
        {
            "base/files/src/project_package/a.py": 'f"{project_package.x}"; "project-name"; {1: {2}}\n'
        }
    )

    files = stock_render(sources)

    assert files["src/demo_package/a.py"] == b'f"{demo_package.x}"; "demo"; {1: {2}}\n'


def test_source_of_every_file_of_our_template_is_found_again(root):
    sources = read_sources(root / "template")
    written = {
        f"{'base' if component.name == 'base' else f'components/{component.name}'}/files/{path}": file
        for component in sources.components
        for path, file in component.files.items()
    }

    tree = compile_template(root / "template")

    found = [source_of(*each) for each in tree.items() if each[0].startswith(PROJECT_FOLDER)]
    assert dict(found) == written


def test_jinja_file_reads_questions_by_their_bare_name(make_sources, stock_render):
    sources = make_sources({"base/files/a.txt.jinja": "{{ license }}\n"})

    assert stock_render(sources, license="Apache-2.0")["a.txt"] == b"Apache-2.0\n"


def test_block_tag_on_its_own_line_leaves_no_scar(make_sources, stock_render):
    text = "a\n  {% if license %}\nb\n  {% endif %}\nc\n"

    assert stock_render(make_sources({"base/files/a.txt.jinja": text}))["a.txt"] == b"a\nb\nc\n"


def test_components_are_base_and_the_chosen_ones_by_name(make_sources, stock_render):
    sources = make_sources(
        {
            "base/files/a.txt.jinja": "{% for c in components %}{{ c.name }} {% endfor %}",
            **{f"components/{name}/component.toml": MANIFEST for name in ("zoo", "ant", "bee")},
        }
    )

    assert stock_render(sources, components="zoo,ant")["a.txt"] == b"base ant zoo "


def test_components_files_come_only_with_the_component(make_sources, stock_render):
    files = {"components/ci/component.toml": MANIFEST, "components/ci/files/ci/a.yml": "a: 1\n"}
    sources = make_sources(files)

    assert stock_render(sources, components="").keys() == {"README.md"}
    assert stock_render(sources, components="ci").keys() == {"README.md", "ci/a.yml"}


def test_name_that_is_part_of_another_does_not_switch_it_on(make_sources, stock_render):
    sources = make_sources(
        {
            "components/ci/component.toml": MANIFEST,
            "components/ci/files/a.txt": "a",
            "components/ci-extra/component.toml": MANIFEST,
        }
    )

    assert stock_render(sources, components="ci-extra").keys() == {"README.md"}


def test_components_of_one_slot_may_own_one_path(make_sources, stock_render, settings_with_slot):
    sources = make_sources(settings_with_slot)

    assert stock_render(sources)["a.txt"] == b"left"
    assert stock_render(sources, components="right")["a.txt"] == b"right"


def test_executable_file_stays_executable(make_sources, tmp_path):
    sources = make_sources({"base/files/run.sh": "#!/bin/sh\n", "base/files/a.txt": ""})
    (sources / "base/files/run.sh").chmod(0o755)

    write_tree(compile_template(sources), tmp_path / "out")

    project = tmp_path / "out" / "{{cookiecutter.project_slug}}"
    assert os.access(project / "run.sh", os.X_OK)
    assert not os.access(project / "a.txt", os.X_OK)


@pytest.mark.parametrize("content", [b"\x1f\x8b\0{{ no }}\xff", b"\xff latin \xe9", b"{{\0}}"])
def test_binary_file_of_base_is_copied(make_sources, stock_render, content):
    assert stock_render(make_sources({"base/files/a.gz": content}))["a.gz"] == content


def test_binary_file_of_a_component_is_refused(make_sources):
    files = {"components/ci/component.toml": MANIFEST, "components/ci/files/b.gz": b"\0"}

    with pytest.raises(ScaffoldError, match=r"b\.gz of ci is binary"):
        compile_template(make_sources(files))


def test_macros_can_be_imported(make_sources, stock_render):
    sources = make_sources(
        {
            "macros/say.jinja": "{% macro say(x) %}<{{ x }}>{% endmacro %}",
            "base/files/a.txt.jinja": "{% import 'say.jinja' as m %}{{ m.say(license) }}\n",
        }
    )

    assert stock_render(sources)["a.txt"] == b"<MIT>\n"


def test_compiling_twice_gives_the_same_bytes(make_sources):
    sources = make_sources({"base/files/a.txt": "a", "components/ci/component.toml": MANIFEST})

    assert compile_template(sources) == compile_template(sources)
    assert list(compile_template(sources)) == list(compile_template(sources))


def test_litter_of_tools_is_left_out(make_sources):
    sources = make_sources({"base/files/__pycache__/a.pyc": b"\0", "base/files/a.txt": "a"})

    assert not [path for path in compile_template(sources) if "pycache" in path]


def test_module_writes_the_template_to_a_folder(make_sources, tmp_path):
    sources = make_sources({"base/files/a.txt": "a"})

    command = [sys.executable, "-m", "scaffold.compile", str(sources), str(tmp_path / "out")]
    subprocess.run(command, check=True)

    assert (tmp_path / "out" / "cookiecutter.json").is_file()


def test_module_refuses_in_one_line(tmp_path: Path):
    command = [sys.executable, "-m", "scaffold.compile", str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


@pytest.fixture
def settings_with_slot() -> dict[str, str]:
    settings = """
format = 1
questions.project_slug = { prompt = "Repository", default = "demo" }
slots.side = { default = "left" }
presets.standard = { components = [] }
"""
    manifest = MANIFEST + 'slot = "side"\n'
    return {
        "template.toml": settings,
        "components/left/component.toml": manifest,
        "components/left/files/a.txt": "left",
        "components/right/component.toml": manifest,
        "components/right/files/a.txt": "right",
    }
