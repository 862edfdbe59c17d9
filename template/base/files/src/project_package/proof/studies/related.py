"""Which features go together, since each can stand in for the others."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from project_package import schema
from project_package.column import Column

BINS = 10
# Cramér's V between a small (0.1) and a medium (0.3) association. Source: J. Cohen, Statistical
# Power Analysis for the Behavioral Sciences, 1988, chapter 7.
RELATED = 0.2


def related(rows: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return for each feature the others that it goes with in `rows`."""
    codes = {column.name: _codes(column, rows[column.name]) for column in schema.FEATURES}
    return {
        name: tuple(
            other
            for other in codes
            if other != name and association(codes[name], codes[other]) >= RELATED
        )
        for name in codes
    }


def association(one: NDArray[np.intp], other: NDArray[np.intp]) -> float:
    """Return Cramér's V of two lists of codes, 0 to 1, where neither is missing (-1).

    It is corrected for chance (Bergsma, A bias-correction for Cramér's V, Journal of the Korean
    Statistical Society 42, 2013): what is unrelated gives 0 even with many codes and few rows.
    """
    both = (one >= 0) & (other >= 0)
    table = np.zeros([1 + max(codes.tolist(), default=0) for codes in (one, other)])
    np.add.at(table, (one[both], other[both]), 1)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    (height, width), count = table.shape, table.sum()
    if min(height, width) <= 1:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / count
    by_chance = (height - 1) * (width - 1) / (count - 1)
    phi = max(0.0, ((table - expected) ** 2 / expected).sum() / count - by_chance)
    least = min(size - (size - 1) ** 2 / (count - 1) for size in (height, width)) - 1
    return float(np.sqrt(phi / least)) if least > 0 else 0.0


def _codes(column: Column, values: pd.Series) -> NDArray[np.intp]:
    """Return each value's number, -1 where it is missing; a number's is that of its tenth."""
    if column.kind == "number":
        values = pd.qcut(values, BINS, labels=False, duplicates="drop")
    return np.asarray(pd.factorize(values)[0], dtype=np.intp)
