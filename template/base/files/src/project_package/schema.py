"""The contract: every column, its type, unit, range, categories and whether it may be missing.

Everything else derives from this page: the validation of raw data, the MLflow signature, the
service's OpenAPI and input checks, the inputs of the ONNX graph, and the reference for drift.
Only the standard library is imported, since the service loads this module too.
"""

import hashlib
import json
from dataclasses import asdict

from project_package.column import Column
from project_package.target import OUTCOME, TARGET

TIME = Column("scheduled_departure", "time", "When the flight was due to leave, in New York's time")

# Together these name one row; no two rows of the raw data share them.
KEY = (
    TIME,
    Column("carrier", "category", "Two-letter code of the airline"),
    Column("flight", "category", "Flight number"),
)

FEATURES = (
    # name, kind, description, unit, minimum, maximum, then the share that may be missing
    Column("month", "number", "Month of the departure", "", 1, 12, derived=True),
    Column("weekday", "number", "Day of the week, Monday is 1", "", 1, 7, derived=True),
    Column("hour", "number", "Hour of the scheduled departure", "h", 0, 23, derived=True),
    Column("distance", "number", "Distance between the airports", "mi", 50, 5500),
    Column("plane_year", "number", "Year the plane was built", "", 1950, 2030, missing_share=0.3),
    Column("seats", "number", "Seats of the plane", "", 1, 900, missing_share=0.3),
    Column("temperature", "number", "Air temperature", "°F", -40, 130, missing_share=0.3),
    Column("dew_point", "number", "Dew point", "°F", -60, 100, missing_share=0.3),
    Column("humidity", "number", "Relative humidity", "%", 0, 100, missing_share=0.3),
    Column("wind_direction", "number", "Where wind comes from", "°", 0, 360, missing_share=0.3),
    Column("wind_speed", "number", "Wind speed", "mph", 0, 150, missing_share=0.3),
    Column("wind_gust", "number", "Speed of gusts, if any", "mph", 0, 200, missing_share=0.9),
    Column("precipitation", "number", "Rain or snow in the hour", "in", 0, 10, missing_share=0.3),
    Column("pressure", "number", "Pressure at sea level", "hPa", 900, 1080, missing_share=0.3),
    Column("visibility", "number", "Visibility", "mi", 0, 20, missing_share=0.3),
    Column(
        "carrier",
        "category",
        "Two-letter code of the airline",
        categories=(
            *("9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL"),
            *("HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"),
        ),
    ),
    Column("origin", "category", "Airport of departure", categories=("EWR", "JFK", "LGA")),
    Column("destination", "category", "Airport of arrival"),
    Column(
        "engine",
        "category",
        "Kind of engine",
        categories=(
            *("4 Cycle", "Reciprocating", "Turbo-fan"),
            *("Turbo-jet", "Turbo-prop", "Turbo-shaft"),
        ),
        missing_share=0.3,
    ),
)

NUMBERS = tuple(column for column in FEATURES if column.kind == "number")
CATEGORIES = tuple(column for column in FEATURES if column.kind == "category")


def raw_columns() -> tuple[Column, ...]:
    """Return the columns of the raw data, each once: key, raw features, outcome."""
    features = (column for column in FEATURES if not column.derived)
    unique = {column.name: column for column in (*KEY, *features, OUTCOME)}
    return tuple(unique.values())


def digest() -> str:
    """Return a short digest of the contract; a model made for another one must not be served."""
    columns = [asdict(column) for column in (TIME, *FEATURES, TARGET)]
    canonical = json.dumps(columns, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
