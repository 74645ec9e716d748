"""What breaks an import off leaves nothing imported, and is told in one sentence."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine, event

from retour.errors import UserError
from retour.importers.history import read_history
from retour.importers.run import run_import

Write = Callable[..., Path]

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
SALE = "1,85123A,LIGHT,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"
POSTAGE = "1,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,17850,United Kingdom"
ORDERS = "order_id,ordered_at,sku,quantity,unit_price,currency"
ORDER = "o1,2024-05-01 10:00:00,S1,3,10.00,EUR"
RETURNS = "return_id,requested_at,sku,quantity"


@pytest.fixture
def full_database() -> Iterator[None]:
    """SQLite answers as on a full disk as soon as a database would grow by more than a few pages."""

    def _leave_no_room(connection: sqlite3.Connection, _: object) -> None:
        (pages,) = connection.execute("pragma page_count").fetchone()
        connection.execute(f"pragma max_page_count = {pages + 2}")

    event.listen(Engine, "connect", _leave_no_room)
    yield
    event.remove(Engine, "connect", _leave_no_room)


def _files(shop: Any) -> list[Path]:
    return list((shop.settings.var_dir / "imports").iterdir())


def test_a_full_disk_under_the_database_is_told(
    shop: Any, write: Write, full_database: None
) -> None:
    shop.retour.context.db.dispose()
    sales = [SALE.replace("1,", f"{n},", 1) for n in range(2_000)]

    with pytest.raises(UserError, match=r"is full\). Nothing was imported; see that .* free space"):
        shop.import_online_retail(write("shop.csv", HEADING, POSTAGE, *sales))

    assert not shop.log()
    assert not _files(shop)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (duckdb.IOException, "IO Error: Could not write file: No space left on device"),
        (duckdb.OutOfMemoryException, "Out of Memory Error: failed to offload data block"),
        (OSError, "No space left on device"),
    ],
)
def test_a_full_disk_under_the_workspace_is_told(
    shop: Any, kind: type[Exception], said: str
) -> None:
    def _fail(*_: object) -> Any:
        raise kind(said)

    with pytest.raises(UserError, match=said) as told:
        run_import(shop.settings, shop.retour, _fail)

    assert "Nothing was imported" in str(told.value)
    assert not _files(shop)


def test_a_file_is_not_blamed_for_a_full_disk(shop: Any, write: Write, tmp_path: Path) -> None:
    orders = write("orders.csv", ORDERS, *[ORDER.replace("o1", f"o{n}") for n in range(300_000)])
    returns = write("returns.csv", RETURNS)

    def _read_in_little_room(con: duckdb.DuckDBPyConnection, now: Any) -> Any:
        con.execute("set memory_limit = '8MB'")
        con.execute("set max_temp_directory_size = '1MB'")
        return read_history(con, orders, returns, timezone="UTC", currency="", now=now)

    with pytest.raises(UserError, match="the import broke off") as told:
        run_import(shop.settings, shop.retour, _read_in_little_room)

    assert "orders.csv" not in str(told.value)


# DuckDB answers Ctrl-C during a query with a bare RuntimeError, and while it reads a frame with an error of its own.
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (KeyboardInterrupt, ""),
        (RuntimeError, "Query interrupted"),
        (duckdb.InvalidInputException, "reading as Arrow data failed: KeyboardInterrupt:"),
    ],
)
def test_ctrl_c_says_that_nothing_was_imported(
    shop: Any, kind: type[BaseException], said: str
) -> None:
    def _stop(*_: object) -> Any:
        raise kind(said)

    with pytest.raises(UserError, match=r"the import was stopped\. Nothing was imported"):
        run_import(shop.settings, shop.retour, _stop)

    assert not _files(shop)


def test_no_file_lists_what_was_set_aside_where_nothing_was(
    shop: Any, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.import_online_retail(write("shop.csv", HEADING, SALE))

    assert "set aside" not in capsys.readouterr().out
    assert not _files(shop)


def test_how_to_see_it_is_told(shop: Any, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    shop.import_online_retail(write("shop.csv", HEADING, SALE))

    assert "`retour refresh` brings it to the dashboards" in capsys.readouterr().out
