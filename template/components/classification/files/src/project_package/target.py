"""What is predicted: whether a flight arrives late."""

from project_package.column import Column

# A measured column of the raw data, known only afterwards: never a feature.
OUTCOME = Column(
    "arrival_delay", "number", "Delay at arrival", "min", -200, 3000, nullable=True
)

# 15 minutes is the definition of the US Bureau of Transportation Statistics.
LATE_MINUTES = 15
TARGET = Column("late", "number", f"1 if it arrived {LATE_MINUTES} or more min late", "", 0, 1)
