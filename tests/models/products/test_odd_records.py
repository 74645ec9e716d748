"""Records such as real shops have them: nothing fails, nothing is flagged for being odd, and what is wrong is still found."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from toy_products import Rows, monday, record, sold_and_returned

from models.products.detector import Detector
from models.products.evidence import Findings, weigh
from models.products.flags import decide
from models.products.record import Record

WEEKS = 30


def ordinary(seed: int, weeks: int = WEEKS, products: int = 60) -> tuple[Rows, Rows]:
    """Products that sell ten order lines a week, of which one in twenty comes back."""
    rng = np.random.default_rng(seed)
    sales: Rows = []
    incidents: Rows = []
    for number in range(products):
        sold, came = sold_and_returned(
            rng, f"S{number:03}", rng.poisson(10, weeks), np.full(weeks, 0.05), "changed_mind"
        )
        sales += sold
        incidents += came
    return sales, incidents


def judged(of: Record) -> tuple[Findings, tuple[str, ...]]:
    found = weigh(of, Detector())
    return found, decide(found.evidence, set(), Detector()).flagged


def row(found: Findings, sku: str) -> dict[str, Any]:
    return found.evidence.filter(pl.col("sku") == sku).row(0, named=True)


def is_sound(found: Findings) -> bool:
    numbers = found.evidence.select(pl.selectors.float())
    weeks = found.expected.select(pl.selectors.float())
    return all(
        frame.select(pl.all().is_finite().all()).row(0) == (True,) * frame.width
        for frame in (numbers, weeks)
    )


class TestOddRecords:
    def test_a_product_without_a_sale_has_nothing_expected_of_it(self) -> None:
        sales, incidents = ordinary(1)
        came: Rows = [("GHOST", monday(week), None, 1, "defect") for week in range(20, 26)]

        found, flagged = judged(record(sales, incidents + came, WEEKS))

        assert is_sound(found)
        assert "GHOST" not in flagged
        assert row(found, "GHOST")["units_sold"] == 0
        assert row(found, "GHOST")["units_expected"] == 0

    def test_returns_without_an_order_count_for_the_weeks_that_they_may_be_of(self) -> None:
        sales, incidents = ordinary(2)
        orderless: Rows = [(*each[:2], None, *each[3:]) for each in incidents]

        known, _ = judged(record(sales, incidents, WEEKS))
        unknown, flagged = judged(record(sales, orderless, WEEKS))

        assert is_sound(unknown)
        assert not flagged
        assert unknown.evidence["incidents"].sum() == pytest.approx(
            known.evidence["incidents"].sum(), rel=0.1
        )

    def test_returns_of_before_the_first_sale_are_no_evidence(self) -> None:
        sales, incidents = ordinary(3)
        late = [each for each in sales if each[0] != "S000" or each[1] >= monday(20)]
        early: Rows = [("S000", monday(week), None, 1, "defect") for week in range(15)]

        found, flagged = judged(record(late, incidents + early, WEEKS))

        assert is_sound(found)
        assert "S000" not in flagged

    def test_a_category_of_one_is_judged_by_the_shop(self) -> None:
        sales, incidents = ordinary(4)
        products: Rows = [
            (f"S{number:03}", "alone" if number == 0 else "shelf", None) for number in range(60)
        ]
        bad: Rows = [
            ("S000", monday(week), monday(week), 1, "changed_mind")
            for week in range(15, WEEKS)
            for _ in range(3)
        ]

        found, flagged = judged(record(sales, incidents + bad, WEEKS, products))

        assert is_sound(found)
        assert flagged == ("S000",)

    def test_weeks_in_which_nothing_happened_are_weeks(self) -> None:
        sales, incidents = ordinary(5)
        silent = {monday(week) for week in range(10, 16)}

        found, flagged = judged(
            record(
                [each for each in sales if each[1] not in silent],
                [each for each in incidents if not {each[1], each[2]} & silent],
                WEEKS,
            )
        )

        assert is_sound(found)
        assert flagged == ()
        assert found.expected.filter(pl.col("week_start").is_in(silent)).height == 6 * 60

    def test_a_renamed_product_is_a_new_one_and_no_problem(self) -> None:
        sales, incidents = ordinary(6)

        def renamed(rows: Rows, place: int) -> Rows:
            """From the fifteenth week of sale on, S000 is called NEW."""
            return [
                ("NEW", *each[1:]) if each[0] == "S000" and each[place] >= monday(15) else each
                for each in rows
            ]

        found, flagged = judged(record(renamed(sales, 1), renamed(incidents, 2), WEEKS))

        assert is_sound(found)
        assert flagged == ()
        assert row(found, "NEW")["lift"] == pytest.approx(row(found, "S001")["lift"], abs=0.8)

    def test_ten_years_of_history_say_what_the_last_one_says(self) -> None:
        weeks = 520
        sales, incidents = ordinary(7, weeks, products=12)
        bad: Rows = [
            ("S000", monday(week), monday(week), 1, "defect")
            for week in range(weeks - 12, weeks)
            for _ in range(3)
        ]

        found, flagged = judged(record(sales, incidents + bad, weeks))

        assert is_sound(found)
        assert flagged == ("S000",)
        since = row(found, "S000")["since"]
        assert monday(weeks - 14) <= since <= monday(weeks - 10)
        assert found.expected.height == 12 * weeks

    def test_a_shop_to_which_nothing_comes_back_has_no_problem(self) -> None:
        sales, _ = ordinary(8)

        found, flagged = judged(record(sales, [], WEEKS))

        assert is_sound(found)
        assert flagged == ()
        assert (found.evidence["excess_units"] == 0).all()

    def test_corrections_that_sell_less_than_nothing_are_no_sales(self) -> None:
        """Importers set them aside; one that got through must not make returns look expected."""
        sales, incidents = ordinary(9)
        correction: Rows = [("S000", monday(5), 1, -40, -4000, "EUR")]

        found, flagged = judged(record(sales + correction, incidents, WEEKS))

        assert is_sound(found)
        assert flagged == ()
