import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.queries.intervals import with_mean_score, with_share


class TestShares:
    @pytest.mark.parametrize(
        ("part", "whole", "low", "high"),
        [  # published in Newcombe, Statistics in Medicine 17 (1998), method 3
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ],
    )
    def test_the_interval_is_wilsons(self, part: int, whole: int, low: float, high: float) -> None:
        row = with_share(pl.DataFrame({"k": [part], "n": [whole]}), "k", "n", "share").row(
            0, named=True
        )

        assert row["share"] == pytest.approx(part / whole)
        assert row["share_low"] == pytest.approx(low, abs=5e-5)
        assert row["share_high"] == pytest.approx(high, abs=5e-5)

    def test_of_nothing_nothing_is_known(self) -> None:
        row = with_share(pl.DataFrame({"k": [0], "n": [0]}), "k", "n", "share").row(0, named=True)

        assert (row["share"], row["share_low"], row["share_high"]) == (None, None, None)

    @given(whole=st.integers(1, 10**7), fraction=st.floats(0, 1))
    def test_the_share_lies_within_its_interval(self, whole: int, fraction: float) -> None:
        part = round(whole * fraction)
        row = with_share(pl.DataFrame({"k": [part], "n": [whole]}), "k", "n", "s").row(
            0, named=True
        )

        assert 0 <= row["s_low"] <= row["s"] + 1e-12
        assert row["s"] - 1e-12 <= row["s_high"] <= 1


class TestScores:
    def test_a_mean_is_a_share_of_the_way_from_one_to_five(self) -> None:
        rows = pl.DataFrame({"total": [46.0], "answers": [10]})

        row = with_mean_score(rows, "total", "answers", "csat").row(0, named=True)

        assert row["csat"] == pytest.approx(4.6)
        share = with_share(pl.DataFrame({"k": [9.0], "n": [10]}), "k", "n", "s").row(0, named=True)
        assert row["csat_low"] == pytest.approx(1 + 4 * share["s_low"])
        assert row["csat_high"] == pytest.approx(1 + 4 * share["s_high"])

    @given(scores=st.lists(st.integers(1, 5), min_size=1, max_size=200))
    def test_it_stays_on_the_scale(self, scores: list[int]) -> None:
        rows = pl.DataFrame({"total": [float(sum(scores))], "answers": [len(scores)]})

        row = with_mean_score(rows, "total", "answers", "csat").row(0, named=True)

        assert 1 <= row["csat_low"] <= row["csat"] + 1e-9
        assert row["csat"] - 1e-9 <= row["csat_high"] <= 5
