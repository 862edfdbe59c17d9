import pandas as pd

from project_package.training.reference import describe_categories, describe_numbers


def test_every_row_is_in_one_bin_or_missing() -> None:
    described = describe_numbers(pd.Series([*range(100), None]))

    assert len(described["counts"]) == len(described["edges"]) + 1
    assert sum(described["counts"]) == 100
    assert described["missing"] == 1


def test_a_value_on_an_edge_is_in_the_bin_below() -> None:
    described = describe_numbers(pd.Series([0.0] * 5 + [1.0] * 5))

    assert described["edges"][0] == 0.0
    assert described["counts"][0] == 5


def test_a_column_without_values_has_one_empty_bin() -> None:
    described = describe_numbers(pd.Series([None, None], dtype=float))

    assert described == {"edges": [], "counts": [0], "missing": 2}


def test_names_are_counted_in_their_order() -> None:
    described = describe_categories(pd.Series(["b", "a", "b", None]))

    assert described == {"categories": ["a", "b"], "counts": [1, 2], "missing": 1}
