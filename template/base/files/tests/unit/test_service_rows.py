"""How rows are decoded and packed."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project_package import packing
from project_package.column import LARGEST_NUMBER
from project_package.schema import CATEGORIES, NUMBERS
from project_package.service.errors import Problem
from project_package.service.rows import COLUMNS, decode, pack

NUMBER_VALUES = st.floats(-LARGEST_NUMBER, LARGEST_NUMBER)
CATEGORY_VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def rows() -> st.SearchStrategy[dict[str, float | str | None]]:
    return st.fixed_dictionaries(
        {
            column.name: (NUMBER_VALUES if column.kind == "number" else CATEGORY_VALUES)
            | (st.none() if column.nullable else st.nothing())
            for column in COLUMNS
        }
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(rows(), min_size=1, max_size=3))
def test_every_valid_row_is_decoded_as_it_was_sent(
    sent: list[dict[str, float | str | None]],
) -> None:
    decoded = decode(json.dumps({"rows": sent}).encode(), max_rows=3)

    assert decoded.rows == [tuple(row[column.name] for column in COLUMNS) for row in sent]


@settings(max_examples=25, deadline=None)
@given(rows(), st.sampled_from(COLUMNS).map(lambda column: column.name))
def test_every_repeated_key_is_found(row: dict[str, float | str | None], name: str) -> None:
    text = json.dumps(row)[:-1] + f", {json.dumps({name: row[name]})[1:]}"

    with pytest.raises(Problem, match="same key twice"):
        decode(text.encode(), max_rows=1)


@settings(max_examples=25, deadline=None)
@given(st.lists(rows(), min_size=1, max_size=3))
def test_rows_are_packed_as_training_packs_columns(
    sent: list[dict[str, float | str | None]],
) -> None:
    columns = {column.name: [row[column.name] for row in sent] for column in COLUMNS}

    packed = pack([tuple(row[column.name] for column in COLUMNS) for row in sent])

    expected = packing.pack(columns)
    np.testing.assert_array_equal(packed.numbers, expected["numbers"])
    np.testing.assert_array_equal(packed.categories, expected["categories"])


def test_a_missing_number_is_nan_and_a_missing_category_is_empty() -> None:
    packed = pack([(None,) * len(COLUMNS)])

    assert np.isnan(packed.numbers).all()
    assert packed.numbers.shape == (1, len(NUMBERS))
    assert packed.categories.tolist() == [[""] * len(CATEGORIES)]
