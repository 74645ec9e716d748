"""Returns are matched with what is recorded, not with what a later file says of an order."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.orders.schemas import OrderBody, OrderLineBody

Write = Callable[..., Path]

ORDERS = "order_id,ordered_at,customer,sku,quantity,unit_price,currency"
RETURNS = "return_id,requested_at,order_id,customer,sku,quantity"
ORDER = "o1,2024-05-01 10:00:00,ann,S1,3,10.00,EUR"
NAMED = "r1,2024-05-10 10:00:00,o1,ann,S1,3"
UNNAMED = "r1,2024-05-10 10:00:00,,ann,S1,3"


def _import(shop: Any, write: Write, orders: list[str], returns: list[str], **options: str) -> None:
    shop.import_history(
        write("orders.csv", ORDERS, *orders),
        write("returns.csv", RETURNS, *returns),
        **{"timezone": "UTC", **options},
    )


def _lines(shop: Any) -> list[tuple[object, ...]]:
    return shop.query(
        "select order_id, order_line_no, quantity from return_lines order by rma, line_no"
    )


@pytest.mark.parametrize(
    "recorded",
    [
        ORDER.replace("S1", "S2"),
        ORDER.replace(",3,", ",2,"),
        ORDER.replace("10.00", "11.00"),
        ORDER.replace("ann", "bob"),
        ORDER.replace("ann", ""),
        ORDER.replace("EUR", "USD"),
    ],
)
@pytest.mark.parametrize("back", [NAMED, UNNAMED])
def test_an_order_recorded_otherwise_takes_no_part(
    shop: Any, write: Write, recorded: str, back: str
) -> None:
    _import(shop, write, [recorded], [])

    _import(shop, write, [ORDER], [back])

    assert _lines(shop) == [(None, None, 3)]


def test_an_order_that_an_older_retour_recorded_is_the_same(
    shop: Any, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    _import(shop, write, [ORDER], [])
    _forget(shop, ',"discount_minor":0,"shipping_minor":0', ',"discount_minor":0,"exclusion":null')

    _import(shop, write, [ORDER], [NAMED])

    assert "differs" not in capsys.readouterr().out
    assert _lines(shop) == [("o1", 1, 3)]


def _forget(shop: Any, *fields: str) -> None:
    """Write the log as it was written before these fields were added."""
    with shop.retour.context.db.write() as connection:
        for each in fields:
            connection.execute(
                text("update events set data = replace(data, :each, '')"), {"each": each}
            )
    assert not any(each in event.data for event in shop.log() for each in fields)


def test_a_line_that_is_not_recorded_takes_no_part(shop: Any, write: Write) -> None:
    _import(shop, write, [ORDER.replace("S1", "S2")], [])

    _import(shop, write, [ORDER.replace("S1", "S2"), ORDER], [NAMED])

    assert _lines(shop) == [(None, None, 3)]


def test_the_rows_that_name_such_an_order_are_told(
    shop: Any, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    _import(shop, write, [ORDER.replace("S1", "S2")], [])

    _import(shop, write, [ORDER], [UNNAMED, NAMED.replace("r1", "r2"), NAMED.replace("r1", "r3")])

    assert (
        "2 returned rows name an order that is recorded with other lines or another customer and "
        "are kept without one (the first: line 3, order o1)"
        in " ".join(capsys.readouterr().out.split())
    )


@pytest.mark.parametrize("back", [NAMED, UNNAMED])
def test_an_order_recorded_as_the_file_has_it_is_matched(
    shop: Any, write: Write, back: str
) -> None:
    _import(shop, write, [ORDER], [])

    _import(shop, write, [ORDER], [back])

    assert _lines(shop) == [("o1", 1, 3)]


@pytest.mark.parametrize("back", [NAMED, UNNAMED])
def test_units_that_came_back_already_are_not_taken_again(
    shop: Any, write: Write, back: str
) -> None:
    _import(shop, write, [ORDER], [NAMED.replace(",3", ",2").replace("r1", "earlier")])

    _import(shop, write, [ORDER], [back])

    assert shop.query("select sum(quantity) from return_lines where order_id = 'o1'") == [(3,)]
    assert shop.query("select sum(quantity) from return_lines where order_id is null") == [(2,)]


@pytest.mark.parametrize("back", [NAMED, UNNAMED])
def test_an_order_of_the_api_is_matched_by_what_the_api_said(
    shop: Any, write: Write, back: str
) -> None:
    line = OrderLineBody(line_no=1, sku="S2", quantity=1, unit_price_minor=1000)
    shop.retour.orders.place(
        "o1",
        OrderBody(
            customer="ann", currency="EUR", placed_at=shop.retour.context.clock.now(), lines=[line]
        ),
    )

    _import(shop, write, [ORDER], [back])

    assert _lines(shop) == [(None, None, 3)]


def test_a_repeated_import_finds_the_same_matches(
    shop: Any, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    _import(shop, write, [ORDER], [NAMED.replace(",3", ",1"), UNNAMED.replace("r1", "r2")])
    before = shop.log()
    capsys.readouterr()

    _import(shop, write, [ORDER], [NAMED.replace(",3", ",1"), UNNAMED.replace("r1", "r2")])

    said = capsys.readouterr().out
    assert shop.log() == before
    assert "Nothing new" in said
    assert "differs" not in said


def test_an_extended_file_matches_what_is_left(shop: Any, write: Write) -> None:
    first = NAMED.replace(",3", ",1")
    _import(shop, write, [ORDER], [first])

    _import(shop, write, [ORDER], [first, UNNAMED.replace("r1", "r2")])

    assert shop.query(
        "select order_id, sum(quantity) from return_lines group by order_id order by 2"
    ) == [(None, 1), ("o1", 3)]


def test_a_return_from_before_its_order_is_kept_without_it(shop: Any, write: Write) -> None:
    _import(shop, write, [ORDER], [NAMED.replace("05-10", "04-30")])

    assert _lines(shop) == [(None, None, 3)]


def test_lines_of_a_return_stand_in_the_order_of_their_numbers(shop: Any, write: Write) -> None:
    orders = write("orders.csv", ORDERS, ORDER, ORDER.replace("S1", "S2"))
    returns = write(
        "returns.csv", f"{RETURNS},line", f"{NAMED},2", f"{NAMED.replace('S1', 'S2')},1"
    )

    shop.import_history(orders, returns, timezone="UTC")

    assert shop.query("select line_no, sku from return_lines") == [(1, "S2"), (2, "S1")]


def test_another_zone_for_known_orders_changes_nothing(shop: Any, write: Write) -> None:
    _import(shop, write, [ORDER], [NAMED])
    before = shop.log()

    _import(shop, write, [ORDER], [NAMED], timezone="Asia/Shanghai")

    assert shop.log() == before
