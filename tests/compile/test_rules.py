"""Which answers and components go together; the same rules for users of stock cookiecutter."""

import pytest
from cookiecutter.exceptions import FailedHookException

from scaffold.rules import answer_problem, component_problem, with_required


def manifest(slot="", requires=(), conflicts=()):
    return {"slot": slot, "requires": list(requires), "conflicts": list(conflicts)}


MANIFESTS = {
    "base": manifest(),
    "left": manifest(slot="side"),
    "right": manifest(slot="side"),
    "docker": manifest(),
    "compose": manifest(requires=["docker"]),
    "full": manifest(requires=["compose"]),
    "lonely": manifest(conflicts=["docker"]),
}
SLOTS = {"side": {"default": "left"}}


@pytest.mark.parametrize(
    ("chosen", "problem"),
    [
        (["left"], ""),
        (["left", "docker", "compose"], ""),
        (["left", "lonely"], ""),
        ([], "choose exactly one side of left, right, not none"),
        (["left", "right"], "choose exactly one side of left, right, not left and right"),
        (["left", "base"], "there is no component 'base'"),
        (["left", " docker"], "there is no component ' docker'"),
        (["left", "compose"], "component compose requires docker"),
        (["left", "lonely", "docker"], "component lonely conflicts with docker"),
    ],
)
def test_components_that_do_not_go_together_are_named(chosen, problem):
    assert component_problem(MANIFESTS, SLOTS, chosen).startswith(problem)
    assert bool(component_problem(MANIFESTS, SLOTS, chosen)) == bool(problem)


def test_what_a_component_requires_comes_with_it():
    assert with_required(MANIFESTS, ["full", "left"]) == ("compose", "docker", "full", "left")


QUESTIONS = {
    "slug": {"pattern": "[a-z]+", "reserved": ["test"]},
    "package": {"module": True, "reserved": ["numpy"]},
    "licence": {"choices": ["MIT", "Apache-2.0"]},
    "note": {"required": False},
}
GOOD = {"slug": "demo", "package": "demo", "licence": "MIT", "note": ""}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, ""),
        ({"note": "anything {{ goes }}"}, ""),
        ({"slug": ""}, "slug is empty"),
        ({"slug": "Demo"}, "slug is 'Demo', which does not match [a-z]+"),
        ({"slug": "demo\n"}, "slug is 'demo\\n', which does not match [a-z]+"),
        ({"slug": "test"}, "slug is 'test', a name that is taken"),
        ({"slug": "class"}, ""),
        ({"package": "class"}, "package is 'class', a name that is taken"),
        ({"package": "calendar"}, "package is 'calendar', a name that is taken"),
        ({"package": "numpy"}, "package is 'numpy', a name that is taken"),
        ({"package": "match"}, ""),
        ({"licence": "GPL"}, "licence is 'GPL', not one of MIT, Apache-2.0"),
        ({"note": "a\x1b[0m"}, "note has a control character: 'a\\x1b[0m'"),
    ],
)
def test_first_wrong_answer_is_named(change, problem):
    assert answer_problem(QUESTIONS, {**GOOD, **change}) == problem


def test_stock_cookiecutter_refuses_a_wrong_name_in_one_line(make_sources, stock_render, capfd):
    with pytest.raises(FailedHookException):
        stock_render(make_sources({}), project_slug="No Good")

    assert capfd.readouterr().err.splitlines()[0] == (
        "error: project_slug is 'No Good', which does not match [a-z-]+"
    )


def test_stock_cookiecutter_refuses_an_unknown_component(make_sources, stock_render, capfd):
    with pytest.raises(FailedHookException):
        stock_render(make_sources({}), components="nonsense")

    assert "there is no component 'nonsense'" in capfd.readouterr().err


@pytest.mark.parametrize("value", ['"""', "\\", "'''", 'a\\"""b', "é€\U0001f600"])
def test_no_answer_breaks_out_of_the_hook(make_sources, stock_render, value):
    sources = make_sources({"base/files/a.txt.jinja": "{{ package_name }}"})

    assert stock_render(sources, package_name=value)["a.txt"].decode() == value


def test_stock_cookiecutter_leaves_a_repository_without_empty_folders(
    make_sources, stock_render, tmp_path
):
    manifest = 'title = "A"\nsummary = "b"\n'
    files = {"components/ci/component.toml": manifest, "components/ci/files/deep/down/a.yml": ""}

    stock_render(make_sources(files), components="")

    [project] = tmp_path.glob("*/output/demo")
    assert {path.name for path in project.iterdir()} == {".git", "README.md"}
