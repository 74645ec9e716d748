"""What is measured of an action: by hand, against a slow computation of its own, and over many shops of which the truth is known."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_products import INCIDENTS, SALES, Rows, monday, record, sold_and_returned

from models.products.detector import Detector
from models.products.effect import LONGEST_WEEKS, Course, interval, lag_shares, measure, verdict
from models.products.evidence import weigh

WEEK_0 = date(2026, 1, 5)
_ACTIONS = {
    "action_id": pl.String,
    "sku": pl.String,
    "lift_before": pl.Float64,
    "own_level": pl.Float64,
    "first_week": pl.Date,
    "end_week": pl.Date,
}
_SALES = {"sku": pl.String, "week_start": pl.Date, "units_sold": pl.Int64}
_EXPECTED = {"sku": pl.String, "week_start": pl.Date, "units_expected": pl.Float64}
_INCIDENTS = {
    "sku": pl.String,
    "week_start": pl.Date,
    "sold_week_start": pl.Date,
    "units": pl.Int64,
}
_LAGS = {"week_start": pl.Date, "sold_week_start": pl.Date, "incidents": pl.Int64}


def week(number: int) -> date:
    return WEEK_0 + timedelta(weeks=number)


def frame(rows: list[tuple[Any, ...]], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


def course(
    *,
    weeks: int = 10,
    first: int = 4,
    end: int | None = None,
    lift_before: float = 3.0,
    own_level: float = 1.0,
    sold: list[int] | None = None,
    expected: list[float] | None = None,
    returns: list[tuple[int, int | None, int]],
) -> Course:
    """One product; `returns` are (week of return, week of sale, units)."""
    sold = sold or [10] * weeks
    expected = expected or [1.0] * weeks
    known = [(week(at), None if of is None else week(of)) for at, of, _ in returns]
    counted: dict[Any, int] = {}
    for pair in known:
        counted[pair] = counted.get(pair, 0) + 1
    ends = None if end is None else week(end)
    return Course(
        actions=frame([("a", "MUG", lift_before, own_level, week(first), ends)], _ACTIONS),
        sales=frame([("MUG", week(i), n) for i, n in enumerate(sold)], _SALES),
        expected=frame([("MUG", week(i), n) for i, n in enumerate(expected)], _EXPECTED),
        incidents=frame(
            [("MUG", *pair, units) for pair, (_, _, units) in zip(known, returns, strict=True)],
            _INCIDENTS,
        ),
        lags=frame([(*pair, n) for pair, n in counted.items()], _LAGS),
        this_week=week(weeks - 1),
    )


class TestByHand:
    def test_returns_of_earlier_sales_are_not_counted_and_not_expected(self) -> None:
        """All comes back a week after its sale, so the first week after the action shows nothing of it."""
        returns = [(at, at - 1, 1) for at in range(1, 10)]

        row = measure(course(returns=returns)).row(0, named=True)

        assert row["compared"] == "sold_after"
        assert row["returns_after"] == 5  # sold in the weeks 4 … 8
        assert row["expected_after"] == pytest.approx(5.0)  # of the weeks 5 … 9, one each
        assert row["lift_after"] == pytest.approx(1.0)
        assert row["weeks_after"] == 5

    def test_what_is_sold_after_the_next_action_is_measured_with_that_one(self) -> None:
        returns = [(at, at - 1, 1) for at in range(1, 10)]

        row = measure(course(returns=returns, end=6)).row(0, named=True)

        assert row["returns_after"] == 2
        assert row["expected_after"] == pytest.approx(2.0)

    def test_where_returns_seldom_name_their_order_all_of_the_weeks_after_count(self) -> None:
        returns: list[tuple[int, int | None, int]] = [(at, None, 1) for at in range(10)]

        row = measure(course(returns=returns)).row(0, named=True)

        assert (row["compared"], row["returns_after"]) == ("returned_after", 6)
        assert row["expected_after"] == pytest.approx(6.0)

    def test_an_action_of_this_week_is_too_early(self) -> None:
        row = measure(course(first=10, returns=[(1, 0, 1)])).row(0, named=True)

        assert (row["weeks_after"], row["expected_after"], row["verdict"]) == (0, 0.0, "too_early")
        assert row["lift_after"] is row["lift_after_low"] is row["lift_after_high"] is None

    def test_a_product_of_which_nothing_was_sold_afterwards_is_never_judged(self) -> None:
        sold = [10] * 4 + [0] * 6
        returns = [(at, at - 1, 1) for at in range(1, 5)]

        row = measure(course(sold=sold, returns=returns)).row(0, named=True)

        assert (row["expected_after"], row["verdict"]) == (0.0, "too_early")

    def test_a_shop_without_a_return_has_no_lags(self) -> None:
        row = measure(course(returns=[], expected=[0.0] * 10)).row(0, named=True)

        assert (row["returns_after"], row["verdict"]) == (0, "too_early")

    def test_units_that_come_back_together_prove_less(self) -> None:
        single = [(at, at - 1, 1) for at in range(1, 10)] * 4
        bulk = [(at, at - 1, 4) for at in range(1, 10)]

        rows = [measure(course(returns=each)).row(0, named=True) for each in (single, bulk)]

        assert rows[0]["lift_after"] == rows[1]["lift_after"]
        assert rows[1]["lift_after_low"] < rows[0]["lift_after_low"]
        assert rows[1]["lift_after_high"] > rows[0]["lift_after_high"]

    @pytest.mark.parametrize("names_orders", [True, False])
    def test_expected_is_what_the_product_brought_before_its_problem(
        self, names_orders: bool
    ) -> None:
        returns = [(at, at - 1 if names_orders else None, 2) for at in range(1, 10)]

        rows = [
            measure(course(own_level=each, returns=returns)).row(0, named=True) for each in (1, 2)
        ]

        assert rows[1]["expected_after"] == pytest.approx(2 * rows[0]["expected_after"])
        assert rows[1]["lift_after"] == pytest.approx(rows[0]["lift_after"] / 2)


class TestInterval:
    @pytest.mark.parametrize(
        ("count", "low", "high"),
        [(0, 0.0, 2.9957), (1, 0.0513, 4.7439), (10, 5.4254, 16.9622)],
    )
    def test_is_garwoods(self, count: int, low: float, high: float) -> None:
        """The bounds that tables of the exact Poisson interval give for 90 %."""
        assert interval(count, 1.0) == pytest.approx((low, high), abs=1e-4)


class TestVerdict:
    @pytest.mark.parametrize(
        ("before", "low", "high", "said"),
        [
            (3.0, 0.5, 1.9, "worked"),
            (3.0, 0.5, 2.1, "too_early"),
            (3.0, 2.1, 4.0, "did_not"),
            (3.0, None, None, "too_early"),
            (1.4, 0.2, 1.1, "worked"),
        ],
    )
    def test_half_of_the_excess_must_surely_be_gone(
        self, before: float, low: float | None, high: float | None, said: str
    ) -> None:
        assert verdict(before, low, high) == said

    def test_of_many_actions_few_are_called_what_they_are_not(self) -> None:
        """Of cured products nearly all are told as such within twelve weeks, of those that stayed bad nearly none."""
        said = {True: [shop(seed, is_cured=True) for seed in range(120)]}
        said[False] = [shop(seed, is_cured=False) for seed in range(120)]

        assert said[True].count("worked") / 120 >= 0.9
        assert said[True].count("did_not") / 120 <= 0.02
        assert said[False].count("worked") / 120 <= 0.02
        assert said[False].count("did_not") / 120 >= 0.5

    @pytest.mark.parametrize("seed", range(2))
    @pytest.mark.parametrize(
        ("own", "multiplier", "after", "said"),
        [(2.2, 2.0, 1.0, "worked"), (0.45, 3.0, 3.0, "did_not"), (1.0, 2.5, 1.0, "worked")],
    )
    @pytest.mark.parametrize("variants", [1, 3])
    def test_what_always_came_back_often_or_seldom_is_judged_by_that(
        self, variants: int, own: float, multiplier: float, after: float, said: str, seed: int
    ) -> None:
        """The problem lasts from the 26th week to the action in the 39th, or on; families are flagged and judged whole."""
        rates = np.full(52, 0.1 * own)
        rates[26:39] *= multiplier
        rates[39:] *= after

        assert judged_after_the_action(seed, variants, rates) == (variants > 1, said)


def judged_after_the_action(seed: int, variants: int, rates: np.ndarray) -> tuple[bool, str]:
    """Whether the problem is of the family, and the verdict on an action in week 39 on its first variant, of which most is
    sold. 90 ordinary products stand beside it."""
    chance = np.random.default_rng(seed)
    levels = chance.gamma(6.0, 1 / 6, 90)
    shop = [(f"P{at}", 12, np.full(52, 0.1 * level)) for at, level in enumerate(levels)]
    shop += [(f"X{at}", 40, rates) for at in range(variants)]
    sales: Rows = []
    incidents: Rows = []
    for sku, lines, chances in shop:
        sold, came = sold_and_returned(chance, sku, np.full(52, lines), chances, "unknown")
        sales, incidents = sales + sold, incidents + came
    products: Rows = [(sku, "all", "X" if sku.startswith("X") else None) for sku, _, _ in shop]
    before = [[each for each in rows if each[1] < monday(39)] for rows in (sales, incidents)]
    flag = weigh(record(*before, 39, products), Detector()).evidence.filter(sku="X0")
    then = flag.select("lift", "own_level", "of_family").row(0, named=True)
    of = pl.DataFrame(incidents, schema=INCIDENTS, orient="row")
    now = Course(
        actions=frame([("a", "X0", then["lift"], then["own_level"], monday(39), None)], _ACTIONS),
        sales=pl.DataFrame(sales, schema=SALES, orient="row").filter(sku="X0"),
        expected=weigh(record(sales, incidents, 52, products), Detector()).expected,
        incidents=of,
        lags=of.group_by("week_start", "sold_week_start").len("incidents"),
        this_week=monday(51),
    )
    return then["of_family"], str(measure(now)["verdict"].item())


def shop(seed: int, *, is_cured: bool) -> str:
    """40 units a week, a tenth comes back after 0 … 3 weeks, three times as many while the fault lasts."""
    chance, weeks, first = np.random.default_rng(seed), 32, 20
    lags = [0.2, 0.4, 0.3, 0.1]
    returns = []
    for of in range(weeks):
        rate = 0.1 if is_cured and of >= first else 0.3
        for lag, share in enumerate(lags):
            for _ in range(chance.poisson(40 * rate * share)):
                if of + lag < weeks:
                    returns.append((of + lag, of, 1))
    expected = [4.0 * sum(lags[: at + 1]) for at in range(weeks)]
    told = course(weeks=weeks, first=first, sold=[40] * weeks, expected=expected, returns=returns)
    return str(measure(told)["verdict"].item())


def slowly(told: Course) -> tuple[int, float]:
    """Units and expected units after the action, return by return and week by week."""
    (action,) = told.actions.iter_rows(named=True)
    until = action["end_week"] or date.max
    pairs = [
        (at, of) for at, of, count in told.lags.iter_rows() for _ in range(count) if of is not None
    ]
    known = sum(count for _, _, count in told.lags.iter_rows())
    shares = []
    for lag in range(LONGEST_WEEKS + 1):
        share = _share_up_to(pairs, lag, told.this_week)
        shares.append(share - (_share_up_to(pairs, lag - 1, told.this_week) if lag else 0.0))
    units = sum(
        n
        for _, _, of, n in told.incidents.iter_rows()
        if of is not None and action["first_week"] <= of < until
    )
    ahead = 0.0
    for _, at, expected in told.expected.iter_rows():
        if at < action["first_week"]:
            continue
        later = all_ = 0.0
        for _, of, sold in told.sales.iter_rows():
            lag = (at - of).days // 7
            if 0 <= lag <= LONGEST_WEEKS:
                all_ += sold * shares[lag]
                later += sold * shares[lag] * (action["first_week"] <= of < until)
        ahead += expected * later / all_ if all_ else 0.0
    return units, ahead * len(pairs) / known


def _share_up_to(pairs: list[tuple[date, date]], lag: int, now: date) -> float:
    share = 1.0
    for longer in range(lag + 1, LONGEST_WEEKS + 1):
        old = [at - of for at, of in pairs if now - of >= timedelta(weeks=longer)]
        could = [each for each in old if timedelta(0) <= each <= timedelta(weeks=longer)]
        if could:
            share *= 1 - could.count(timedelta(weeks=longer)) / len(could)
    return share


@st.composite
def any_course(draw: st.DrawFn) -> Course:
    weeks = draw(st.integers(2, 34))
    weekly = st.lists(st.integers(0, 30), min_size=weeks, max_size=weeks)
    a_return = st.tuples(st.integers(0, weeks - 1), st.integers(0, weeks - 1), st.integers(1, 5))
    matched = [
        (max(a, b), min(a, b), units) for a, b, units in draw(st.lists(a_return, min_size=1))
    ]
    nameless = draw(st.integers(0, len(matched)))
    first = draw(st.integers(1, weeks))
    return course(
        weeks=weeks,
        first=first,
        end=draw(st.none() | st.integers(first, weeks + 1)),
        sold=draw(weekly),
        expected=[each / 7 for each in draw(weekly)],
        returns=[*matched, *((weeks - 1, None, 1) for _ in range(nameless))],
    )


@settings(max_examples=60)
@given(any_course())
def test_a_slow_computation_finds_the_same(told: Course) -> None:
    row = measure(told).row(0, named=True)

    units, ahead = slowly(told)
    assert row["compared"] == "sold_after"
    assert row["returns_after"] == units
    assert row["expected_after"] == pytest.approx(ahead, abs=1e-9)


@settings(max_examples=60)
@given(any_course())
def test_shares_of_the_lags_are_a_distribution(told: Course) -> None:
    shares = lag_shares(told.lags, told.this_week)

    assert (shares >= 0).all()
    assert shares.sum() == pytest.approx(1.0)
