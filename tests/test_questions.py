"""What a template asks, and how answers are checked."""

import json

import pytest

from scaffold.errors import ScaffoldError
from scaffold.questions import choose_components, migrate, read_questions, resolve, storable


def questions(**raw):
    return read_questions(json.dumps(raw))


def ours(**details):
    """Return questions of a template that says more of them than cookiecutter can."""
    raw = {name: each.pop("default", "") for name, each in details.items()}
    return questions(**raw, _settings={"questions": details})


def test_defaults_are_rendered_in_order():
    asked = questions(name="My Thing", slug="{{ cookiecutter.name | lower | replace(' ', '-') }}")

    assert resolve(asked, {}) == {"name": "My Thing", "slug": "my-thing"}


def test_an_answer_is_never_rendered():
    asked = questions(name="x", slug="{{ cookiecutter.name }}!")

    assert resolve(asked, {"name": "{{ 7 * 7 }}"}) == {
        "name": "{{ 7 * 7 }}",
        "slug": "{{ 7 * 7 }}!",
    }


def test_numbers_become_text_as_cookiecutter_has_them():
    assert resolve(questions(port=8000), {}) == {"port": "8000"}


def test_the_first_choice_is_the_default():
    assert resolve(questions(licence=["MIT", "BSD"]), {}) == {"licence": "MIT"}


def test_a_choice_that_is_not_offered_is_refused_with_those_that_are():
    with pytest.raises(ScaffoldError) as caught:
        resolve(questions(licence=["MIT", "BSD"]), {"licence": "GPL"})

    assert "MIT, BSD" in caught.value.hint


@pytest.mark.parametrize(
    ("given", "meant"), [("yes", True), ("N", False), ("1", True), (False, False)]
)
def test_yes_and_no_in_any_spelling(given, meant):
    assert resolve(questions(docker=True), {"docker": given}) == {"docker": meant}


def test_yes_or_no_takes_nothing_else():
    with pytest.raises(ScaffoldError, match="docker cannot be 'maybe'"):
        resolve(questions(docker=True), {"docker": "maybe"})


def test_a_table_is_laid_over_its_default():
    asked = questions(options={"a": {"x": "1", "y": "2"}, "b": "3"})

    assert resolve(asked, {"options": {"a": {"y": "9"}}}) == {
        "options": {"a": {"x": "1", "y": "9"}, "b": "3"}
    }


def test_private_values_are_seen_by_defaults_but_are_no_answers():
    asked = questions(_plain="{{ raw }}", __made="{{ 1 + 1 }}", name="n{{ cookiecutter.__made }}")

    assert resolve(asked, {}) == {"name": "n2"}


def test_an_answer_to_no_question_is_refused():
    with pytest.raises(ScaffoldError, match="no question nmae") as caught:
        resolve(questions(name="x"), {"nmae": "y"})

    assert caught.value.hint == "did you mean name? it asks: name"


def test_a_person_is_asked_with_the_rendered_default_and_choices():
    seen = []

    def ask(question, default, choices):
        seen.append((question.name, default, choices))
        return default

    asked = questions(name="x", kind=["{{ cookiecutter.name }}-a", "b"])
    resolve(asked, {}, ask)

    assert seen == [("name", "x", ()), ("kind", "x-a", ("x-a", "b"))]


def test_who_answered_is_not_asked():
    def ask(*question):
        raise AssertionError(question)

    assert resolve(questions(name="x"), {"name": "y"}, ask) == {"name": "y"}


def test_an_answer_must_match_its_pattern():
    asked = ours(slug={"default": "ok", "pattern": "[a-z-]+"})

    with pytest.raises(ScaffoldError) as caught:
        resolve(asked, {"slug": "Not OK"})

    assert caught.value.hint == "it must match [a-z-]+"


def test_a_default_that_breaks_its_rule_says_how_to_give_another_answer():
    asked = ours(
        name={"default": "ok"}, slug={"default": "{{ cookiecutter.name }}", "pattern": "[a-z]+"}
    )

    with pytest.raises(ScaffoldError, match="slug cannot be '2026'") as caught:
        resolve(asked, {"name": "2026"})

    assert caught.value.hint == "it must match [a-z]+; give another with --set slug=…"


