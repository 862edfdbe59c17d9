"""One column of the data: the words in which `schema` states the contract."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "category", "time"]

# What any column may hold, whatever its range or names: the graph's numbers are float32, in which
# a larger one would be infinite, and a longer name is no name. An empty one is a missing one.
LARGEST_NUMBER = 3.4028234e38
LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class Column:
    """What a column may hold.

    `minimum` and `maximum` are inclusive. An empty `categories` leaves the set of names open: each
    has 1 to `LONGEST_NAME` characters.
    `missing_share` is the largest share of raw rows that may lack the column.
    `derived` columns are not in the raw data: `data.prepare` computes them.
    """

    name: str
    kind: Kind
    description: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    missing_share: float = 0.0
    derived: bool = False

    @property
    def nullable(self) -> bool:
        """Return whether a row may lack this column."""
        return self.missing_share > 0
