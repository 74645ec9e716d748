from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retour.errors import UserError
from service.domain.events import payload_model

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
SALE = "1,85123A,LIGHT,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"
SALE_LATER = "2,85123A,LIGHT,2,2010-12-02 08:26:00,2.75,17850,United Kingdom"
CREDIT = "C3,85123A,LIGHT,-5,2010-12-03 09:00:00,2.75,17850,United Kingdom"

Write = Callable[..., Path]


def test_an_invoice_is_an_order_with_its_lines(shop: Any, write: Write) -> None:
    again = SALE
    other = "1,22752,BOX,1,2010-12-01 08:26:00,7.65,17850,United Kingdom"

    shop.import_online_retail(write("shop.csv", HEADING, SALE, again, other))

    (order,) = shop.data("order.placed")
    assert order["order_id"] == "1"
    assert order["currency"] == "GBP"
    assert order["country"] == "United Kingdom"
    assert str(order["customer_key"]).startswith("cus_")
    assert [tuple(line.values()) for line in order["lines"]] == [
        (1, "85123A", 6, 255, 0, None),
        (2, "85123A", 6, 255, 0, None),
        (3, "22752", 1, 765, 0, None),
    ]


def test_a_credit_line_takes_the_latest_earlier_purchase_then_the_next_and_keeps_the_rest(
    shop: Any, write: Write
) -> None:
    big = CREDIT.replace("-5", "-9")

    shop.import_online_retail(write("shop.csv", HEADING, SALE, SALE_LATER, big))

    (request,) = shop.data("return.requested")
    assert request["external_ref"] == "C3"
    assert [
        (line["order_id"], line["quantity"], line["value_minor"]) for line in request["lines"]
    ] == [("2", 2, 550), ("1", 6, 1650), (None, 1, 275)]
    (refund,) = shop.data("refund.settled")
    assert refund["amount_minor"] == 9 * 275
    assert len(shop.data("return.closed")) == 1


def test_a_purchase_of_the_same_minute_is_not_earlier(shop: Any, write: Write) -> None:
    credit = CREDIT.replace("2010-12-03 09:00:00", "2010-12-01 08:26:00")

    shop.import_online_retail(write("shop.csv", HEADING, SALE, credit))

    (request,) = shop.data("return.requested")
    assert [line["order_id"] for line in request["lines"]] == [None]


def test_a_credit_line_without_a_customer_is_unmatched(shop: Any, write: Write) -> None:
    shop.import_online_retail(
        write("shop.csv", HEADING, SALE.replace("17850", ""), CREDIT.replace("17850", ""))
    )

    (request,) = shop.data("return.requested")
    assert request["customer_key"] is None
    assert [line["order_id"] for line in request["lines"]] == [None]


def test_what_is_neither_sale_nor_return_is_set_aside_with_reason_and_line(
    shop: Any, write: Write
) -> None:
    file = write(
        "shop.csv",
        HEADING,
        SALE,
        "1,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,17850,United Kingdom",
        "3,22752,damaged,-7,2010-12-01 08:30:00,0.00,,United Kingdom",
        "C4,D,Discount,-1,2010-12-01 09:41:00,27.50,14527,United Kingdom",
    )

    shop.import_online_retail(file)

    (account,) = shop.data("import.completed")
    assert (account["rows_read"], account["rows_sold"], account["rows_returned"]) == (4, 1, 0)
    assert sorted(each["units"] for each in account["set_aside"]) == [-7, -1, 1]
    (listed,) = (shop.settings.var_dir / "imports").glob("*-set-aside.csv")
    assert [row.split(",")[-2] for row in listed.read_text().splitlines()[1:]] == ["3", "4", "5"]


def test_a_sale_at_no_price_is_a_sale(shop: Any, write: Write) -> None:
    shop.import_online_retail(write("shop.csv", HEADING, SALE.replace("2.55", "0")))

    assert shop.query("select quantity, unit_price_minor from order_lines") == [(6, 0)]


