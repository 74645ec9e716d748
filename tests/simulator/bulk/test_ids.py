import re

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from service.platform.ids import is_rma
from simulator.bulk.ids import event_ids, order_ids, rmas, tokens

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TOKEN = re.compile(r"cus_[0-9a-hjkmnp-tv-z]{26}")


class TestEventIds:
    def test_they_are_uuids_of_version_7_with_their_moment(self) -> None:
        moments = np.array([0, 1_772_409_600_123_456, (1 << 48) * 1000 - 1])
        found = event_ids(moments, np.random.default_rng(1)).to_list()

        assert all(_UUID7.fullmatch(each) for each in found)
        millis = [int(each.replace("-", "")[:12], 16) for each in found]
        assert millis == [us // 1000 for us in moments.tolist()]

    def test_the_same_seed_gives_the_same_and_no_two_are_one(self) -> None:
        moments = np.zeros(10_000, dtype=np.int64)
        once, again = (event_ids(moments, np.random.default_rng(3)) for _ in range(2))

        assert once.equals(again)
        assert once.n_unique() == len(moments)


class TestRmas:
    @given(st.integers(0, 1 << 40), st.integers(0, 1 << 30))
    def test_the_service_takes_them_for_its_own(self, seed: int, first: int) -> None:
        assert all(map(is_rma, rmas(seed, np.arange(first, first + 20)).to_list()))

    def test_no_two_returns_share_one(self) -> None:
        assert rmas(7, np.arange(300_000)).n_unique() == 300_000


class TestTokens:
    def test_they_look_like_those_of_the_service_and_no_two_are_one(self) -> None:
        found = tokens("cus", 7, np.arange(100_000))

        assert all(_TOKEN.fullmatch(each) for each in found[:1000].to_list())
        assert found.n_unique() == len(found)

    def test_they_depend_on_seed_and_kind(self) -> None:
        numbers = np.arange(3)

        assert not (tokens("cus", 7, numbers) == tokens("cus", 8, numbers)).any()
        assert not set(tokens("cus", 7, numbers).str.slice(4)) & set(
            tokens("txt", 7, numbers).str.slice(4)
        )


def test_order_numbers_have_eight_digits_or_more() -> None:
    found = order_ids(np.array([0, 42, 123_456_789]))

    assert found.to_list() == ["P00000000", "P00000042", "P123456789"]
    assert found.dtype == pl.String
