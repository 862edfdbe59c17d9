"""Stage 3: valid raw rows to features and target, divided into train and held-out days."""

import hashlib
import logging

import pandas as pd

from project_package import schema, stage
from project_package.errors import PipelineError
from project_package.parameters import Parameters
from project_package.paths import Paths
from project_package.target import OUTCOME, TARGET, from_outcome

logger = logging.getLogger(__name__)


def prepare(paths: Paths, parameters: Parameters) -> None:
    """Write the prepared rows of `paths.raw` to `paths.train` and `paths.test`."""
    rows = prepare_rows(pd.read_parquet(paths.raw))
    held_out = is_held_out(rows[schema.TIME.name], parameters.prepare.test_share)
    rows[~held_out].to_parquet(paths.train, index=False)
    rows[held_out].to_parquet(paths.test, index=False)
    logger.info("%d rows to learn from, %d held out", (~held_out).sum(), held_out.sum())


def prepare_rows(raw: pd.DataFrame) -> pd.DataFrame:
    """Return key, features and target of the rows whose outcome is known.

    The outcome itself, and every column that the schema does not call a feature, stays behind.

    Raises:
        PipelineError: A derived feature of the schema is not computed.
    """
    known = raw[raw[OUTCOME.name].notna()].reset_index(drop=True)
    known[schema.TIME.name] = pd.to_datetime(known[schema.TIME.name])
    known = known.assign(**derive(known))
    known[TARGET.name] = from_outcome(known[OUTCOME.name])
    for column in schema.NUMBERS:
        known[column.name] = known[column.name].astype(float)
    names = [column.name for column in (*schema.KEY, *schema.FEATURES, TARGET)]
    return known[list(dict.fromkeys(names))]


def derive(raw: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the derived features of the schema, each row's from nothing but that row.

    `batch` calls this too: a feature that it derives is the one that training has learnt from.

    Raises:
        PipelineError: One is in the schema and is not computed here.
    """
    computed = calendar(pd.to_datetime(raw[schema.TIME.name]))
    names = [column.name for column in schema.FEATURES if column.derived]
    for name in names:
        if name not in computed:
            raise PipelineError(
                f"{name} is derived, says schema.py, but nothing computes it",
                "add it to what `derive` in data/prepare.py returns",
            )
    return {name: computed[name] for name in names}


def calendar(times: pd.Series) -> dict[str, pd.Series]:
    """Return the features that the calendar says about `times`."""
    return {
        "month": times.dt.month,
        "weekday": times.dt.dayofweek + 1,
        "hour": times.dt.hour,
    }


def is_held_out(times: pd.Series, share: float) -> pd.Series:
    """Return which rows fall on held-out days.

    A day's digest decides, so that a day stays on its side when data are added.
    """
    days = times.dt.strftime("%Y-%m-%d")
    sides = {day: _fraction(day) < share for day in days.unique()}
    held_out: pd.Series = days.map(sides).astype(bool)
    return held_out


def _fraction(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


if __name__ == "__main__":
    stage.run(prepare)
