"""What a client sends: rows that the schema describes, decoded, checked and packed.

The struct is made from `schema.FEATURES`, so a change of the schema changes the
checks, the OpenAPI document and the order of the graph's inputs at once.
"""

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from project_package.column import LARGEST_NUMBER, LONGEST_NAME, Column
from project_package.schema import CATEGORIES, NUMBERS
from project_package.service.errors import Problem

COLUMNS = (*NUMBERS, *CATEGORIES)
NAMES = tuple(column.name for column in COLUMNS)

Value: TypeAlias = float | str | None
Values: TypeAlias = tuple[Value, ...]


class Inputs(NamedTuple):
    """Rows as the graph takes them: numbers `[N, numbers]`, categories `[N, categories]`."""

    numbers: npt.NDArray[np.float32]
    categories: npt.NDArray[np.object_]


class Request(NamedTuple):
    """The rows of one request, values in the order of `COLUMNS`."""

    rows: list[Values]
    is_batch: bool


def annotation(column: Column) -> Any:
    """Return the type that msgspec checks a value of `column` against."""
    text = f"{column.description}. {_expectation(column)}"
    described = Meta(description=text, extra_json_schema=_expected(column))
    kind: Any
    if column.kind == "number":
        kind = Annotated[float, Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER), described]
    else:
        kind = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME), described]
    return kind | None if column.nullable else kind


def _expectation(column: Column) -> str:
    if column.kind == "category":
        known = f"One of {', '.join(column.categories)}. " if column.categories else ""
        return f"{known}One that training has not seen is counted, not refused."
    unit = f" {column.unit}" if column.unit else ""
    return f"Outside {column.minimum} to {column.maximum}{unit} it is counted, not refused."


def _expected(column: Column) -> dict[str, Any]:
    """Return what is counted, not refused, in words of JSON Schema's that refuse nothing."""
    facts = {
        "x-unit": column.unit,
        "x-minimum": column.minimum,
        "x-maximum": column.maximum,
        "x-categories": list(column.categories),
    }
    return {name: value for name, value in facts.items() if value not in ("", None, [])}


# Every feature must be there, null where it is not known: one that a client forgot
# would otherwise be a silently worse prediction.
Row = msgspec.defstruct(
    "Row",
    [(column.name, annotation(column)) for column in COLUMNS],
    frozen=True,
    forbid_unknown_fields=True,
)


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several rows, answered in their order."""

    rows: Annotated[list[Row], Meta(min_length=1)]  # type: ignore[valid-type]


_row = msgspec.json.Decoder(Row)
_batch = msgspec.json.Decoder(Batch)
_starts_a_batch = re.compile(rb'\s*\{\s*"rows"').match


def decode(body: bytes, max_rows: int) -> Request:
    """Return the rows of a JSON `body`: one row, or `{"rows": [...]}`.

    Raises:
        Problem: 400 for what is not JSON, 422 for JSON that is not such rows, 413 for
            more than `max_rows` of them.

    """
    try:
        if _starts_a_batch(body):
            rows = [msgspec.structs.astuple(row) for row in _batch.decode(body).rows]
            request = Request(rows, is_batch=True)
        else:
            request = Request([msgspec.structs.astuple(_row.decode(body))], is_batch=False)
    except msgspec.ValidationError as error:
        raise Problem(422, "invalid_row", _without_input(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "invalid_json", "the body is not valid JSON in UTF-8") from None
    if len(request.rows) > max_rows:
        raise Problem(413, "too_many_rows", f"at most {max_rows} rows in one request")
    _refuse_repeated_keys(body, request)
    return request


def pack(rows: Sequence[Values]) -> Inputs:
    """Return `rows`, at least one, as inputs; missing is NaN for a number, "" for a category."""
    split = len(NUMBERS)
    numbers = [row[:split] for row in rows]
    categories = [[value or "" for value in row[split:]] for row in rows]
    return Inputs(np.array(numbers, np.float32), np.array(categories, np.object_))


def _without_input(message: str) -> str:
    """Return msgspec's `message` without an unknown field's name, which is the client's text."""
    reason, at, place = message.partition(" - at ")
    if reason.startswith("Object contains unknown field"):
        reason = "Object contains a field that is no feature"
    return reason + at + place


def _refuse_repeated_keys(body: bytes, request: Request) -> None:
    """Raise a 400 where a key stands twice in one object, since nobody knows which was meant.

    Decoding keeps the last one and tells nothing. Since every key is known and there, the
    number of quotes tells; only a body with escaped quotes, too, is read a second time.
    """
    nulls = sum(row[len(NUMBERS) :].count(None) for row in request.rows)
    keys = len(request.rows) * len(COLUMNS) + request.is_batch
    texts = len(request.rows) * len(CATEGORIES) - nulls
    if body.count(b'"') != 2 * (keys + texts):
        json.loads(body, object_pairs_hook=_once_each)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise Problem(400, "repeated_key", "an object of the body has the same key twice")
    return dict(pairs)