def test_a_product_is_called_what_most_of_its_sold_lines_call_it(shop: Any, write: Write) -> None:
    shop.import_online_retail(
        write("shop.csv", HEADING, SALE, SALE.replace("LIGHT", "found"), SALE_LATER)
    )

    assert shop.query("select sku, title from products") == [("85123A", "LIGHT")]


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2011-01-10 10:00:00", "2011-01-10T10:00:00"),
        ("2011-07-10 10:00:00", "2011-07-10T09:00:00"),
        ("2011-03-27 01:30:00", "2011-03-27T01:30:00"),  # skipped: with the offset before
        ("2011-10-30 01:30:00", "2011-10-30T00:30:00"),  # twice: the first
    ],
)
def test_times_are_those_of_london(shop: Any, write: Write, written: str, utc: str) -> None:
    shop.import_online_retail(
        write("shop.csv", HEADING, SALE.replace("2010-12-01 08:26:00", written))
    )

    ((placed,),) = shop.query("select placed_at_us from orders")
    assert str(pl.Series([placed]).cast(pl.Datetime("us")).dt.to_string("%FT%T")[0]) == utc


def test_the_imported_is_known_to_the_service_as_it_is_to_the_log(shop: Any, write: Write) -> None:
    shop.import_online_retail(write("shop.csv", HEADING, SALE, SALE_LATER, CREDIT))

    assert shop.query("select count(*) from orders") == [(2,)]
    assert shop.query(
        "select order_id, quantity, authorization_state, resolution_state from return_lines"
    ) == [("2", 2, "authorized", "refunded"), ("1", 3, "authorized", "refunded")]


def test_every_event_is_what_its_model_would_write_and_in_order_of_time(
    shop: Any, write: Write
) -> None:
    odd = '"1","22752","SAY ""HI"" \\ £5, ""日本""",1,2010-12-01 08:26:00,7.65,17850,United Kingdom'

    shop.import_online_retail(write("shop.csv", HEADING, SALE, odd, SALE_LATER, CREDIT))

    log = shop.log()
    for each in log:
        model = payload_model(each.type)
        assert model.model_validate_json(each.data).model_dump_json() == each.data
        assert each.origin == "import"
    assert [each.time_us for each in log] == sorted(each.time_us for each in log)


