from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retour.errors import UserError
from service.domain.events import payload_model

Write = Callable[..., Path]

ORDERS = "order_id,ordered_at,delivered_at,customer,sku,title,quantity,unit_price,currency"
RETURNS = (
    "return_id,requested_at,received_at,refunded_at,order_id,customer,sku,quantity,reason,"
    "condition,refund_amount"
)
FIRST = "o1,2024-05-01 10:00:00,2024-05-03 10:00:00,ann,S1,Shirt,3,19.99,EUR"
SECOND = "o2,2024-05-02 10:00:00,,ann,S1,Shirt,2,20.00,EUR"
BACK = "r1,2024-05-10 10:00:00,2024-05-12 10:00:00,2024-05-13 10:00:00,,ann,S1,3,too_small,B,50.00"


def _import(shop: Any, write: Write, orders: list[str], returns: list[str], **options: str) -> None:
    shop.import_history(
        write("orders.csv", ORDERS, *orders),
        write("returns.csv", RETURNS, *returns),
        **{"timezone": "Europe/Berlin", **options},
    )


def test_a_whole_return_is_told_from_request_to_close(shop: Any, write: Write) -> None:
    _import(shop, write, [FIRST, SECOND], [BACK])

    assert [each.type for each in shop.log()] == [
        "product.upserted",
        "order.placed",
        "order.placed",
        "order.delivered",
        "return.requested",
        "return.received",
        "line.inspected",
        "line.inspected",
        "refund.settled",
        "return.closed",
        "import.completed",
    ]


def test_every_event_is_what_its_model_would_write(shop: Any, write: Write) -> None:
    _import(shop, write, [FIRST, SECOND], [BACK])

    for each in shop.log():
        model = payload_model(each.type)
        assert model.model_validate_json(each.data).model_dump_json() == each.data


def test_a_refund_is_shared_among_the_matched_lines_to_the_cent(shop: Any, write: Write) -> None:
    _import(shop, write, [FIRST, SECOND], [BACK])

    (refund,) = shop.data("refund.settled")
    assert refund["amount_minor"] == 5000
    assert [line["amount_minor"] for line in refund["lines"]] == [3333, 1667]


def test_a_return_that_names_its_order_is_matched_there(shop: Any, write: Write) -> None:
    _import(shop, write, [FIRST, SECOND], [BACK.replace(",,ann,", ",o1,,")])

    (request,) = shop.data("return.requested")
    assert request["order_id"] == "o1"
    assert [(line["order_id"], line["quantity"]) for line in request["lines"]] == [("o1", 3)]
    assert request["customer_key"] == shop.data("order.placed")[0]["customer_key"]


def test_a_return_of_an_order_that_is_not_there_is_kept_without_one(
    shop: Any, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    _import(shop, write, [FIRST], [BACK.replace(",,ann,", ",other,ann,")])

    (request,) = shop.data("return.requested")
    assert [line["order_id"] for line in request["lines"]] == [None]
    assert (
        "1 returned row names an order that is not among the orders and is kept without one "
        "(the first: line 2, order other)" in " ".join(capsys.readouterr().out.split())
    )


def test_a_return_without_a_refund_stays_open(shop: Any, write: Write) -> None:
    _import(shop, write, [FIRST], ["r1,2024-05-10 10:00:00,,,,ann,S1,1,,,"])

    assert shop.query("select resolution_state, value_minor from return_lines") == [("open", 1999)]
    assert not shop.data("return.closed")


def test_deliveries_are_known_to_the_service(shop: Any, write: Write) -> None:
    _import(shop, write, [FIRST, SECOND], [])

    assert shop.query("select order_id, line_no, quantity from delivery_lines") == [("o1", 1, 3)]


def test_times_with_an_offset_need_no_zone(shop: Any, write: Write) -> None:
    order = FIRST.replace("2024-05-01 10:00:00", "2024-05-01T10:00:00+08:00")

    _import(shop, write, [order.replace("2024-05-03 10:00:00", "")], [], timezone="")

    assert shop.query("select placed_at_us from orders") == [(1714528800000000,)]
    assert shop.data("import.completed")[0]["timezone"] == "UTC"


@pytest.mark.parametrize(
    ("currency", "price", "minor"),
    [("EUR", "0.29", 29), ("JPY", "1200", 1200), ("KWD", "1.005", 1005)],
)
def test_amounts_are_exact_in_the_currencys_minor_unit(
    shop: Any, write: Write, tmp_path: Path, currency: str, price: str, minor: int
) -> None:
    orders = pl.DataFrame(
        {
            "order_id": ["o1"],
            "ordered_at": ["2024-05-01 10:00:00"],
            "sku": ["S1"],
            "quantity": [1],
            "unit_price": [float(price)],
        }
    )
    orders.write_parquet(tmp_path / "orders.parquet")

    shop.import_history(
        tmp_path / "orders.parquet", write("r.csv", RETURNS), timezone="UTC", currency=currency
    )

    assert shop.query("select unit_price_minor from order_lines") == [(minor,)]


def test_a_second_run_adds_nothing(
    shop: Any, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    _import(shop, write, [FIRST, SECOND], [BACK])
    before = shop.log()

    _import(shop, write, [FIRST, SECOND], [BACK])

    assert shop.log() == before
    assert "Nothing new" in capsys.readouterr().out


def test_a_longer_history_adds_what_is_new(shop: Any, write: Write) -> None:
    _import(shop, write, [FIRST], [])

    _import(shop, write, [FIRST, SECOND], [BACK])

    assert shop.query("select order_id from orders order by 1") == [("o1",), ("o2",)]
    assert len(shop.data("return.requested")) == 1


@pytest.mark.parametrize(
    ("orders", "returns", "said"),
    [
        ([FIRST, SECOND.replace(",2,", ",2.5,")], [], "orders.csv, line 3: quantity '2.5'"),
        ([FIRST, SECOND.replace("20.00", "20.005")], [], "orders.csv, line 3: unit_price '20.005'"),
        ([FIRST, SECOND.replace("o2", "o1").replace("ann", "bob")], [], "more than one customer"),
        ([FIRST.replace("EUR", "euro")], [], "line 2: currency 'euro'"),
        ([FIRST], [BACK.replace(",B,", ",fine,")], "returns.csv, line 2: condition 'fine'"),
        ([FIRST], [BACK, BACK.replace("2024-05-12 10:00:00", "soon")], "returns.csv, line 3"),
        ([FIRST], [BACK.replace("too_small", "x" * 61)], "give a word for the reason"),
        ([], [], "has no rows"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_leaves_nothing(
    shop: Any, write: Write, orders: list[str], returns: list[str], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        _import(shop, write, orders, returns)

    assert not shop.log()
    assert shop.query("select count(*) from orders") == [(0,)]


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        (ORDERS.replace("sku", "product"), "has no column sku"),
        (ORDERS + ",colour", "has an unknown column colour"),
    ],
)
def test_columns_that_are_missing_or_unknown_are_named(
    shop: Any, write: Write, heading: str, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        shop.import_history(write("o.csv", heading), write("r.csv", RETURNS))


def test_naive_times_without_a_zone_are_refused(shop: Any, write: Write) -> None:
    with pytest.raises(UserError, match="say in which they are"):
        _import(shop, write, [FIRST], [], timezone="")
