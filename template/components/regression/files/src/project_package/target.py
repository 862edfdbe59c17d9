"""What is predicted: how long a flight is in the air."""

from project_package.column import Column

# A measured column of the raw data, known only afterwards: never a feature.
OUTCOME = Column("air_time", "number", "Time in the air", "min", 1, 1500, nullable=True)

TARGET = OUTCOME
