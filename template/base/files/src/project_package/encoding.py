"""How the features enter each kind of model.

By position, since the graph's two inputs have no column names: numbers first, then categories. The
numbers of trees are not scaled, and categories are encoded densely: either breaks the export.
"""

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from project_package.schema import CATEGORIES, NUMBERS

_NUMBERS = list(range(len(NUMBERS)))
_CATEGORIES = list(range(len(NUMBERS), len(NUMBERS) + len(CATEGORIES)))


def for_linear() -> ColumnTransformer:
    """Return numbers imputed and scaled, categories one-hot."""
    return _columns(make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), _one_hot())


def for_forest() -> ColumnTransformer:
    """Return numbers imputed, categories one-hot."""
    return _columns(SimpleImputer(strategy="median"), _one_hot())


def for_boosting() -> ColumnTransformer:
    """Return numbers as they are, missing ones too, and categories as numbers."""
    # An unseen category is -1, below every seen one.
    names = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.float32)
    return _columns("passthrough", names)


def _one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)


def _columns(numbers: Any, categories: Any) -> ColumnTransformer:
    return ColumnTransformer(
        [("numbers", numbers, _NUMBERS), ("categories", categories, _CATEGORIES)],
        sparse_threshold=0,
    )
