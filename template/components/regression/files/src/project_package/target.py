"""What is predicted: how long a flight is in the air."""

from __future__ import annotations

from typing import TYPE_CHECKING

from project_package.column import Column

if TYPE_CHECKING:
    import pandas as pd

# A measured column of the raw data, known only afterwards: never a feature.
OUTCOME = Column("air_time", "number", "Time in the air", "min", 1, 1500, missing_share=0.1)

TARGET = OUTCOME


def from_outcome(outcome: pd.Series[float]) -> pd.Series[float]:
    """Return the target of rows whose `outcome` is known."""
    return outcome.astype(float)
