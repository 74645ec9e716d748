"""One wrong cell is refused with its line, its column and the way out, and nothing is imported."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retour.errors import UserError

Write = Callable[..., Path]

ORDERS = "order_id;ordered_at;delivered_at;customer;sku;quantity;unit_price;currency"
RETURNS = (
    "return_id;requested_at;order_id;customer;sku;quantity;unit_price;refund_amount;currency;line"
)
ORDER = "o1;2024-05-01 10:00:00;;ann;S1;3;19.99;EUR"
BACK = "r1;2024-05-10 10:00:00;o1;;S1;1;;;;"
UCI = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
SALE = "1,85123A,LIGHT,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"


def _import(shop: Any, write: Write, orders: list[str], returns: list[str], **options: str) -> None:
    shop.import_history(
        write("orders.csv", ORDERS, *orders),
        write("returns.csv", RETURNS, *returns),
        **{"timezone": "UTC", **options},
    )


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (ORDER.replace("19.99", "99999999999"), "unit_price '99999999999' is not an amount from"),
        (ORDER.replace("19.99", "9" * 40), f"unit_price '{'9' * 40}' is not an amount from"),
        (ORDER.replace(";3;19.99", ";3;3333333333.34"), "times its quantity is more than"),
        (ORDER.replace(";3;19.99", ";1000000000;10000000000"), "times its quantity is more than"),
        (ORDER.replace("19.99", "19.9999999"), "unit_price '19.9999999' is not an amount"),
        (ORDER.replace("19.99", "1e-9"), "unit_price '1e-9' is not an amount"),
        (ORDER.replace("19.99", "19,99"), "unit_price '19,99' .*; use a decimal point"),
        (ORDER.replace(";3;", ";1.9999;"), "quantity '1.9999' is not a whole number"),
        (ORDER.replace(";3;", ";2.00000000000000000000001;"), "is not a whole number"),
        (ORDER.replace("2024-05-01", "1989-12-31"), "is not a time from 1990-01-01 to 2025-01-02"),
        (ORDER.replace("2024-05-01", "2025-01-03"), "is not a time from 1990-01-01 to 2025-01-02"),
        (ORDER.replace("2024-05-01", "0001-01-01"), "is not a time from"),
        (ORDER.replace("2024-05-01", "9999-12-31"), "is not a time from"),
        (ORDER.replace("10:00:00;;", "10:00:00;9999-12-31;"), "delivered_at '9999-12-31' is not"),
        (ORDER.replace("10:00:00", "10:00:00+19:00"), "is not a time"),
        (ORDER.replace("2024-05-01 10:00:00", "0000-01-01 10:00:00Z"), "is not a time"),
        (
            ORDER.replace("2024-05-01 10:00:00", "infinity"),
            "ordered_at 'infinity' is not a time from",
        ),
        (ORDER.replace("o1", "o\x001"), "order_id .* holds a control character"),
        (ORDER.replace("S1", '"S\n1"'), "sku .* holds a control character"),
        (ORDER.replace("EUR", "euro"), "currency 'euro' is not a currency.*; mend that line"),
    ],
)
def test_a_bad_cell_of_an_order(shop: Any, write: Write, order: str, said: str) -> None:
    good = ORDER.replace("o1", "o0")

    with pytest.raises(UserError, match=f"(?s)orders.csv, line 3: .*{said}"):
        _import(shop, write, [good, order], [])

    assert not shop.log()


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (BACK.replace(";1;;", ";4;2500000000.01;"), "times its quantity is more than"),
        (BACK.replace(";1;;;", ";1;;99999999999;"), "refund_amount '99999999999' is not"),
        (BACK.replace(";1;", ";1.9999;"), "quantity '1.9999' is not"),
        (BACK.replace("2024-05-10", "2025-05-10"), "requested_at .* is not a time from"),
        (BACK.replace("r1", "r\x7f1"), "return_id .* holds a control character"),
        (BACK + "100001", "line '100001' is not a whole number from 1 to 100,000"),
    ],
)
def test_a_bad_cell_of_a_return(shop: Any, write: Write, back: str, said: str) -> None:
    with pytest.raises(UserError, match=f"(?s)returns.csv, line 2: .*{said}"):
        _import(shop, write, [ORDER], [back])

    assert not shop.log()


def test_the_most_that_a_line_can_be_worth_is_imported(shop: Any, write: Write) -> None:
    dear = ORDER.replace(";3;19.99", ";1;10000000000.00")

    _import(shop, write, [dear], [BACK])

    assert shop.query("select value_minor from return_lines") == [(10**12,)]


def test_a_return_worth_too_much_in_all_is_refused(shop: Any, write: Write) -> None:
    backs = [BACK.replace(";1;;;", f";1;;10000000000;;{n}") for n in (1, 2)]

    with pytest.raises(UserError, match="return r1 is worth 2,000,000,000,000 minor units"):
        _import(shop, write, [ORDER], [back.removesuffix(";;") for back in backs])


def test_line_numbers_are_those_that_the_service_takes(shop: Any, write: Write) -> None:
    orders = write("orders.csv", ORDERS + ";line_no", ORDER + ";100001")

    with pytest.raises(UserError, match="line_no '100001' is not a whole number"):
        shop.import_history(orders, write("r.csv", RETURNS), timezone="UTC")


def test_a_table_without_currencies_is_told_what_to_add(shop: Any, write: Write) -> None:
    orders = write("orders.csv", ORDERS.removesuffix(";currency"), ORDER.removesuffix(";EUR"))

    with pytest.raises(UserError, match="add a column currency, or give --currency"):
        shop.import_history(orders, write("r.csv", RETURNS), timezone="UTC")


@pytest.mark.parametrize("zone", ["Europe", "Europe/Nowhere", "../etc", ""])
def test_an_unknown_zone_is_told(shop: Any, write: Write, zone: str) -> None:
    with pytest.raises(UserError, match="--timezone"):
        _import(shop, write, [ORDER], [], timezone=zone)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("r1;2024-05-10 10:00:00;;bob;S1;1;;;;", "return r1 has more than one customer"),
        ("r1;2024-05-11 10:00:00;;ann;S1;1;;;;", "return r1 was asked for at more than one time"),
        ("r1;2024-05-10 10:00:00;;ann;S1;1;;;USD;", "return r1 has more than one currency"),
        ("r1;2024-05-10 10:00:00;;ann;S1;1;;;;1", "return r1 has line number 1 twice"),
    ],
)
def test_a_return_that_contradicts_itself_is_refused(
    shop: Any, write: Write, second: str, said: str
) -> None:
    with pytest.raises(UserError, match=f"returns.csv, line 3: {said}"):
        _import(shop, write, [ORDER], [BACK + "1", second])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (SALE.replace(",6,", ",6.9999,"), "Quantity '6.9999' is not a whole number"),
        (SALE.replace("2.55", "999999999999"), "UnitPrice '999999999999' times its quantity"),
        (SALE.replace("2.55", "9" * 40), "UnitPrice '9+' is not an amount"),
        (SALE.replace("2010-12-01", "0001-12-13"), "InvoiceDate .* is not a time from"),
        (SALE.replace("85123A", "8512\x003"), "StockCode .* holds a control character"),
    ],
)
def test_a_bad_cell_of_an_invoice(shop: Any, write: Write, line: str, said: str) -> None:
    with pytest.raises(UserError, match=f"shop.csv, line 3: {said}"):
        shop.import_online_retail(write("shop.csv", UCI, SALE, line))


@pytest.mark.parametrize("moment", [datetime(1, 1, 1), datetime(9999, 12, 31)])  # noqa: DTZ001  # of no zone, as in the file
def test_a_frames_moment_out_of_reach_is_refused(
    shop: Any, write: Write, tmp_path: Path, moment: datetime
) -> None:
    frame = pl.DataFrame(
        [["o1", moment, "S1", 1, 19.99, "EUR"]],
        orient="row",
        schema=["order_id", "ordered_at", "sku", "quantity", "unit_price", "currency"],
    )
    frame.write_parquet(tmp_path / "orders.parquet")

    with pytest.raises(UserError, match=r"line 2: ordered_at .* is not a time from"):
        shop.import_history(tmp_path / "orders.parquet", write("r.csv", RETURNS), timezone="UTC")


@pytest.mark.parametrize(
    ("price", "minor"), [(0.1 + 0.2, 30), (19.99, 1999), (1e9 + 0.07, 10**11 + 7)]
)
def test_a_binary_fraction_is_the_amount_that_was_meant(
    shop: Any, write: Write, tmp_path: Path, price: float, minor: int
) -> None:
    frame = pl.DataFrame(
        [["o1", "2024-05-01 10:00:00", "S1", 1, price, "EUR"]],
        orient="row",
        schema=["order_id", "ordered_at", "sku", "quantity", "unit_price", "currency"],
    )
    frame.write_parquet(tmp_path / "orders.parquet")

    shop.import_history(tmp_path / "orders.parquet", write("r.csv", RETURNS), timezone="UTC")

    assert shop.query("select unit_price_minor from order_lines") == [(minor,)]
