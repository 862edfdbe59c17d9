"""Frozen values behave as frozen dataclasses do."""

import pytest

from scaffold.values import field, fields, frozen, replace


@frozen
class Box:
    name: str
    size: int = 1
    marks: dict[str, int] = field(default_factory=dict)
    secret: str = field(default="x", repr=False)


def test_fields_are_given_by_place_and_by_name_with_defaults_for_the_rest() -> None:
    box = Box("a", marks={"b": 2})

    assert (box.name, box.size, box.marks, box.secret) == ("a", 1, {"b": 2}, "x")
    assert fields(Box) == ("name", "size", "marks", "secret")


def test_a_made_default_is_made_anew() -> None:
    assert Box("a").marks is not Box("a").marks


def test_equal_fields_make_equal_values_of_one_class_alone() -> None:
    @frozen
    class Crate:
        name: str

    @frozen
    class Chest:
        name: str

    assert Crate("a") == Crate("a")
    assert hash(Crate("a")) == hash(Crate("a"))
    assert Crate("a") != Crate("b")
    assert Crate("a") != Chest("a")


def test_a_value_never_changes() -> None:
    box = Box("a")

    with pytest.raises(AttributeError, match="size"):
        box.size = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="size"):
        del box.size
    assert replace(box, size=2) == Box("a", 2)
    assert box.size == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((), {}), (("a", 1, {}, "x", 5), {}), (("a",), {"name": "b"}), (("a",), {"colour": 1})],
)
def test_too_few_too_many_doubled_and_unknown_fields_are_refused(
    arguments: tuple[object, ...], named: dict[str, object]
) -> None:
    with pytest.raises(TypeError, match="Box takes name, size"):
        Box(*arguments, **named)  # type: ignore[arg-type]


def test_it_shows_itself_without_its_hidden_fields() -> None:
    assert repr(Box("a")) == "Box(name='a', size=1, marks={})".replace("Box", Box.__qualname__)
