"""No request is judged by a model that learned from it or its neighbours, and nothing judges the test that came with it or later."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from risk_toys import FIRST_DAY, frame, shop

from models.risk.split import Plan, divide

GAP = 14.0
RECORD = frame(shop(900, 1), days=200, labelled_after=9)


def with_lags(seed: int) -> pl.DataFrame:
    """The record with labels that take their time, some for ever."""
    chance = np.random.default_rng(seed)
    lag = pl.Series(chance.integers(0, 40, len(RECORD)))
    told = pl.col("requested_at") + pl.duration(days=lag)
    never = pl.Series(chance.random(len(RECORD)) < 0.3)
    return RECORD.with_columns(
        pl.when(~never).then("label").alias("label"),
        pl.when(~never).then(told).alias("labelled_at"),
        pl.when(never).then("label").alias("finding"),
        pl.when(never).then(told).alias("found_at"),
    )


@settings(max_examples=40)
@given(st.integers(0, 999), st.integers(20, 230), st.integers(2, 8), st.floats(0.05, 0.4))
def test_nothing_teaches_that_is_judged_or_near_it_or_was_not_known(
    seed: int, day: int, blocks: int, test: float
) -> None:
    as_of = FIRST_DAY + timedelta(days=day)
    record = with_lags(seed).filter(pl.col("requested_at") <= as_of)
    windows = divide(record, as_of, Plan(blocks=blocks, test=test, gap_days=GAP))
    gap = timedelta(days=GAP)
    moments = {True: as_of, False: as_of}
    for block in windows.blocks:
        if block.is_test and len(block.judged):
            moments[False] = record[block.judged]["requested_at"].min()  # type: ignore[assignment]
            moments[True] = moments[False]
    lessons = [(block.lesson, moments[block.is_test], block.judged) for block in windows.blocks]
    for lesson, moment, judged in [*lessons, (windows.last, as_of, np.arange(0))]:
        for rows, what, at in (
            (np.concatenate([lesson.train, lesson.calibrate]), "label", "labelled_at"),
            (lesson.findings, "finding", "found_at"),
        ):
            taught = record[rows]
            assert taught[what].null_count() == 0
            assert (taught[at] <= moment).all()
            assert (taught["requested_at"] <= moment - gap).all()
            assert list(rows) == sorted(set(rows))
            if len(judged) and len(rows):
                first, last = (
                    record[judged]["requested_at"].min(),
                    record[judged]["requested_at"].max(),
                )
                near = taught["requested_at"].is_between(first - gap, last + gap)  # type: ignore[operator]
                assert not near.any()


def test_the_latest_labels_test_and_all_before_them_certify() -> None:
    as_of = FIRST_DAY + timedelta(days=230)
    windows = divide(RECORD, as_of, Plan(blocks=6, test=0.2, gap_days=GAP))
    rows = np.concatenate([block.judged for block in windows.blocks])
    assert list(rows) == list(range(900))
    assert [block.is_test for block in windows.blocks] == [False] * 6 + [True]
    assert len(windows.blocks[-1].judged) == 180
    assert len(windows.last.train) + len(windows.last.calibrate) == 900
    assert list(windows.fresh) == list(range(windows.last.train[-1] + 1, 900))


def test_a_block_learns_from_what_came_after_it_too_and_the_test_does_not() -> None:
    as_of = FIRST_DAY + timedelta(days=230)
    windows = divide(RECORD, as_of, Plan(blocks=4, gap_days=GAP))
    first, *_, test = windows.blocks
    assert first.lesson.train.min() > first.judged.max()
    assert test.lesson.calibrate.max() < test.judged.min()


def test_younger_requests_than_the_gap_teach_nobody_and_are_fresh() -> None:
    as_of = FIRST_DAY + timedelta(days=200)
    windows = divide(RECORD, as_of, Plan(gap_days=50))
    assert windows.last.calibrate[-1] == pytest.approx(675, abs=1)
    assert windows.fresh[-1] == 899
    assert max(block.judged.max() for block in windows.blocks) == windows.last.calibrate[-1]


def test_with_many_labels_one_block_certifies_and_time_runs_one_way() -> None:
    as_of = FIRST_DAY + timedelta(days=230)
    windows = divide(RECORD, as_of, Plan(blocks=6, many=900))
    assert [block.is_test for block in windows.blocks] == [False, True]
    for block in windows.blocks:
        assert block.lesson.calibrate.max() < block.judged.min()


def test_an_empty_record_has_no_blocks() -> None:
    windows = divide(RECORD.clear(), FIRST_DAY, Plan())
    assert windows.blocks == ()
    assert len(windows.last.train) == len(windows.fresh) == 0


def test_the_calibrating_part_begins_earlier_where_by_chance_nothing_in_it_is_abusive() -> None:
    """In a small shop one part in some dozen is so: without abuse there is no calibration, and no block would certify."""
    as_of = FIRST_DAY + timedelta(days=230)
    lately = pl.col("requested_at") > FIRST_DAY + timedelta(days=165)
    calm = RECORD.with_columns(label=pl.when(lately).then(0).otherwise("label"))
    plan = Plan(calibrate=0.1, gap_days=GAP)

    usual, found = (divide(record, as_of, plan).last for record in (RECORD, calm))

    abusive = calm["label"].to_numpy()[found.calibrate] == 1
    assert abusive.sum() == 3
    assert abusive[0]
    assert len(found.calibrate) > len(usual.calibrate)
    assert found.train[-1] < found.calibrate[0]
    assert len(found.train) + len(found.calibrate) == len(usual.train) + len(usual.calibrate)
