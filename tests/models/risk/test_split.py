"""No model is judged, stopped or calibrated by a request that it could not have come before."""

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
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.integers(20, 230), st.integers(1, 8), st.floats(0.1, 0.8))
def test_whatever_teaches_was_known_and_old_enough_when_its_block_began(
    seed: int, day: int, blocks: int, first: float
) -> None:
    as_of = FIRST_DAY + timedelta(days=day)
    record = with_lags(seed).filter(pl.col("requested_at") <= as_of)
    windows = divide(record, as_of, Plan(first=first, blocks=blocks, gap_days=GAP))
    lessons = [(block.lesson, block.starts_at) for block in windows.blocks]
    for lesson, moment in [*lessons, (windows.last, as_of)]:
        rows = np.concatenate([lesson.train, lesson.calibrate])
        taught = record[rows]
        assert taught["label"].null_count() == 0
        assert (taught["labelled_at"] <= moment).all()
        assert (taught["requested_at"] <= moment - timedelta(days=GAP)).all()
        assert list(rows) == sorted(set(rows))
    for block in windows.blocks:
        assert (record[block.judged]["requested_at"] >= block.starts_at).all()


def test_blocks_follow_each_other_and_the_last_ones_test() -> None:
    as_of = FIRST_DAY + timedelta(days=230)
    windows = divide(RECORD, as_of, Plan(first=0.4, blocks=6, test=2, gap_days=GAP))
    rows = np.concatenate([block.judged for block in windows.blocks])
    assert list(rows) == list(range(360, 900))
    assert [block.is_test for block in windows.blocks] == [False] * 4 + [True] * 2
    assert len(windows.last.train) + len(windows.last.calibrate) == 900
    assert list(windows.fresh) == list(range(windows.last.train[-1] + 1, 900))


def test_younger_requests_than_the_gap_teach_nobody_and_are_fresh() -> None:
    as_of = FIRST_DAY + timedelta(days=200)
    windows = divide(RECORD, as_of, Plan(gap_days=50))
    assert windows.last.calibrate[-1] == pytest.approx(675, abs=1)
    assert windows.fresh[-1] == 899
    assert max(block.judged.max() for block in windows.blocks) == windows.last.calibrate[-1]


def test_with_many_labels_one_block_certifies() -> None:
    as_of = FIRST_DAY + timedelta(days=230)
    windows = divide(RECORD, as_of, Plan(blocks=6, many=900))
    assert [block.is_test for block in windows.blocks] == [False, True]


def test_an_empty_record_has_no_blocks() -> None:
    windows = divide(RECORD.clear(), FIRST_DAY, Plan())
    assert windows.blocks == ()
    assert len(windows.last.train) == len(windows.fresh) == 0
