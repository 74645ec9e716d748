import errno
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from sqlalchemy.exc import OperationalError

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
        "a returned row names an order that is not among the orders (line 2: other)"
        in capsys.readouterr().out
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


def test_another_zone_for_what_is_known_changes_nothing(shop: Any, write: Write) -> None:
    orders = write("orders.csv", ORDERS, FIRST)
    shop.import_history(orders, write("returns.csv", RETURNS), timezone="Europe/Berlin")
    before = shop.log()

    shop.import_history(orders, write("returns.csv", RETURNS), timezone="Asia/Shanghai")

    assert shop.log() == before


def test_an_order_that_stays_as_recorded_takes_no_return_of_what_it_never_held(
    shop: Any, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    _import(shop, write, [FIRST], [])

    _import(shop, write, [FIRST, FIRST.replace("S1", "S2")], [BACK.replace("S1", "S2")])

    (line,) = shop.data("return.requested")[0]["lines"]
    assert (line["sku"], line["order_id"]) == ("S2", None)
    assert "differs from what is recorded" in capsys.readouterr().out


def test_units_that_came_back_before_cannot_come_back_again(shop: Any, write: Write) -> None:
    _import(shop, write, [FIRST], [BACK])
    recorded = _units_returned(shop)

    _import(shop, write, [FIRST], [BACK.replace("r1", "r2")])

    assert _units_returned(shop) == recorded


def _units_returned(shop: Any) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = shop.query(
        """select order_id, order_line_no, sum(quantity) from return_lines
           where order_id is not null group by 1, 2 order by 1, 2"""
    )
    return found


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "nothing was imported, free space for"),
        (
            duckdb.IOException("IO Error: No space left on device"),
            "nothing was imported, free space for .*imports/",
        ),
        (
            OperationalError("begin", {}, Exception("database is locked")),
            "database is locked.*nothing was imported",
        ),
        (KeyboardInterrupt(), "interrupted"),
    ],
    ids=["disk", "workspace", "lock", "ctrl-c"],
)
def test_what_stops_an_import_is_said_and_leaves_nothing(
    shop: Any, write: Write, monkeypatch: pytest.MonkeyPatch, stop: BaseException, said: str
) -> None:
    def stopped(_: object) -> None:
        raise stop

    monkeypatch.setattr(shop.retour.history, "import_", stopped)

    with pytest.raises(UserError, match=f"{said}.*run it again"):
        _import(shop, write, [FIRST], [BACK])

    assert list((shop.settings.var_dir / "imports").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ORDERS.encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (gzip.compress(ORDERS.encode()), "is compressed"),
        (b"\n" + ORDERS.encode() + b"\n", "line 1: it is empty"),
        (ORDERS.replace("title", "SKU").encode() + b"\n", "appear twice"),
    ],
    ids=["utf-16", "gzip", "blank", "twice"],
)
def test_a_file_of_another_kind_is_named_for_what_it_is(
    shop: Any, tmp_path: Path, write: Write, content: bytes, said: str
) -> None:
    (tmp_path / "orders.csv").write_bytes(content)

    with pytest.raises(UserError, match=said):
        shop.import_history(tmp_path / "orders.csv", write("r.csv", RETURNS), timezone="UTC")


@pytest.mark.parametrize("name", ["o*.csv", "[o].csv", "o?.csv"])
def test_a_file_is_that_file_whatever_its_name(shop: Any, write: Write, name: str) -> None:
    for other in ("o2.csv", "o.csv", "ox.csv"):
        write(other, ORDERS, SECOND)

    shop.import_history(write(name, ORDERS, FIRST), write("r.csv", RETURNS), timezone="UTC")

    assert shop.query("select order_id from orders") == [("o1",)]


@pytest.mark.parametrize(
    ("title", "line"), [("plain", 4), ('"a title\nin three\nlines"', 6)], ids=["blank", "long"]
)
def test_a_line_number_is_the_files_own(shop: Any, write: Write, title: str, line: int) -> None:
    first, bad = FIRST.replace("Shirt", title), SECOND.replace(",2,", ",none,")

    with pytest.raises(UserError, match=f"orders.csv, line {line}: quantity 'none'"):
        shop.import_history(
            write("orders.csv", ORDERS, first, "", bad),
            write("returns.csv", RETURNS),
            timezone="UTC",
        )


def test_a_returns_own_line_numbers_are_taken(shop: Any, write: Write) -> None:
    shop.import_history(
        write("orders.csv", ORDERS, FIRST),
        write("returns.csv", RETURNS + ",line", BACK + ",1"),
        timezone="UTC",
    )

    assert len(shop.data("return.requested")) == 1


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
        ([FIRST, SECOND.replace("20.00", "19.9999999")], [], "unit_price '19.9999999'"),
        ([FIRST, SECOND.replace("20.00", "19.99999999999")], [], "unit_price '19.99999999999'"),
        ([FIRST, SECOND.replace(",2,", ",1.9999,")], [], "quantity '1.9999'"),
        ([FIRST, SECOND.replace("20.00", '"19,99"')], [], "line 3: .*with a decimal point"),
        (
            [FIRST, SECOND.replace("20.00", "999999999999")],
            [],
            "line 3: .*more than 1,000,000,000,000",
        ),
        ([FIRST.replace("2024-05-01", "1985-05-01")], [], "between 1990 and now"),
        ([FIRST.replace("2024-05-01", "2300-05-01")], [], "between 1990 and now"),
        ([FIRST.replace("2024-05-01", "0001-05-01")], [], "ordered_at '0001-05-01"),
        ([FIRST.replace("2024-05-01 10:00:00", "9999-12-31 23:59:59-12:00")], [], "'9999-12-31"),
        (
            [FIRST],
            [BACK, BACK.replace("ann", "bob")],
            "returns.csv, line 3: return r1 has more than one customer",
        ),
        (
            [FIRST],
            [BACK.replace("2024-05-10", "2024-04-10").replace(",,ann", ",o1,ann")],
            "is before its order",
        ),
        ([FIRST.replace("o1", "o\x01")], [], "order_id .* holds control characters"),
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
