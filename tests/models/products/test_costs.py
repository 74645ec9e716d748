import polars as pl
import pytest
from toy_products import Rows, monday, record

from models.products.costs import lost_a_unit
from models.products.record import COSTS, Record


def lost(costs: Rows) -> dict[str, float]:
    sales: Rows = [(sku, monday(0), 9, 9, 900, "EUR") for sku in ("A", "B", "C")]
    plain = record(sales, [], 2)
    of = Record(
        plain.sales,
        plain.incidents,
        plain.products,
        plain.this_week,
        1.0,
        pl.DataFrame(costs, schema=COSTS, orient="row"),
    )
    return {row["sku"]: row["lost"] for row in lost_a_unit(of).iter_rows(named=True)}


class TestLostAUnit:
    def test_much_returned_goods_cost_what_they_cost_and_new_ones_what_is_usual(self) -> None:
        each = lost([("A", "EUR", 2000, 2_000_000), ("B", "EUR", 2000, 200_000)])

        assert each["A"] == pytest.approx(1000, rel=0.01)
        assert each["B"] == pytest.approx(100, rel=0.06)
        assert each["C"] == pytest.approx(550)

    def test_costs_in_another_currency_say_nothing(self) -> None:
        assert lost([("A", "CNY", 10, 5000)]) == {}
