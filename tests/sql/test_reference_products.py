"""A quarter of a practice shop: what came back of its products, why and for how much, added up by hand."""

from collections.abc import Callable
from typing import Any

import pytest
from products_by_hand import returns_money_weekly, sku_reasons
from same_rows import assert_same_rows

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]


class TestReturnsMoneyWeekly:
    def test_every_week_has_what_was_paid_for_what_came_back(self, ask: Ask) -> None:
        rows = ask("select * from marts.returns_money_weekly")

        weeks = ask("select * from marts.sku_weekly")
        sales = ask("select * from intermediate.sales_weekly")
        assert_same_rows(rows, returns_money_weekly(weeks, sales), ("week_start", "currency"))

    def test_the_band_holds_what_is_expected(self, ask: Ask) -> None:
        outside = ask(
            """select * from marts.returns_money_weekly
               where expected_minor < expected_low_minor or expected_minor > expected_high_minor
                   or expected_low_minor < 0"""
        )

        assert outside == []


class TestSkuReasons:
    def test_every_reason_stands_beside_that_of_the_category(self, ask: Ask) -> None:
        rows = ask("select * from marts.sku_reasons")

        incidents = ask("select * from intermediate.return_incidents")
        evidence = ask("select sku, category, since from marts.sku_evidence")
        assert_same_rows(rows, sku_reasons(incidents, evidence), ("sku", "reason"))

    def test_only_products_with_a_sign_of_a_problem_are_told(self, ask: Ask) -> None:
        others = ask(
            """select reasons.sku from marts.sku_reasons as reasons
               inner join marts.sku_evidence as evidence on evidence.sku = reasons.sku
               where evidence.since is null"""
        )

        assert others == []
