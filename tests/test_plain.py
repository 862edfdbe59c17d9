"""Plain parts of templates mean what Jinja makes of them."""

from typing import Any

import pytest

from scaffold.errors import ScaffoldError
from scaffold.sandbox.chance import Chance
from scaffold.sandbox.engine import Engine, Settings
from scaffold.sandbox.environment import Sandbox, plain_parts
from scaffold.sandbox.plain import filled

ANSWERS = {"name": "demo", "license": "MIT", "docker": "", "count": 3, "tags": ["a", "b"]}
CONTEXT = {"cookiecutter": ANSWERS}

PLAIN = [
    "text alone\n",
    "{# a comment #}{{ cookiecutter.name }} of {{ cookiecutter.count }}\n",
    "{% if cookiecutter.license == 'MIT' %}\nMIT\n{% endif %}\n",
    "{%- if cookiecutter.license != 'MIT' -%} a {%- else -%} b {%- endif -%}",
    "{% if cookiecutter.docker %}a{% elif cookiecutter.count == 3 %}b{% else %}c{% endif %}",
    "{% if not cookiecutter.docker and 'M' in cookiecutter.license %}a{% endif %}",
    "{% if cookiecutter.docker or 'c' not in cookiecutter.tags %}a{% endif %}",
    "{% if true %}{% if cookiecutter.name %}{{ cookiecutter.name }}{% endif %}{% endif %}",
    "{% raw %}{{ cookiecutter.name }}{% endraw %}",
]
JINJAS = [
    "{{ cookiecutter.name|upper }}",
    "{{ cookiecutter.name.upper() }}",
    "{{ cookiecutter.items }}",
    "{{ cookiecutter }}",
    "{{ other.name }}",
    "{% for tag in cookiecutter.tags %}{{ tag }}{% endfor %}",
    "{% set x = 1 %}",
    "{% if 1 < cookiecutter.count < 5 %}a{% endif %}",
    "{% if cookiecutter.count > 2 %}a{% endif %}",
    "{% if cookiecutter.name is defined %}a{% endif %}",
]


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox({}, (), lambda *_: None, Chance())


@pytest.mark.parametrize("text", PLAIN)
def test_plain_parts_are_filled_as_jinja_renders(sandbox: Sandbox, text: str) -> None:
    parts = plain_parts(sandbox.parse(text))

    assert parts is not None
    assert filled(parts, CONTEXT) == sandbox.from_string(text).render(CONTEXT)


@pytest.mark.parametrize("text", JINJAS)
def test_what_has_more_to_it_is_jinjas(sandbox: Sandbox, text: str) -> None:
    assert plain_parts(sandbox.parse(text)) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{% if cookiecutter.colour %}a{% endif %}", "no attribute 'colour'"),
        ("{% if 'a' in cookiecutter.count %}a{% endif %}", "not iterable"),
    ],
)
def test_jinja_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(ScaffoldError, match=reason):
        Engine(Settings()).render(text, CONTEXT)


def test_an_answer_stays_an_answer_when_it_looks_like_a_template() -> None:
    context: dict[str, Any] = {"cookiecutter": {"name": "{{ 1 + 1 }}"}}

    assert Engine(Settings()).render("{{ cookiecutter.name }}", context) == "{{ 1 + 1 }}"
