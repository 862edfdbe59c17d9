"""The renderer writes the bytes and modes that stock cookiecutter writes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from oracle import cookiecutter_render, differences

from scaffold.errors import ScaffoldError
from scaffold.questions import resolve
from scaffold.render import compiled, new_seed, project_name, render
from scaffold.spec import Source
from scaffold.template import open_template
from scaffold.tree import File
from scaffold.trust import limits as limits_module
from scaffold.values import replace

ROOT = "{{cookiecutter.slug}}"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def write_template(folder: Path, context: dict, files: dict, outside: dict | None = None) -> Path:
    """Write a cookiecutter template; a file is text, bytes, or (content, mode)."""
    everything = {f"{ROOT}/{name}": content for name, content in files.items()} | (outside or {})
    everything["cookiecutter.json"] = json.dumps({"slug": "demo", **context})
    for name, content in everything.items():
        data, mode = content if isinstance(content, tuple) else (content, 0o644)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        path.chmod(mode)
    return folder


def rendered(folder: Path, answers: dict | None = None, **options):
    template = open_template(Source(str(folder)))
    return render(template, resolve(template.questions, answers or {}), **options)


# Each is one small template: its questions, the files of its project folder, and files beside that.
TEMPLATES = {
    "text and names": (
        {"name": "A name", "pkg": "{{ cookiecutter.name | lower | replace(' ', '_') }}"},
        {
            "src/{{cookiecutter.pkg}}/x_{{cookiecutter.slug}}.py": "{{ cookiecutter.name }}\n",
            "no newline": "x",
        },
        {},
    ),
    "conditions on names": (
        {"docker": True, "ci": ["github", "none"]},
        {
            "{% if cookiecutter.docker %}Dockerfile{% endif %}": "FROM x",
            "{% if cookiecutter.ci == 'gitlab' %}.gitlab-ci.yml{% endif %}": "{{ undefined }}",
            "{% if cookiecutter.ci == 'github' -%} a{%- endif %}b": "c",
        },
        {},
    ),
    "modes": (
        {},
        {
            "run.sh": ("#!/bin/sh\n", 0o755),
            "data": ("x", 0o600),
            "{{cookiecutter.slug}}.sh": ("{{ 1 }}", 0o744),
        },
        {},
    ),
    "line ends": (
        {},
        {
            "dos.txt": "a {{ cookiecutter.slug }}\r\nb\r\n",
            "mixed.txt": "a\nb {{ cookiecutter.slug }}\r\nc\r",
            "mac.txt": "a\rb {{ cookiecutter.slug }}\r",
            "dos-without-braces.txt": "a\r\nb\r\n",
            "mixed-without-braces.txt": "a\r\nb\nc\r\n",
            "bom.txt": "\ufeffa {{ cookiecutter.slug }}\n",
        },
        {},
    ),
    "chosen line ends": (
        {"_new_lines": "\r\n"},
        {"a": "x\ny {{ cookiecutter.slug }}\n", "b": "plain\n"},
        {},
    ),
    "binary": (
        {},
        {
            "a.png": PNG + b"{{ cookiecutter.slug }}",
            "no suffix": b"\x00\x01\x02{{ cookiecutter.slug }}",
            "text.png": "{{ cookiecutter.slug }}",
            "latin.txt": b"caf\xe9 " * 80 + b"\x00{{ x }}",
            "empty": b"",
            "{{cookiecutter.slug}}.ico": PNG,
        },
        {},
    ),
    "copied without rendering": (
        {"_copy_without_render": ["*.html", "static", "docs/{{cookiecutter.slug}}", "[x]*"]},
        {
            "a.html": "{{ left }}",
            "deep/b.html": "{% left %}",
            "static/{{cookiecutter.slug}}/c": "{{ left }}",
            "docs/{{cookiecutter.slug}}/d": "{{ left }}",
            "docs/e": "{{ cookiecutter.slug }}",
            "x-{{cookiecutter.slug}}": "{{ left }}",
        },
        {},
    ),
    "includes, imports and inheritance": (
        {"name": "N"},
        {
            "a": "{% include 'part' %}|{% include 'beside.txt' %}|{% from 'macros.j2' import hello %}{{ hello('x') }}",
            "b": "{% extends 'layout' %}{% block body %}{{ cookiecutter.name }}{{ super() }}{% endblock %}",
            "beside.txt": "beside {{ cookiecutter.name }}\n",
            "c": "{% import 'macros.j2' as m with context %}{{ m.hello('y') }}",
        },
        {
            "templates/part": "part {{ cookiecutter.name }}\r\n",
            "templates/macros.j2": "{% macro hello(x) %}hello {{ x }}{% endmacro %}",
            "templates/layout": "<{% block body %}base{% endblock %}>\n",
        },
    ),
    "environment": (
        {
            "_jinja2_env_vars": {
                "trim_blocks": True,
                "lstrip_blocks": True,
                "comment_start_string": "{##",
                "comment_end_string": "##}",
            }
        },
        {"a": "x\n  {% if true %}\n  y {# kept #}\n  {% endif %}\nz {## gone ##}\n"},
        {},
    ),
    "cookiecutter's extensions": (
        {"_extensions": ["jinja2.ext.do", "jinja2.ext.loopcontrols"], "name": "Größe & Maß"},
        {
            "a": "{{ cookiecutter.name | slugify }} {{ {'b': 1, 'a': [true, none]} | jsonify }}\n",
            "b": "{% now 'utc', '%Y' %} {{ random_ascii_string(5) | length }} {{ uuid4() | length }}",
            "c": "{% set found = [] %}{% do found.append(1) %}{{ found }}"
            "{% for i in range(9) %}{% if i > 2 %}{% break %}{% endif %}{{ i }}{% endfor %}",
        },
        {},
    ),
    "loops, filters and methods": (
        {
            "items": {"b": {"n": "2"}, "a": {"n": "1"}},
            "list": ["x", "y"],
            "flag": False,
            "none": None,
        },
        {
            "a": "{% for k, v in cookiecutter['items'].items() %}{{ loop.index }}{{ k }}={{ v.n }};{% endfor %}"
            "{{ cookiecutter.slug.upper().split('E') }} {{ '%s-%d' % ('a', 3) }} {{ '{:>5}'.format('x') }}"
            " {{ cookiecutter.flag }} {{ cookiecutter.none }} {{ cookiecutter.list }}",
            "b": "{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
            "c": "{% macro m(x, y=2) %}{{ x }}{{ y }}{{ caller is defined }}{% endmacro %}{{ m(1) }}"
            "{% call m(3) %}c{% endcall %}{% filter upper %}f{% endfilter %}{% raw %}{{ r }}{% endraw %}",
            "d": "{{ cookiecutter | jsonify | length > 10 }} {{ _cookiecutter.list }}",
        },
        {},
    ),
    "private values": (
        {
            "_plain": "{{ kept }}",
            "__made": "{{ cookiecutter.slug }}!",
            "__list": ["{{ 1 + 1 }}"],
            "after": "{{ cookiecutter.__made }}",
        },
        {
            "a": "{{ cookiecutter._plain }} {{ cookiecutter.__made }} {{ cookiecutter.__list[0] }}",
            "b": "{{ cookiecutter.after }}",
        },
        {},
    ),
    "unicode": (
        {"name": "日本"},
        {"ünï {{cookiecutter.name}}/ß.txt": "{{ cookiecutter.name }} é\n"},
        {},
    ),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_bytes_and_modes_are_those_of_cookiecutter(name, tmp_path):
    context, files, outside = TEMPLATES[name]
    template = write_template(tmp_path / "template", context, files, outside)

    theirs = cookiecutter_render(template, {}, tmp_path)

    assert differences(rendered(template), theirs) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_second_render_from_what_was_kept_is_the_same(name, tmp_path):
    template = write_template(tmp_path, *TEMPLATES[name])

    first, second = (rendered(template, seed="2026-01-01T00:00:00+00:00 x") for _ in range(2))

    assert first == second


@pytest.fixture
def children(monkeypatch):
    """Return a list that grows with each child with limits that a render is done in."""
    started = []

    def confined(function, limits):
        started.append(function)
        return limits_module.confined(function, limits)

    monkeypatch.setattr("scaffold.render.confined", confined)
    return started


def test_what_is_kept_and_plain_is_rendered_without_a_child(tmp_path, children):
    text = "{% if cookiecutter.name != 'x' %}{{cookiecutter.name}}{% endif %}\n"
    folder = write_template(tmp_path, {"name": "x"}, {"{{cookiecutter.name}}.py": text, "b": "b"})
    rendered(folder)
    assert len(children) == 1

    tree = rendered(folder, {"name": "other"})

    assert len(children) == 1
    assert {path: file.content for path, file in tree.items()} == {
        "other.py": b"other\n",
        "b": b"b",
    }


@pytest.mark.parametrize(
    ("context", "files"),
    [
        ({}, {"a": "{{ cookiecutter.name | upper }}\n"}),
        ({}, {"a": "{% for _ in cookiecutter.name %}x{% endfor %}\n"}),
        ({"__twice": "{{ cookiecutter.name }}{{ cookiecutter.name }}"}, {"a": "a\n"}),
        ({"choice": ["{{ cookiecutter.name }}", "b"]}, {"a": "{{ cookiecutter.choice }}\n"}),
        ({"_copy_without_render": ["*a*a*a*"]}, {"b": "{{ cookiecutter.name }}\n"}),
    ],
    ids=["filter", "loop", "private value", "choice", "patterns"],
)
def test_what_may_take_long_is_rendered_in_a_child(context, files, tmp_path, children):
    folder = write_template(tmp_path, {"name": "x", **context}, files)

    assert rendered(folder) == rendered(folder)
    assert len(children) == 2


def test_a_plain_text_that_a_long_answer_makes_huge_is_rendered_in_a_child(
    tmp_path, children, monkeypatch
):
    monkeypatch.setenv("SCAFFOLD_LIMIT_MEGABYTES", "1")
    folder = write_template(tmp_path, {"name": "x"}, {"a": "{{cookiecutter.name}}" * 1000})
    rendered(folder)

    with pytest.raises(ScaffoldError, match="more than 1 MB"):
        rendered(folder, {"name": "x" * 2000})

    assert len(children) == 2


def test_folders_that_are_too_deep_end_no_more_than_the_child(tmp_path, children):
    folder = write_template(tmp_path, {}, {"a": "{{cookiecutter.slug}}\n"})
    rendered(folder)
    template = open_template(Source(str(folder)))
    deep = {f"{ROOT}/{'d/' * 1500}a": File(b"a\n"), **template.files}

    with pytest.raises(ScaffoldError, match="crash"):
        render(replace(template, files=deep), {"slug": "demo"})

    assert len(children) == 2


def test_what_a_release_leaves_as_it_was_stays_compiled_and_older_releases_go(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(compiled, "_FEW", 0)
    folder = write_template(tmp_path, {}, {"own": "own\n"})
    for release in range(12):
        for number in range(10):
            text = f"{number} {release if number < 3 else 0} {{{{cookiecutter.slug}}}}\n"
            (folder / ROOT / f"file{number}").write_text(text)
        rendered(folder)

    kept = compiled.Kept.of(open_template(Source(str(folder))))
    texts = {file.blob_id for file in kept.files.values() if b"{{" in file.content}
    assert texts <= kept.loaded.keys()
    assert len(kept.loaded) <= 3 * len(kept.files) + 3


def test_a_link_to_a_file_becomes_the_file(tmp_path):
    template = write_template(
        tmp_path / "t", {}, {"real": ("{{ cookiecutter.slug }}", 0o755)}, {"shared": "s\n"}
    )
    (template / ROOT / "link").symlink_to("real")
    (template / ROOT / "outside").symlink_to("../shared")

    theirs = cookiecutter_render(template, {}, tmp_path)

    assert differences(rendered(template), theirs) == []


def test_a_link_to_a_folder_is_followed_only_where_files_are_copied(tmp_path):
    template = write_template(
        tmp_path / "t",
        {"_copy_without_render": ["copied"]},
        {"real/{{cookiecutter.slug}}": "{{ x", "a": ""},
    )
    (template / ROOT / "real" / "{{cookiecutter.slug}}").write_text("{{ cookiecutter.slug }}")
    (template / ROOT / "copied").symlink_to("real")
    (template / ROOT / "linked").symlink_to("real")

    theirs = cookiecutter_render(template, {}, tmp_path)

    assert differences(rendered(template), theirs) == []


def test_an_answer_with_braces_comes_out_as_it_went_in(tmp_path):
    template = write_template(
        tmp_path, {"name": "x", "_copy_without_render": []}, {"a": "<{{ cookiecutter.name }}>"}
    )

    tree = rendered(template, {"name": "{{ 7 * 7 }}{% raw %}"})

    assert tree["a"].content == b"<{{ 7 * 7 }}{% raw %}>"


def test_equal_seeds_are_equal_bytes_and_other_seeds_are_not(tmp_path):
    chance = (
        "{{ random_ascii_string(20) }} {{ uuid4() }} {{ [1, 2, 3] | random }} {% now 'local' %}"
    )
    template = write_template(tmp_path, {}, {"a": chance, "b": chance})
    seed = new_seed()

    one, two, other = (rendered(template, seed=each) for each in (seed, seed, new_seed()))

    assert one == two != other
    assert one["a"] != one["b"]


def test_what_one_file_draws_does_not_change_another(tmp_path):
    one = write_template(tmp_path / "1", {}, {"b": "{{ random_ascii_string(9) }}"})
    two = write_template(
        tmp_path / "2", {}, {"a": "{{ uuid4() }}", "b": "{{ random_ascii_string(9) }}"}
    )

    assert rendered(one, seed="s")["b"] == rendered(two, seed="s")["b"]


def test_an_edited_template_is_not_rendered_from_what_was_kept(tmp_path):
    template = write_template(tmp_path, {}, {"a": "one {{ cookiecutter.slug }}"})
    rendered(template)
    (template / ROOT / "a").write_text("two {{ cookiecutter.slug }}")

    assert rendered(template)["a"].content == b"two demo"


def test_the_project_is_named_as_cookiecutter_names_it(tmp_path):
    template = open_template(Source(str(write_template(tmp_path, {}, {"a": ""}))))

    assert project_name(template, {"slug": "mine"}) == "mine"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"a": "{{ gone }}"}, "'gone' is undefined"),
        ({"a": "x\n{% if %}"}, r"\(line 2\)"),
        ({"{{ gone }}": ""}, "the name {{ gone }}"),
        ({"a": "{% include 'none' %}"}, "there is no file none"),
        ({"{% if false %}d{% endif %}/a": ""}, "gets no name"),
        ({"{% if true %}d": ""}, "does not render"),
        ({"a": "{% include 'a' %}"}, "includes itself"),
        ({"{% if true %}a{% endif %}": "", "a": ""}, "two files named a"),
        ({"{% if true %}d{% endif %}/a": "", "d/b": ""}, "two folders named d"),
        ({"{% if false %}a{% endif %}": ""}, "renders no file"),
        ({"a.txt": b"caf\xe9 {{ 1 }}" + b" text" * 40}, "not UTF-8"),
        ({"a": "{{ '\\ud800' }}"}, "no UTF-8"),
        ({"a": "{{ 1 / 0 }}"}, "division by zero"),
    ],
)
def test_a_template_that_does_not_render_is_one_line(files, reason, tmp_path):
    with pytest.raises(ScaffoldError, match=reason) as caught:
        rendered(write_template(tmp_path, {}, files))

    assert "\n" not in caught.value.message


def test_hooks_are_left_out_and_said_without_trust(tmp_path):
    template = open_template(
        Source(str(write_template(tmp_path, {}, {"a": ""}, {"hooks/post_gen_project.py": "1/0"})))
    )

    assert dict(render(template, {})).keys() == {"a"}
    assert template.left_out == ("hooks/post_gen_project.py was not run",)


HOOK = """
import os, random, secrets, uuid
from pathlib import Path
Path("made").write_text("{{ cookiecutter.name }} %s %s %s %s" % (
    random.random(), random.SystemRandom().random(), secrets.token_hex(4), uuid.uuid4()))
