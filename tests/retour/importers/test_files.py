"""What the readers of files make of names, places and damage."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retour.errors import UserError

Write = Callable[..., Path]

ORDERS = "order_id,ordered_at,customer,sku,title,quantity,unit_price,currency"
RETURNS = "return_id,requested_at,line,customer,sku,quantity,reason"
ORDER = "o1,2024-05-01 10:00:00Z,ann,S1,Shirt,3,19.99,EUR"
BAD = "o2,2024-05-01 10:00:00Z,ann,S1,Shirt,none,19.99,EUR"
UCI = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
SALE = "1,85123A,LIGHT,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"


def _frame(*lines: str) -> pl.DataFrame:
    heading, *rows = lines
    return pl.DataFrame([line.split(",") for line in rows], orient="row", schema=heading.split(","))


def _xlsx(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("name", ["o*.csv", "[x].csv", "o?.csv", "it's.csv"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_name_is_no_pattern(
    shop: Any, write: Write, tmp_path: Path, name: str, suffix: str
) -> None:
    for other in (name, "o2.csv", "x.csv"):
        order_id = "mine" if other == name else "other"
        path = write(other, ORDERS, ORDER.replace("o1", order_id))
        _frame(ORDERS, ORDER.replace("o1", order_id)).write_parquet(path.with_suffix(".parquet"))

    shop.import_history((tmp_path / name).with_suffix(suffix), write("r.csv", RETURNS))

    assert shop.query("select order_id from orders") == [("mine",)]


def test_a_folders_name_adds_no_column(shop: Any, write: Write, tmp_path: Path) -> None:
    folder = tmp_path / "year=2024"
    folder.mkdir()
    _frame(ORDERS, ORDER).write_parquet(folder / "orders.parquet")

    shop.import_history(folder / "orders.parquet", write("r.csv", RETURNS))

    assert shop.query("select order_id from orders") == [("o1",)]


class TestLines:
    @pytest.mark.parametrize(
        ("lines", "line"),
        [
            ([ORDERS, ORDER.replace("Shirt", '"Shirt,\nblue"'), BAD], 4),
            ([ORDERS, "", ORDER, "", "", BAD], 6),
            ([ORDERS, ORDER.replace("Shirt", '"' + "long\n" * 50_000 + '"'), BAD], 50_003),
            ([ORDERS, ORDER, BAD.replace("Shirt", '"Shirt\n\nblue"'), ORDER], 3),
        ],
    )
    def test_a_row_is_where_its_record_begins(
        self, shop: Any, write: Write, lines: list[str], line: int
    ) -> None:
        with pytest.raises(UserError, match=f"orders.csv, line {line}: quantity 'none'"):
            shop.import_history(write("orders.csv", *lines), write("r.csv", RETURNS))

    def test_a_row_of_another_form_is_named_by_its_line(self, shop: Any, write: Write) -> None:
        orders = write("orders.csv", ORDERS, ORDER.replace("Shirt", '"a\nb"'), "", BAD + ",more")

        with pytest.raises(UserError, match=r"orders\.csv, line 5: the table breaks off"):
            shop.import_history(orders, write("r.csv", RETURNS))

    def test_rows_keep_their_values_beside_their_lines(self, shop: Any, write: Write) -> None:
        rows = [ORDER.replace("o1", f"o{n}").replace("Shirt", '"a\nb"') for n in range(1, 4)]

        shop.import_history(write("orders.csv", ORDERS, *rows), write("r.csv", RETURNS))

        assert shop.query("select order_id from orders order by 1") == [("o1",), ("o2",), ("o3",)]

    def test_empty_rows_of_a_sheet_count(self, shop: Any, write: Write, tmp_path: Path) -> None:
        rows = [ORDERS.split(","), ORDER.split(","), [], [], BAD.split(",")]

        with pytest.raises(UserError, match="line 5: quantity 'none'"):
            shop.import_history(_xlsx(tmp_path / "o.xlsx", rows), write("r.csv", RETURNS))

    def test_empty_rows_of_a_sheet_are_no_rows(
        self, shop: Any, write: Write, tmp_path: Path
    ) -> None:
        rows = [ORDERS.split(","), ORDER.split(","), [], ORDER.replace("o1", "o2").split(","), []]

        shop.import_history(_xlsx(tmp_path / "o.xlsx", rows), write("r.csv", RETURNS))

        assert shop.data("import.completed")[0]["rows_read"] == 2

    def test_what_is_set_aside_is_listed_with_its_line(self, shop: Any, write: Write) -> None:
        postage = SALE.replace("85123A", "POST")

        shop.import_online_retail(
            write("shop.csv", UCI, SALE.replace("LIGHT", '"LIGHT\nRED"'), "", postage)
        )

        (listed,) = (shop.settings.var_dir / "imports").glob("*-set-aside.csv")
        assert [row.split(",")[-2] for row in listed.read_text().splitlines()[1:]] == ["5"]


@pytest.mark.parametrize("column", ["row_n", "sheet", "line", "file_row_number"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_may_have_any_column(
    shop: Any, write: Write, tmp_path: Path, column: str, suffix: str
) -> None:
    path = tmp_path / f"shop{suffix}"
    frame = _frame(f"{column},{UCI}", f"7,{SALE}", f"9,{SALE.replace('6', '2', 1)}")
    frame.write_csv(path) if suffix == ".csv" else frame.write_parquet(path)

    shop.import_online_retail(path)

    assert shop.query("select sum(quantity) from order_lines") == [(8,)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"{ORDERS}\n{ORDER}\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"\x1f\x8b\x08\x00rest", "is compressed with gzip; unpack it first"),
        (f"\n{ORDERS}\n{ORDER}\n".encode(), "line 1 is blank, but must hold the names"),
        (f"{ORDERS},SKU\n{ORDER},S1\n".encode(), "the columns sku and SKU have one name"),
        (f"{ORDERS},\n{ORDER},\n".encode(), "line 1: a column has no name"),
    ],
)
def test_what_is_no_such_table_is_told_with_its_way_out(
    shop: Any, write: Write, tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)

    with pytest.raises(UserError, match=said):
        shop.import_history(path, write("r.csv", RETURNS))


class TestEncodings:
    """What is written down for good must be what the shop wrote."""

    def title(self, shop: Any) -> str:
        (told,) = shop.data("product.upserted")
        return str(told["title"])

    @pytest.mark.parametrize(
        ("encoding", "title"),
        [
            ("gb18030", "中文茶杯"),
            ("gbk", "龍井茶、绿"),
            ("big5", "中文茶杯"),
            ("shift_jis", "湯呑み"),
            ("windows-1252", "Tea €5 – “best”"),
            ("utf-16", "中文茶杯"),
            ("utf-8", "中文茶杯"),
            ("utf-8-sig", "中文茶杯"),
            ("latin-1", "Größe"),
        ],
    )
    def test_a_table_is_read_as_it_is_told_to_be_written(
        self, shop: Any, write: Write, encoding: str, title: str
    ) -> None:
        orders = write("o.csv", ORDERS, ORDER.replace("Shirt", title), encoding=encoding)
        returns = write("r.csv", RETURNS, encoding=encoding)

        shop.import_history(orders, returns, encoding=encoding)

        assert self.title(shop) == title

    @pytest.mark.parametrize(
        ("encoding", "title"),
        [
            ("gb18030", "中文茶杯"),
            ("big5", "中文茶杯"),
            ("shift_jis", "湯呑み"),
            ("windows-1252", "Tea – “best”"),
        ],
    )
    def test_what_is_neither_utf_8_nor_latin_1_is_refused_until_it_is_told(
        self, shop: Any, write: Write, encoding: str, title: str
    ) -> None:
        orders = write("o.csv", ORDERS, ORDER.replace("Shirt", title), encoding=encoding)

        with pytest.raises(UserError, match=r"o\.csv is neither .* --encoding gb18030"):
            shop.import_history(orders, write("r.csv", RETURNS))

        assert shop.log() == []

    @pytest.mark.parametrize("title", ["Café", "Tasse, ½ Liter, £5", "Größe und Länge für Käse"])
    def test_latin_1_needs_not_be_told(self, shop: Any, write: Write, title: str) -> None:
        order = ORDER.replace("Shirt", f'"{title}"')

        shop.import_history(
            write("o.csv", ORDERS, order, encoding="latin-1"), write("r.csv", RETURNS)
        )

        assert self.title(shop) == title

    @pytest.mark.parametrize(
        ("encoding", "said"),
        [
            ("utf-8", r"o\.csv is not written in utf-8"),
            ("utf-16", r"o\.csv is not written in utf-16"),
            ("klingon", "'klingon' is no encoding that is known here"),
            ("base64", "'base64' is no encoding that is known here"),
            ("utf-8\0", "is no encoding that is known here"),
        ],
    )
    def test_what_is_told_and_is_not_so_is_refused(
        self, shop: Any, write: Write, encoding: str, said: str
    ) -> None:
        orders = write("o.csv", ORDERS, ORDER.replace("Shirt", "茶杯"), encoding="gb18030")

        with pytest.raises(UserError, match=said):
            shop.import_history(orders, write("r.csv", RETURNS), encoding=encoding)

    def test_a_cut_end_and_a_wrong_line_are_named_in_the_file_that_was_given(
        self, shop: Any, write: Write, tmp_path: Path
    ) -> None:
        bad = write("o.csv", ORDERS, "", ORDER, BAD, encoding="utf-16")
        cut = tmp_path / "cut.csv"
        cut.write_bytes(f"{ORDERS}\n{ORDER}".encode("utf-16"))
        returns = write("r.csv", RETURNS, encoding="utf-16")

        with pytest.raises(UserError, match=f"{bad}, line 4: quantity 'none'"):
            shop.import_history(bad, returns, encoding="utf-16")
        with pytest.raises(UserError, match=f"{cut} does not end with a line break"):
            shop.import_history(cut, returns, encoding="utf-16")