@pytest.mark.parametrize("name", ["class", "calendar", "numpy"])
def test_a_module_is_not_called_like_what_python_or_the_template_needs(name):
    asked = ours(package={"default": "ok", "module": True, "reserved": ["numpy"]})

    with pytest.raises(ScaffoldError, match=f"package cannot be '{name}'") as caught:
        resolve(asked, {"package": name})

    assert caught.value.hint == "that name is taken"


def test_a_secret_is_neither_shown_nor_stored():
    asked = ours(
        token={"default": "none", "secret": True, "pattern": "[a-z]+"}, name={"default": "x"}
    )

    with pytest.raises(ScaffoldError) as caught:
        resolve(asked, {"token": "HUNTER2"})

    assert "HUNTER2" not in str(caught.value)
    assert storable(asked, {"token": "t", "name": "x"}) == {"name": "x"}


def test_a_default_that_does_not_render_is_one_line():
    with pytest.raises(ScaffoldError, match=r"cookiecutter\.json of the template does not render"):
        resolve(questions(name="{{ cookiecutter.gone }}"), {})


@pytest.mark.parametrize("text", ["", "[]", "{", "1", "[" * 100_000])
def test_a_cookiecutter_json_that_is_none_is_one_line(text):
    with pytest.raises(ScaffoldError, match=r"cookiecutter\.json"):
        read_questions(text)


def test_a_renamed_question_keeps_its_answer():
    asked = ours(author={"default": "x", "renamed_from": "full_name"})

    kept, notes = migrate(asked, {"full_name": "Ada"})

    assert kept == {"author": "Ada"}
    assert [note.code for note in notes] == ["renamed"]


def test_a_choice_that_was_renamed_is_mapped():
    asked = ours(
        licence={"default": ["BSD-3-Clause", "MIT"], "choice_map": {"BSD": "BSD-3-Clause"}}
    )

    kept, notes = migrate(asked, {"licence": "BSD"})

    assert kept == {"licence": "BSD-3-Clause"}
    assert [note.code for note in notes] == ["mapped"]


def test_a_choice_that_is_gone_and_a_question_that_is_gone_are_told():
    kept, notes = migrate(questions(licence=["MIT"]), {"licence": "WTFPL", "colour": "red"})

    assert kept == {}
    assert [note.code for note in notes] == ["not-offered", "removed"]


@pytest.mark.parametrize(
    ("answer", "choices", "expected"),
    [
        (False, ["yes", "no"], "no"),
        (True, ["None", "Y", "n"], "Y"),
        (False, ["True", "False"], "False"),
    ],
)
def test_yes_or_no_becomes_the_choice_that_says_it(answer, choices, expected):
    asked = questions(docker=choices)

    kept, notes = migrate(asked, {"docker": answer})

    assert (resolve(asked, kept), notes) == ({"docker": expected}, ())


@pytest.mark.parametrize("choices", [["docker", "none"], ["no", "off", "yes"]])
def test_yes_or_no_that_no_single_choice_says_is_told(choices):
    kept, notes = migrate(questions(docker=choices), {"docker": False})

    assert kept == {}
    assert [note.code for note in notes] == ["not-offered"]


def test_answers_that_fit_are_left_alone():
    assert migrate(
        questions(name="x", licence=["MIT"]), {"name": "y", "licence": "MIT", "_x": "1"}
    ) == (
        {"name": "y", "licence": "MIT"},
        (),
    )


MANIFESTS = {
    name: {"slot": slot, "requires": requires, "conflicts": []}
    for name, slot, requires in [
        ("base", "", []),
        ("sort", "kind", []),
        ("rank", "kind", []),
        ("image", "", []),
        ("deploy", "", ["image"]),
    ]
}


def with_components():
    slots = {"kind": {"default": "sort"}}
    return questions(
        name="x", preset=["small"], components="", _components=MANIFESTS, _settings={"slots": slots}
    )


def test_components_bring_what_they_require_and_the_default_of_an_empty_slot():
    assert choose_components(with_components(), ["deploy"]) == ("deploy", "image", "sort")


def test_the_questions_for_stock_cookiecutter_are_not_asked_here():
    assert [question.name for question in with_components()] == ["name"]


@pytest.mark.parametrize(
    ("wanted", "code"), [(["sort", "rank"], "component-clash"), (["no"], "unknown-component")]
)
def test_components_that_do_not_go_together_are_refused(wanted, code):
    with pytest.raises(ScaffoldError) as caught:
        choose_components(with_components(), wanted)

    assert caught.value.code == code