def test_a_second_run_adds_nothing_and_says_so(
    shop: Any, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write("shop.csv", HEADING, SALE, SALE_LATER, CREDIT)
    shop.import_online_retail(file)
    before = shop.log()

    shop.import_online_retail(file)

    assert shop.log() == before
    assert "Nothing new" in capsys.readouterr().out


def test_an_invoice_that_differs_stays_as_first_recorded(
    shop: Any, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.import_online_retail(write("shop.csv", HEADING, SALE))

    changed = SALE.replace(",6,", ",7,")
    shop.import_online_retail(write("again.csv", HEADING, changed, SALE_LATER))

    assert "although the file differs: 1 order." in " ".join(capsys.readouterr().out.split())
    assert shop.query("select order_id, quantity from order_lines order by 1") == [
        ("1", 6),
        ("2", 2),
    ]


def test_headings_of_the_second_edition_are_understood(shop: Any, write: Write) -> None:
    heading = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"

    shop.import_online_retail(write("shop.csv", heading, SALE.replace("17850", "17850.0")))

    assert len(shop.data("order.placed")) == 1


@pytest.mark.parametrize("written", ["12/13/2010 8:26", "13/12/2010 8:26", "2010-12-13 08:26:00"])
def test_the_form_of_dates_is_decided_from_the_data(shop: Any, write: Write, written: str) -> None:
    shop.import_online_retail(
        write("shop.csv", HEADING, SALE.replace("2010-12-01 08:26:00", written))
    )

    assert shop.log()[0].time_us == 1292228760000000


def test_dates_that_two_readings_fit_are_read_by_the_order_of_the_file(
    shop: Any, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    first = SALE.replace("2010-12-01 08:26:00", "11/12/2010 8:26")
    second = SALE_LATER.replace("2010-12-02 08:26:00", "12/01/2010 8:26")

    shop.import_online_retail(write("shop.csv", HEADING, first, second))

    assert "month/day/year" in capsys.readouterr().out


def test_undecidable_dates_are_refused(shop: Any, write: Write) -> None:
    file = write("shop.csv", HEADING, SALE.replace("2010-12-01 08:26:00", "01/12/2010 08:26"))

    with pytest.raises(UserError, match="nothing in the file tells which"):
        shop.import_online_retail(file)


def test_latin_1_is_read(shop: Any, write: Write) -> None:
    shop.import_online_retail(
        write("shop.csv", HEADING, SALE.replace("LIGHT", "LIGHT £5"), encoding="latin-1")
    )

    assert shop.query("select title from products") == [("LIGHT £5",)]


def _frame(file: Path) -> pl.DataFrame:
    return pl.read_csv(file, schema_overrides={"InvoiceNo": pl.String}).with_columns(
        pl.col("InvoiceDate").str.to_datetime()
    )


def _essence(shop: Any) -> list[tuple[object, ...]]:
    return [(each.id, each.type, each.subject, each.data) for each in shop.log()]


def test_every_format_gives_the_same_log(
    open_shop: Callable[[str], Any], write: Write, tmp_path: Path
) -> None:
    rows = (SALE, SALE_LATER, CREDIT, "1,POST,POSTAGE,1,2010-12-02 08:26:00,18.00,17850,France")
    file = write("shop.csv", HEADING, *rows)
    frame = _frame(file)
    frame.write_parquet(tmp_path / "shop.parquet")
    frame.to_pandas().to_excel(tmp_path / "shop.xlsx", index=False)

    logs = []
    for name in ("shop.csv", "shop.parquet", "shop.xlsx"):
        shop = open_shop(name + ".var")
        shop.import_online_retail(tmp_path / name)
        logs.append(_essence(shop))

    assert logs[0] == logs[1] == logs[2]


def test_sheets_that_overlap_count_an_invoice_once(shop: Any, write: Write, tmp_path: Path) -> None:
    import pandas as pd

    frame = _frame(write("shop.csv", HEADING, SALE, SALE_LATER)).to_pandas()
    with pd.ExcelWriter(tmp_path / "two.xlsx") as book:
        frame.to_excel(book, sheet_name="Year 2009-2010", index=False)
        frame.to_excel(book, sheet_name="Year 2010-2011", index=False)

    shop.import_online_retail(tmp_path / "two.xlsx")

    (account,) = shop.data("import.completed")
    assert (account["rows_read"], account["rows_sold"]) == (4, 2)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["a,b,c", "1,2,3"], "no column InvoiceNo or Invoice"),
        ([HEADING, SALE, "2,22752,BOX,1"], "line 3"),
        ([HEADING, SALE, SALE_LATER + ",more"], "line 3"),
        ([HEADING, SALE, SALE_LATER.replace(",2,", ",two,")], "line 3.*Quantity 'two'"),
        ([HEADING, SALE, SALE_LATER.replace("2010-12-02", "2/12/2010")], "line 3.*InvoiceDate"),
        ([HEADING, SALE, SALE_LATER.replace("2.75", "cheap")], "line 3.*UnitPrice 'cheap'"),
        ([HEADING, SALE, SALE_LATER[1:]], "line 3.*InvoiceNo"),
        ([HEADING], "no rows"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line_and_leaves_nothing(
    shop: Any, write: Write, lines: list[str], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        shop.import_online_retail(write("shop.csv", *lines))

    assert not shop.log()
    assert not list((shop.settings.var_dir / "imports").iterdir())


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_parquet_file_is_refused(
    shop: Any, write: Write, tmp_path: Path, kept: float
) -> None:
    path = tmp_path / "shop.parquet"
    _frame(write("shop.csv", HEADING, SALE, SALE_LATER)).write_parquet(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])

    with pytest.raises(UserError, match="not a whole Parquet file"):
        shop.import_online_retail(path)

    assert not shop.log()


def test_a_csv_file_cut_anywhere_in_its_last_line_is_refused(shop: Any, write: Write) -> None:
    path = write("shop.csv", HEADING, SALE, SALE_LATER)
    whole = path.read_bytes()

    for missing in (1, 5, 20, 40):
        path.write_bytes(whole[:-missing])
        with pytest.raises(UserError):
            shop.import_online_retail(path)

    assert not shop.log()


def test_no_such_file_and_no_such_format_are_said(shop: Any, tmp_path: Path) -> None:
    (tmp_path / "shop.txt").write_text("x")

    with pytest.raises(UserError, match="there is no file"):
        shop.import_online_retail(tmp_path / "missing.csv")
    with pytest.raises(UserError, match="save it as one of them"):
        shop.import_online_retail(tmp_path / "shop.txt")


def test_what_a_killed_import_left_is_swept_by_the_next(shop: Any, write: Write) -> None:
    left = shop.settings.var_dir / "imports" / ".work-dead"
    left.mkdir(parents=True)
    (left / "lock").touch()

    shop.import_online_retail(write("shop.csv", HEADING, SALE))

    assert not left.exists()
