import json
import re
import sqlite3
from pathlib import Path

import duckdb
import pytest
from cli_shop import Shop

from service.policies import default_text

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# The definitions of the issue, written independently of the importer, on the raw file.
_SOLD = "regexp_matches(StockCode, '^[0-9]{5}') and Quantity > 0 and InvoiceNo not like 'C%'"
_RETURNED = "regexp_matches(StockCode, '^[0-9]{5}') and InvoiceNo like 'C%'"


def raw(file: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql.replace("FILE", f"'{file}'")).fetchall()


class TestRealShop:
    def test_the_reconciliation_accounts_for_every_row_of_the_file(self, real_shop: Shop) -> None:
        with sqlite3.connect(real_shop.folder / "var" / "retour.db") as connection:
            (text,) = connection.execute(
                "select data from events where type = 'import.completed'"
            ).fetchone()
        summary = json.loads(text)

        aside = sum(each["rows"] for each in summary["set_aside"])
        assert summary["rows_read"] == 541_909
        assert summary["rows_sold"] + summary["rows_returned"] + aside == 541_909
        assert summary["timezone"] == "Europe/London"

    def test_daily_units_equal_an_independent_query_over_the_raw_file(
        self, real_shop: Shop, shop_file: Path
    ) -> None:
        expected = raw(
            shop_file,
            f"""
            select cast(InvoiceDate as date) as day,
                   coalesce(sum(Quantity) filter (where {_SOLD}), 0),
                   coalesce(-sum(Quantity) filter (where {_RETURNED}), 0)
            from FILE where ({_SOLD}) or ({_RETURNED}) group by day order by day
            """,
        )

        found = real_shop.query(
            """select day, units_sold, units_returned from volume_daily
               where units_sold + units_returned > 0 order by day"""
        )

        assert found == expected

    def test_weekly_units_of_each_product_equal_an_independent_query(
        self, real_shop: Shop, shop_file: Path
    ) -> None:
        expected = raw(
            shop_file,
            f"""
            select StockCode as sku, cast(date_trunc('week', InvoiceDate) as date) as week,
                   coalesce(sum(Quantity) filter (where {_SOLD}), 0),
                   coalesce(-sum(Quantity) filter (where {_RETURNED}), 0)
            from FILE where ({_SOLD}) or ({_RETURNED}) group by sku, week order by sku, week
            """,
        )

        found = real_shop.query(
            """select sku, week_start, units_sold, units_returned from sku_weekly
               where units_sold + units_returned > 0 order by sku, week_start"""
        )

        assert found == expected

    def test_it_lists_problem_products_with_their_evidence(self, real_shop: Shop) -> None:
        rows = real_shop.query(
            "select lift_low, lift, lift_high, excess_units, currency from problem_skus"
        )

        assert rows
        assert all(low <= lift <= high for low, lift, high, _, _ in rows)
        assert all(excess > 0 for *_, excess, _ in rows)
        assert {currency for *_, currency in rows} == {"GBP"}

    def test_a_second_import_adds_nothing_and_says_so(
        self, real_shop: Shop, shop_file: Path
    ) -> None:
        before = _log_size(real_shop)

        said = real_shop.retour("import", "online-retail", str(shop_file))

        assert _log_size(real_shop) == before
        assert "nothing new" in said.lower()

    def test_deleting_what_is_derived_and_refreshing_gives_the_same_marts(
        self, real_shop: Shop
    ) -> None:
        before = real_shop.published()
        assert before["problem_skus"]

        real_shop.forget_warehouse()
        real_shop.retour("refresh")
        without_warehouse = real_shop.published()
        real_shop.forget_warehouse()
        real_shop.forget_lake()
        real_shop.retour("refresh")

        assert without_warehouse == before
        assert real_shop.published() == before


class TestAnotherPolicy:
    def test_what_a_fortnight_would_change_equals_a_query_that_knows_no_policy(
        self, real_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Only the window counts here; the file knows no deliveries, so the order's own time stands in for them."""
        in_force, fortnight = tmp_path / "month.toml", tmp_path / "fortnight.toml"
        in_force.write_text(_windows_only(default_text()))
        fortnight.write_text(in_force.read_text().replace("days = 30", "days = 14", 1))
        monkeypatch.setenv("RETOUR_POLICY", str(in_force))
        with sqlite3.connect(real_shop.folder / "var" / "retour.db") as connection:
            judged, returns, value_minor = connection.execute(_IN_BETWEEN).fetchone()

        said = real_shop.retour("policy", "replay", str(fortnight))

        rows = [[cell.strip() for cell in row.split("│")[1:-1]] for row in said.splitlines()]
        assert returns > 500
        assert f"Past returns judged: {judged:,}, of 2010-12-01 to 2011-12-09" in said
        assert ["pass → review", f"{returns:,}", f"{value_minor / 100:,.2f} GBP"] in rows


# Returns with all their orders known, and of them those that came after 14 days but within 30.
_IN_BETWEEN = """
    with judged as (
        select rma, sum(value_minor) as value_minor, max(requested_at_us - placed_at_us) as after_us
        from returns join return_lines using (rma) left join orders
             on orders.order_id = return_lines.order_id
        group by rma having count(*) = count(orders.order_id)
    )
    select count(*),
           count(*) filter (where after_us > 14 * 86400000000 and after_us <= 30 * 86400000000),
           sum(value_minor) filter (
               where after_us > 14 * 86400000000 and after_us <= 30 * 86400000000)
    from judged"""


def _windows_only(policy: str) -> str:
    """A policy without the law's regimes, and with rules that let everything pass."""
    before, _, regimes = policy.partition("[regimes.cn_7_day]")
    policy = f"{before}[regimes]\n[fees]{regimes.partition('[fees]')[2]}"
    for name, value in (("GBP = ", 10**12), ("max_returns = ", 100_000)):
        policy = re.sub(f"{name}[0-9]+", f"{name}{value}", policy)
    return policy


def _log_size(shop: Shop) -> int:
    with sqlite3.connect(shop.folder / "var" / "retour.db") as connection:
        (count,) = connection.execute("select count(*) from events").fetchone()
    return int(count)
