from datetime import date, datetime, time, timedelta

import duckdb
import polars as pl
import pytest
from published_shop import (
    cases,
    family,
    flags,
    money_weekly,
    problems,
    product_marts,
)

from dashboards.queries import past_actions
from dashboards.queries import problem_products as queries
from dashboards.queries.supplier_report import supplier_report, vendors

TODAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12)  # noqa: DTZ001  # UTC, as published


def connected(rows: pl.DataFrame, **answered: str) -> duckdb.DuckDBPyConnection:
    """A connection in which the marts of these products are views."""
    connection = duckdb.connect()
    frames = {**product_marts(rows), "product_flags": flags(rows, **answered)}
    for name, frame in {**frames, "cases_daily": cases()}.items():
        connection.register(name, frame)
    return connection


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return connected(problems(4))


def listed(rows: pl.DataFrame, **answered: str) -> pl.DataFrame:
    return queries.flagged(connected(rows, **answered), queries.Choice())


class TestFlagged:
    def test_flagged_products_come_with_most_money_first_and_cleared_ones_not(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.flagged(connection, queries.Choice())

        assert rows["sku"].to_list() == ["SKU-3", "SKU-2", "SKU-1", "SKU-0"]
        assert queries.flagged_count(connection) == 4

    @pytest.mark.parametrize(
        ("choice", "found"),
        [
            (queries.Choice(search="number 2"), ["SKU-2"]),
            (queries.Choice(search="sku-1"), ["SKU-1"]),
            (queries.Choice(search="搪瓷"), ["SKU-0"]),
            (queries.Choice(search="100%"), ["SKU-0"]),
            (queries.Choice(search="_"), []),
            (queries.Choice(search="' or 1=1 --"), []),
            (queries.Choice(category="Lamps"), ["SKU-2", "SKU-0"]),
            (queries.Choice(category="Lamps", vendor="Lumen"), ["SKU-2"]),
        ],
    )
    def test_search_and_filters_take_the_words_as_they_are(
        self, connection: duckdb.DuckDBPyConnection, choice: queries.Choice, found: list[str]
    ) -> None:
        assert queries.flagged(connection, choice)["sku"].to_list() == found

    def test_the_interval_of_the_lift_is_carried_over_to_units_and_money(self) -> None:
        rows = listed(problems(1))  # lift 2.0, from 1.5 to 3.0; 10 units, 10 euros

        bounds = rows.select("excess_low", "excess_high", "money_low", "money_high").row(0)
        assert bounds == pytest.approx((5.0, 20.0, 500.0, 2000.0))

    def test_an_interval_that_reaches_below_expectation_begins_at_nothing(self) -> None:
        rows = listed(problems(1).with_columns(lift_low=0.8))

        assert rows.select("excess_low", "money_low").row(0) == (0.0, 0.0)

    def test_without_a_lift_all_that_is_known_is_the_excess_itself(self) -> None:
        rows = listed(problems(1).with_columns(lift=1.0))

        assert rows.select("excess_low", "excess_high").row(0) == (0.0, 10.0)

    def test_a_flag_that_somebody_looks_into_is_still_to_be_answered(self) -> None:
        rows = listed(problems(4), SKU_0="acknowledged", SKU_1="acted", SKU_2="dismissed")

        states = dict(rows.select("sku", "state").iter_rows())
        assert states == {"SKU-0": "open", "SKU-1": "acted", "SKU-2": "dismissed", "SKU-3": "open"}

    def test_a_flag_that_the_service_does_not_know_yet_is_to_be_answered(self) -> None:
        connection = connected(problems(1))
        connection.register("product_flags", flags(problems(1)).clear())

        assert queries.flagged(connection, queries.Choice())["state"].to_list() == ["open"]

    def test_the_headline_sums_what_is_shown(self, connection: duckdb.DuckDBPyConnection) -> None:
        sums = queries.headline(queries.flagged(connection, queries.Choice()))

        assert (sums.products, sums.excess_units) == (4, 100.0)
        assert sums.money_at_risk == {"EUR": 10_000}


class TestAnswers:
    def test_what_was_answered_since_the_data_were_made_shows_at_once(self) -> None:
        answer = queries.Answer("acted", "size_note", NOON)

        rows = queries.with_answers(listed(problems(2)), {"flag-of-SKU-1": answer})

        assert rows.select("state", "action").rows() == [("acted", "size_note"), ("open", None)]

    def test_what_the_data_know_later_counts_more(self) -> None:
        early = queries.Answer("acknowledged", None, NOON - timedelta(days=1))

        rows = queries.with_answers(listed(problems(1), SKU_0="acted"), {"flag-of-SKU-0": early})

        assert rows["state"].to_list() == ["acted"]


class TestFamilies:
    def test_sizes_that_share_a_problem_are_one_row(self) -> None:
        (row,) = queries.families(listed(family(4))).to_dicts()

        assert row["skus"] == ["SKU-3", "SKU-2", "SKU-1", "SKU-0"]
        assert row["flag_ids"] == [f"flag-of-{sku}" for sku in row["skus"]]
        assert (row["sku"], row["variants"], row["excess_units"]) == ("SKU-3", 4, 100.0)
        assert [(each["currency"], each["minor"]) for each in row["money"]] == [("EUR", 10_000)]

    def test_their_money_is_not_added_up_over_currencies(self) -> None:
        rows = family(2).with_columns(currency=pl.Series(["EUR", "CNY", "EUR"]))

        (row,) = queries.families(listed(rows)).to_dicts()

        assert {(each["currency"], each["minor"]) for each in row["money"]} == {
            ("CNY", 2000),
            ("EUR", 1000),
        }

    def test_sizes_with_problems_of_their_own_are_rows_of_their_own(self) -> None:
        rows = family(4).with_columns(of_family=pl.lit(value=False))

        assert len(queries.families(listed(rows))) == 4

    def test_a_size_that_was_answered_alone_leaves_the_others(self) -> None:
        rows = queries.families(listed(family(3), SKU_1="acted"))

        assert dict(rows.select("state", "variants").iter_rows()) == {"open": 2, "acted": 1}

    def test_the_row_with_most_money_is_first_though_no_size_of_it_is_the_dearest(self) -> None:
        rows = family(4).with_columns(
            of_family=pl.Series([True, True, True, False, False]),
            at_stake_units=pl.Series([0.2, 0.2, 0.2, 0.3, 0.0]),
        )

        shown = queries.families(listed(rows))

        assert shown["skus"].to_list() == [["SKU-2", "SKU-1", "SKU-0"], ["SKU-3"]]

    def test_a_small_unit_of_money_makes_nothing_dear(self) -> None:
        rows = problems(2).with_columns(
            currency=pl.Series(["CNY", "EUR", "EUR"]),
            money_at_risk_minor=pl.Series([100_000, 50_000, 0]),
            at_stake_units=pl.Series([7.0, 28.0, 0.0]),
        )
        listing = listed(rows)

        assert listing["sku"].to_list() == ["SKU-1", "SKU-0"]
        assert queries.families(listing)["sku"].to_list() == ["SKU-1", "SKU-0"]
        assert queries.summed_by(listing, "category")["currency"].to_list() == ["EUR", "CNY"]

    def test_without_a_flag_there_is_no_row(self) -> None:
        assert queries.families(listed(problems(0))).is_empty()


def course(returned: list[int], flagged_at: datetime) -> str:
    """The course of a product of which these units came back in the eight whole weeks before today."""
    connection = duckdb.connect()
    monday = TODAY - timedelta(days=TODAY.weekday())
    weeks = [monday - timedelta(weeks=8 - place) for place in range(8)]
    frame = pl.DataFrame(
        {"sku": "A", "week_start": [*weeks, monday], "units_returned": [*returned, 99]}
    ).with_columns(units_expected=pl.lit(5.0))
    connection.register("sku_weekly", frame)
    problem = pl.DataFrame({"sku": ["A"], "flagged_at": [flagged_at], "status": ["flagged"]})
    connection.register("problem_skus", problem)
    since = datetime.combine(TODAY - timedelta(days=queries.NEW_DAYS), time())
    (row,) = queries.courses(connection, TODAY, since).rows()
    return str(row[1])


class TestCourses:
    @pytest.mark.parametrize(
        ("returned", "expected"),
        [
            ([10, 10, 10, 10, 20, 20, 20, 20], "worse"),
            ([20, 20, 20, 20, 10, 10, 10, 10], "better"),
            ([10, 10, 10, 10, 11, 10, 11, 10], "steady"),  # what one week differs from another
            ([0] * 8, "steady"),
        ],
    )
    def test_four_weeks_are_compared_with_the_four_before(
        self, returned: list[int], expected: str
    ) -> None:
        assert course(returned, NOON - timedelta(days=30)) == expected

    @pytest.mark.parametrize(("days", "expected"), [(6, "new"), (8, "steady")])
    def test_a_flag_is_new_for_seven_days(self, days: int, expected: str) -> None:
        assert course([10] * 8, NOON - timedelta(days=days)) == expected


class TestLastWeek:
    def test_is_the_last_whole_one(self, connection: duckdb.DuckDBPyConnection) -> None:
        (week,) = queries.last_week(connection, date(2026, 2, 25))

        assert week.week_start == date(2026, 2, 16)
        assert (week.returned_minor, week.expected_low_minor) == (150_000, 80_000)

    def test_the_currency_of_most_products_comes_first(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        yen = money_weekly().with_columns(
            pl.lit("JPY").alias("currency"), pl.col("expected_minor") * 100
        )
        connection.register("returns_money_weekly", pl.concat([yen, money_weekly()]))

        weeks = queries.last_week(connection, date(2026, 2, 25))

        assert [each.currency for each in weeks] == ["EUR", "JPY"]

    def test_of_a_week_without_data_nothing_is_told(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.last_week(connection, date(2027, 1, 1)) == []


def test_only_safety_reports_that_are_open_are_counted(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert queries.safety_reports(connection) == 2


def test_flags_are_summed_by_category_and_currency(connection: duckdb.DuckDBPyConnection) -> None:
    rows = queries.summed_by(queries.flagged(connection, queries.Choice()), "category")

    assert rows.rows() == [
        ("Kitchen", "EUR", 2, 60.0, 6000),
        ("Lamps", "EUR", 2, 40.0, 4000),
    ]


class TestPastActions:
    def test_the_newest_come_first_and_are_counted_by_verdict(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        rows = past_actions.actions(connection, queries.Choice())

        assert rows["sku"].to_list() == ["SKU-2", "SKU-1", "SKU-0"]
        assert past_actions.counted(rows) == {"worked": 1, "did_not": 1, "too_early": 1}

    def test_the_page_s_filters_hold_for_them_too(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        rows = past_actions.actions(connection, queries.Choice(category="Kitchen"))

        assert rows["sku"].to_list() == ["SKU-1"]


class TestSupplierReport:
    def test_its_batch_is_the_one_that_the_page_shows(self) -> None:
        """The flag was raised on another batch than the one that explains the excess today."""
        connection = duckdb.connect()
        rows = problems(2)
        lots = pl.when(sku="SKU-1").then(pl.lit("2026-01"))
        connection.register("problem_skus", rows)
        connection.register("product_flags", flags(rows).with_columns(culprit_value=lots))

        report = supplier_report(connection, "Lumen")

        assert report["lot"].to_list() == ["2026-02"]

    def test_a_vendor_is_offered_where_its_report_has_a_row(self) -> None:
        connection = connected(problems(3), SKU_1="dismissed")
        assert vendors(connection) == ["Lumen"]
        assert supplier_report(connection, "Lumen")["sku"].to_list() == ["SKU-2"]

        connection = connected(problems(3), SKU_1="dismissed", SKU_2="dismissed")
        assert vendors(connection) == []
        assert supplier_report(connection, "Lumen").is_empty()

    def test_a_flag_raised_anew_after_a_dismissal_counts(self) -> None:
        connection = duckdb.connect()
        rows = problems(2)
        old = flags(rows, SKU_1="dismissed").with_columns(flag_id=pl.lit("a"))
        new = flags(rows).with_columns(flagged_at=pl.col("flagged_at") + timedelta(days=9))
        connection.register("problem_skus", rows)
        connection.register("product_flags", pl.concat([new, old]))

        assert vendors(connection) == ["Lumen"]
