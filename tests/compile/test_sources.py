"""Wrong template sources are refused in one line that names the thing."""

import pytest

from scaffold.errors import ScaffoldError
from scaffold.sources import read_sources

MANIFEST = 'title = "A"\nsummary = "b"\n'
SETTINGS = "format = 1\npresets.standard = { components = [] }\n"
SLOT = SETTINGS + 'slots.side = { default = "left" }\n'


def component(name: str, more: str = "") -> dict[str, str]:
    return {f"components/{name}/component.toml": MANIFEST + more}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"template.toml": "format = 2"}, "has format 2"),
        ({"template.toml": "format = "}, "is not TOML"),
        ({"template.toml": SETTINGS + "presents = {}"}, "unknown key: presents"),
        ({"template.toml": "format = 1"}, "has no preset"),
        (
            {"template.toml": SETTINGS + 'questions.a = { default = "b" }'},
            "questions.a has no prompt",
        ),
        (
            {"template.toml": SETTINGS + 'questions.a = { prompt = "b" }'},
            "needs a default or choices",
        ),
        (
            {
                "template.toml": SETTINGS
                + 'questions.a = { prompt = "b", default = "", pattern = "(" }'
            },
            "the pattern of questions.a is wrong",
        ),
        ({"template.toml": SETTINGS + "questions.a = 3"}, "questions.a must be a table"),
        ({"template.toml": SLOT}, "preset standard: there is no component 'left'"),
        (
            {"template.toml": SLOT, **component("left")},
            "preset standard: choose exactly one side of , not none",
        ),
        (component("ci", "reqires = []"), "component ci has an unknown key: reqires"),
        (component("ci", 'requires = "docker"'), "requires must be a list"),
        (component("ci", 'requires = ["docker"]'), "requires docker, which does not exist"),
        (component("ci", 'slot = "none"'), "names an unknown slot: none"),
        (component("Ci"), "small letters"),
        ({"components/ci/component.toml": 'title = "a"'}, "component ci has no summary"),
        (
            {**component("a", 'requires = ["b"]'), **component("b", 'conflicts = ["a"]')},
            "component a can never be chosen",
        ),
        (
            {**component("ci"), "components/ci/files/a": "", "base/files/a.jinja": ""},
            "a has two owners: base and ci",
        ),
        (
            {**component("ci"), "components/ci/files/A": "", "base/files/a": ""},
            "differ by case only",
        ),
        (
            {**component("ci"), "components/ci/files/a/b": "", "base/files/a": ""},
            "a is a file of base and a folder of ci",
        ),
        ({"base/files/{{x}}.txt": ""}, "not every system can store"),
        ({"base/files/con:.txt": ""}, "not every system can store"),
    ],
)
def test_wrong_sources_are_refused(make_sources, files, message):
    sources = make_sources(files)

    with pytest.raises(ScaffoldError) as refusal:
        read_sources(sources)

    assert message in refusal.value.message
    assert "\n" not in refusal.value.message


def test_symbolic_link_is_refused(make_sources):
    sources = make_sources({"base/files/a": ""})
    (sources / "base/files/b").symlink_to("a")

    with pytest.raises(ScaffoldError, match="b is a symbolic link"):
        read_sources(sources)


def test_missing_settings_are_named(tmp_path):
    with pytest.raises(ScaffoldError, match=r"template\.toml is missing"):
        read_sources(tmp_path)


def test_good_sources_are_read_base_first(make_sources):
    sources = read_sources(make_sources({**component("ant"), **component("zoo")}))

    assert list(sources.manifests) == ["base", "ant", "zoo"]
    assert sources.presets == {"standard": ()}
