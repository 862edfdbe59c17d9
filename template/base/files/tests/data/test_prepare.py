import pandas as pd
import pytest

from project_package import schema
from project_package.column import Column
from project_package.data.prepare import is_held_out, prepare_rows
from project_package.errors import PipelineError
from project_package.paths import Paths
from project_package.target import OUTCOME, TARGET
from project_package.training.evaluate import check_apart


def test_the_calendar_of_a_known_day(raw: pd.DataFrame) -> None:
    row = raw.head(1).assign(scheduled_departure="2013-07-07T18:40")  # a Sunday

    prepared = prepare_rows(row).iloc[0]

    assert (prepared["month"], prepared["weekday"], prepared["hour"]) == (7, 7, 18)


def test_a_derived_feature_that_nothing_computes_is_named(
    raw: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    age = Column("plane_age", "number", "Age of the plane", "years", derived=True)
    monkeypatch.setattr(schema, "FEATURES", (*schema.FEATURES, age))

    with pytest.raises(PipelineError, match="plane_age is derived"):
        prepare_rows(raw)


def test_rows_without_an_outcome_are_left_out(raw: pd.DataFrame) -> None:
    raw.loc[0, OUTCOME.name] = None

    assert len(prepare_rows(raw)) == raw[OUTCOME.name].notna().sum()


def test_nothing_that_is_known_only_afterwards_gets_in(raw: pd.DataFrame) -> None:
    prepared = prepare_rows(raw.assign(departure_delay=1.0))

    allowed = {column.name for column in (*schema.KEY, *schema.FEATURES, TARGET)}
    assert set(prepared.columns) == allowed


def test_features_do_not_depend_on_the_outcome(raw: pd.DataFrame) -> None:
    names = [column.name for column in schema.FEATURES]
    known = raw[raw[OUTCOME.name].notna()]

    before = prepare_rows(known)[names]
    after = prepare_rows(known.assign(**{OUTCOME.name: 100.0}))[names]

    pd.testing.assert_frame_equal(before, after)


def test_a_day_is_never_in_both_parts(pipeline: Paths) -> None:
    parts = [pd.read_parquet(path)[schema.TIME.name] for path in (pipeline.train, pipeline.test)]
    train, test = (set(times.dt.date) for times in parts)

    assert train
    assert test
    assert not train & test


def test_a_day_stays_on_its_side_when_rows_are_added() -> None:
    days = pd.Series(pd.date_range("2013-01-01", periods=60))

    alone = is_held_out(days.head(30), 0.25)
    together = is_held_out(days, 0.25)

    assert alone.tolist() == together.head(30).tolist()


def test_the_share_of_days_is_about_what_was_asked() -> None:
    days = pd.Series(pd.date_range("2000-01-01", periods=2000))

    assert is_held_out(days, 0.25).mean() == pytest.approx(0.25, abs=0.03)


def test_a_row_in_both_parts_is_found(pipeline: Paths) -> None:
    train, held_out = pd.read_parquet(pipeline.train), pd.read_parquet(pipeline.test)

    with pytest.raises(PipelineError, match="1 held-out rows are training rows too"):
        check_apart(train, pd.concat([held_out, train.head(1)]))
