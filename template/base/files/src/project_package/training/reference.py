"""What the features and predictions looked like in training: what drift is measured against."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from project_package.schema import CATEGORIES, NUMBERS

BINS = 10


def reference(rows: pd.DataFrame, score: ArrayLike) -> dict[str, Any]:
    """Return the distribution of every feature over `rows`, and of the `score` of held-out rows."""
    numbers = {column.name: describe_numbers(rows[column.name]) for column in NUMBERS}
    categories = {column.name: describe_categories(rows[column.name]) for column in CATEGORIES}
    return {
        "rows": len(rows),
        "features": numbers | categories,
        "prediction": describe_numbers(pd.Series(np.asarray(score, dtype=float))),
    }


def describe_numbers(values: pd.Series) -> dict[str, Any]:
    """Return `counts` between inner `edges`: (-inf, e1], (e1, e2] … (e9, inf).

    Edges are deciles, so a column of few distinct values has fewer of them.
    """
    present = values.dropna().to_numpy(dtype=float)
    levels = [step / BINS for step in range(1, BINS)] if len(present) else []
    edges = np.unique([np.quantile(present, level) for level in levels])
    counts = np.bincount(np.searchsorted(edges, present, side="left"), minlength=len(edges) + 1)
    return {
        "edges": [float(edge) for edge in edges],
        "counts": counts.tolist(),
        "missing": int(values.isna().sum()),
    }


def describe_categories(values: pd.Series) -> dict[str, Any]:
    """Return the `categories` that occur, and how often each does."""
    counts = values.value_counts().sort_index()
    return {
        "categories": [str(name) for name in counts.index],
        "counts": [int(count) for count in counts],
        "missing": int(values.isna().sum()),
    }