Path("gone").unlink()
Path("where").write_text(os.environ.get("SECRET_TOKEN", "scrubbed"))
print("chatter")
"""


def test_a_trusted_template_runs_its_hooks_the_same_with_the_same_seed(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    folder = write_template(
        tmp_path,
        {"name": "A name", "text": "x"},
        {"a": "{{ cookiecutter.text }}", "gone": ""},
        {"hooks/post_gen_project.py": HOOK},
    )

    one, two = (rendered(folder, {"text": "{{ x }}"}, seed="s", trusted=True) for _ in range(2))

    assert one.keys() == {"a", "made", "where"}
    assert one == two
    assert one["a"].content == b"{{ x }}"
    assert one["where"].content == b"scrubbed"


CACHING = """
from pathlib import Path
for name, tag in {"cache": "Signature: 8a477f597d28d172789f06886806bc55", "mine": "mine"}.items():
    Path(name).mkdir()
    Path(name, "CACHEDIR.TAG").write_text(tag)
    Path(name, "kept").touch()
"""


def test_a_cache_of_a_program_that_a_hook_ran_is_no_part_of_the_project(tmp_path):
    hook = {"hooks/post_gen_project.py": CACHING}
    folder = write_template(tmp_path, {}, {"a": ""}, hook)

    assert rendered(folder, trusted=True).keys() == {"a", "mine/CACHEDIR.TAG", "mine/kept"}


def test_a_hook_that_says_no_is_one_line_with_its_reason(tmp_path):
    folder = write_template(
        tmp_path, {}, {"a": ""}, {"hooks/pre_gen_project.py": "raise SystemExit('ERROR: bad slug')"}
    )

    with pytest.raises(ScaffoldError, match="ERROR: bad slug"):
        rendered(folder, trusted=True)


def test_an_extension_of_the_template_needs_trust(tmp_path):
    extension = """
from cookiecutter.utils import simple_filter
@simple_filter
def shout(text):
    return text.upper() + '!'
"""
    folder = write_template(
        tmp_path,
        {"_extensions": ["local.shout"]},
        {"a": "{{ cookiecutter.slug | shout }}"},
        {"local.py": extension},
    )

    assert rendered(folder, trusted=True)["a"].content == b"DEMO!"
    with pytest.raises(ScaffoldError, match=r"local\.shout"):
        rendered(folder)


def test_importing_the_renderer_imports_no_heavy_package():
    heavy = [
        "cookiecutter",
        "tomlkit",
        "ruamel.yaml",
        "questionary",
        "jinja2",
        "typer",
        "arrow",
        "rich",
    ]
    script = f"import sys, scaffold.render, scaffold.template; print([n for n in {heavy} if n in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
