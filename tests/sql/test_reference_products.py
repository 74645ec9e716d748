"""A quarter of a practice shop: what came back of its products, why and for how much, added up by hand."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from products_by_hand import mean_prices, returns_money_weekly, sku_costs, sku_reasons, sku_slices
from quarter import ZONE, Quarter
from same_rows import assert_same_rows

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]


class TestReturnsMoneyWeekly:
    def test_every_week_has_what_was_paid_for_what_came_back(
        self, played: Quarter, ask: Ask
    ) -> None:
        rows = ask("select * from marts.returns_money_weekly")

        expected = returns_money_weekly(
            played.log, ask("select * from marts.sku_weekly"), ZoneInfo(ZONE)
        )
        assert_same_rows(rows, expected, ("week_start", "currency"))
        assert len({row["currency"] for row in rows}) > 1

    def test_the_band_holds_what_is_expected(self, ask: Ask) -> None:
        outside = ask(
            """select * from marts.returns_money_weekly
               where expected_minor < expected_low_minor or expected_minor > expected_high_minor
                   or expected_low_minor < 0"""
        )

        assert outside == []


class TestSkuEvidence:
    def test_money_counts_in_units_at_the_mean_price_of_its_currency(
        self, played: Quarter, ask: Ask
    ) -> None:
        rows = ask("select * from marts.sku_evidence where money_at_risk_minor > 0")

        prices = mean_prices(played.log)
        assert rows
        for row in rows:
            units = row["money_at_risk_minor"] / prices[row["currency"]]
            assert row["at_stake_units"] == pytest.approx(units)


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


class TestSkuSlices:
    def test_every_line_and_what_came_back_of_it_is_in_its_week_batch_and_country(
        self, ask: Ask
    ) -> None:
        rows = ask("select * from intermediate.sku_slices")

        expected = sku_slices(
            ask(
                """select lines.*, cast(date_trunc('week', days.day) as date) as week_start
                   from staging.order_lines as lines
                   inner join intermediate.order_days as days on days.order_id = lines.order_id"""
            ),
            ask("select * from staging.orders"),
            ask("select seq, sku, lot from lake.product_upserted"),
            ask("select * from intermediate.return_incidents"),
        )
        assert_same_rows(rows, expected, ("sku", "week_start", "lot", "region", "reason"))

    def test_the_quarter_has_batches_countries_and_returns_to_tell_apart(self, ask: Ask) -> None:
        (told,) = ask(
            """select count(distinct lot) as lots, count(distinct region) as regions, sum(incidents) as incidents
               from intermediate.sku_slices"""
        )
        assert told["lots"] > 1
        assert told["regions"] > 1
        assert told["incidents"] > 100


class TestSkuCosts:
    def test_every_return_s_costs_are_shared_by_its_units(self, ask: Ask) -> None:
        rows = ask("select * from intermediate.sku_costs")

        expected = sku_costs(
            ask("select * from intermediate.cost_items"), ask("select * from staging.return_lines")
        )
        assert_same_rows(rows, expected, ("sku", "currency"))
