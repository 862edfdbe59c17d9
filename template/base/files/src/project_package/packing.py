"""Columns to the two inputs of the graph: the one way in, for training, batch and tests alike."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from project_package.schema import CATEGORIES, NUMBERS

MISSING_CATEGORY = ""

Inputs = dict[str, NDArray[Any]]


class Columns(Protocol):
    """A data frame, or a mapping of names to values."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the values of the column `name`."""


def pack(columns: Columns) -> Inputs:
    """Return `numbers` (float32, rows x NUMBERS) and `categories` (str, rows x CATEGORIES).

    `columns` maps each feature's name to its values, such as a data frame does. A missing number
    becomes NaN, a missing category the empty name.
    """
    numbers = [np.asarray(columns[column.name], dtype=np.float32) for column in NUMBERS]
    categories = [_names(columns[column.name]) for column in CATEGORIES]
    return {
        "numbers": np.column_stack(numbers),
        "categories": np.column_stack(categories),
    }


def _names(values: Any) -> NDArray[np.object_]:
    return np.array(
        [name if isinstance(name, str) else MISSING_CATEGORY for name in values], dtype=object
    )
