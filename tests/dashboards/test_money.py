from datetime import date, timedelta

import duckdb
import polars as pl
import pytest
from published_figures import LAST, cost_monthly, figures, refunds_daily
from published_shop import PublishMarts, Visit, problems, product_marts

from dashboards.charts.money import stacked_money
from dashboards.queries import money as queries
from dashboards.queries.periods import Period
from dashboards.texts import Texts

PAGE = "money"
WEEK = Period(LAST - timedelta(days=6), LAST)
BEFORE = Period(date(2020, 1, 1), date(2020, 1, 31))


class TestWhatWentBack:
    def test_a_period_counts_both_its_ends_and_one_currency(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.went_back(marts, "EUR", WEEK) == queries.WentBack(28, 29_400, 3_500, 7, 7)
        assert queries.went_back(marts, "GBP", WEEK) == queries.WentBack(1, 9_900, 0, 0, 0)

    def test_of_those_tried_a_share_was_refused(self, marts: duckdb.DuckDBPyConnection) -> None:
        assert queries.went_back(marts, "EUR", WEEK).failed_share == pytest.approx(7 / 35)
        assert queries.went_back(marts, "EUR", BEFORE).failed_share is None

    def test_each_means_has_its_own_sums(self, marts: duckdb.DuckDBPyConnection) -> None:
        rows = queries.by_means(marts, "EUR", WEEK)

        assert rows.select("means", "refunds", "refund_minor", "failed", "failed_share").rows() == [
            ("original", 21, 22_050, 0, 0.0),
            ("bank_transfer", 7, 7_350, 7, 0.5),
        ]

    def test_a_means_takes_the_hours_of_its_middle_day_each_by_its_refunds(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        refused, busy = pl.col("day") == LAST, pl.col("day") == LAST - timedelta(days=1)
        marts.register(
            "refunds_daily",
            refunds_daily()
            .filter(means="original", currency="EUR")
            .with_columns(
                refunds=pl.when(refused).then(0).when(busy).then(18).otherwise("refunds"),
                median_hours=pl.when(busy).then(10.0).when(~refused).then("median_hours"),
            ),
        )

        rows = queries.by_means(marts, "EUR", Period(LAST - timedelta(days=3), LAST))

        assert rows["median_hours"].to_list() == [10.0]  # six refunds of 20 hours, 18 of ten

    @pytest.mark.parametrize(("days", "step"), [(6, "day"), (80, "week")])
    def test_the_course_has_the_same_sums_in_steps_that_fit(
        self, marts: duckdb.DuckDBPyConnection, days: int, step: str
    ) -> None:
        period = Period(LAST - timedelta(days=days), LAST)

        found, rows = queries.over_time(marts, "EUR", period)

        assert found == step
        assert rows["refund_minor"].sum() == queries.went_back(marts, "EUR", period).refund_minor
        assert rows.select("starts", "means").is_unique().all()

    def test_a_period_without_refunds_has_no_course(self, marts: duckdb.DuckDBPyConnection) -> None:
        assert queries.over_time(marts, "EUR", BEFORE)[1].is_empty()


class TestCosts:
    def test_months_are_whole_and_at_least_the_last_six(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.costs_by_month(marts, "EUR", WEEK)

        assert rows["month"].to_list() == [
            date(2026, 3, 1),
            date(2026, 2, 1),
            date(2026, 1, 1),
            date(2025, 12, 1),
            date(2025, 11, 1),
            date(2025, 10, 1),
        ]
        assert rows.row(0, named=True) == {
            "month": date(2026, 3, 1),
            "refunds": 100_000,
            "freight": 20_000,
            "handling": 5_000,
            "write_down": 30_000,
            "goodwill": 0,
            "total": 155_000,
            "unpriced": 2,
        }

    def test_the_month_of_the_shop_s_day_is_not_over_before_its_last_day(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        months = queries.costs_by_month(marts, "EUR", WEEK)

        assert queries.unfinished_month(months, LAST) == date(2026, 3, 1)
        assert queries.unfinished_month(months, date(2026, 3, 31)) is None
        assert queries.unfinished_month(months, date(2026, 4, 2)) is None

    def test_a_longer_period_has_all_its_months(self, marts: duckdb.DuckDBPyConnection) -> None:
        assert len(queries.costs_by_month(marts, "EUR", Period(date(2025, 8, 20), LAST))) == 8
        assert len(queries.costs_by_month(marts, "EUR", Period(date.min, LAST))) == 8

    def test_a_kind_that_another_version_brings_is_in_the_total(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        kind = pl.when(pl.col("kind") == "freight").then(pl.lit("customs"))
        marts.register("cost_monthly", cost_monthly().with_columns(kind=kind.otherwise("kind")))

        row = queries.costs_by_month(marts, "EUR", WEEK).row(0, named=True)

        assert (row["freight"], row["total"]) == (0, 155_000)

    def test_rows_to_take_along_are_the_marts(self, marts: duckdb.DuckDBPyConnection) -> None:
        rows = queries.cost_rows(marts, "GBP", WEEK)

        assert rows.rows() == [(date(2026, 3, 1), "refunds", "GBP", 9_900, 1, 0)]
        assert rows.columns == cost_monthly().columns


class TestCurrencies:
    def test_come_with_the_most_used_one_first(self, marts: duckdb.DuckDBPyConnection) -> None:
        marts.register("cost_monthly", cost_monthly().with_columns(currency=pl.lit("CNY")))

        assert queries.currencies(marts) == ["EUR", "GBP", "CNY"]


class TestStackedMoney:
    def test_stands_one_kind_on_the_other_in_the_glossarys_order(self) -> None:
        rows = pl.DataFrame(
            {
                "starts": [LAST] * 3,
                "kind": ["unheard_of", "b", "a"],
                "amount": [1.0, 2.0, 4.0],
            }
        )

        chart = stacked_money(rows, {"a": "A", "b": "B"}, "month", "EUR", Texts("en"))

        assert chart.data[["name", "foot", "head"]].to_numpy().tolist() == [
            ["A", 0.0, 4.0],
            ["B", 4.0, 6.0],
            ["unheard_of", 6.0, 7.0],
        ]


@pytest.mark.usefixtures("everything")
class TestPage:
    def test_shows_one_currency_and_says_which(self, visit: Visit) -> None:
        euros, pounds = visit(PAGE), visit(PAGE, currency="GBP")

        assert [each.value for each in euros.metric] == ["€1,470", "140", "€175", "35"]
        assert [each.value for each in pounds.metric] == ["£99", "1", "£0", "0"]

    def test_the_urls_period_and_an_unknown_currency(self, visit: Visit) -> None:
        page = visit(
            PAGE, period="own", **{"from": "2026-02-23", "to": "2026-03-01"}, currency="USD"
        )

        assert page.metric[0].value == "€294"
        assert "currency" not in page.query_params

    def test_each_kind_of_cost_says_what_it_is(self, visit: Visit) -> None:
        page = visit(PAGE)

        assert page.metric[0].help == "what refund_minor is"
        months = page.dataframe[1].value
        assert months["Month"].to_list()[:2] == ["2026-03 (so far)", "2026-02"]
        assert any("2026-03 is not over" in each.value for each in page.caption)
        assert months["Refunds"].to_list()[0] == 1000.0

    def test_each_means_says_how_soon_the_money_went_back(self, visit: Visit) -> None:
        assert visit(PAGE).dataframe[0].value["Paid after, h"].to_list() == [20.0, 30.0]

    def test_costs_without_a_rate_are_told_with_the_way_out(self, visit: Visit) -> None:
        (told,) = visit(PAGE).warning

        assert "12 parcels, units or lines" in told.value
        assert "RETOUR_COSTS" in told.value


class TestOneCurrency:
    def test_there_is_nothing_to_choose(self, publish_marts: PublishMarts, visit: Visit) -> None:
        euros = {
            "refunds_daily": refunds_daily().filter(currency="EUR"),
            "cost_monthly": cost_monthly().filter(currency="EUR").with_columns(unpriced=0),
        }
        publish_marts({**figures(), **product_marts(problems(1)), **euros})

        page = visit(PAGE)

        assert "Currency" not in [each.label for each in page.segmented_control]
        assert page.metric[0].value == "€1,470"
        assert not page.warning

    def test_a_period_without_refunds_still_shows_costs(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        none = {"refunds_daily": refunds_daily().filter(day=date(2025, 12, 1))}
        publish_marts({**figures(), **product_marts(problems(1)), **none})

        page = visit(PAGE)

        assert "No money went back" in page.info[0].value
        assert len(page.dataframe) == 1
