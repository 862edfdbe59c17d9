"""What is predicted: whether a flight arrives late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from project_package.column import Column

if TYPE_CHECKING:
    import pandas as pd

# A measured column of the raw data, known only afterwards: never a feature.
OUTCOME = Column(
    "arrival_delay", "number", "Delay at arrival", "min", -200, 3000, missing_share=0.1
)

# 15 minutes is the definition of the US Bureau of Transportation Statistics.
LATE_MINUTES = 15
TARGET = Column("late", "number", f"1 if it arrived {LATE_MINUTES} or more min late", "", 0, 1)


def from_outcome(outcome: pd.Series[float]) -> pd.Series[float]:
    """Return the target of rows whose `outcome` is known."""
    return (outcome >= LATE_MINUTES).astype(float)
