"""The importer on the real shop's whole history, against queries over the raw file that know nothing of it."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from service.domain.events import payload_model

pytestmark = pytest.mark.slow


def _matched_units(shop_file: Path) -> int:
    """Walks the raw rows in order of time; each credit line takes from its customer's latest purchases."""
    rows = duckdb.execute(
        """select InvoiceDate, InvoiceNo like 'C%' as is_credit, CustomerID, StockCode, Quantity
           from read_parquet($file, file_row_number = true)
           where regexp_matches(StockCode, '^[0-9]{5}') and CustomerID is not null
             and (InvoiceNo like 'C%' or Quantity > 0)
           order by InvoiceDate, is_credit desc, file_row_number""",
        {"file": str(shop_file)},
    ).fetchall()
    left: dict[tuple[int, str], list[int]] = defaultdict(list)
    matched = 0
    for _, is_credit, customer, code, quantity in rows:
        purchases = left[customer, code]
        if not is_credit:
            purchases.append(quantity)
            continue
        taken = min(-quantity, sum(purchases))
        matched += taken
        while taken:
            top = purchases.pop()
            purchases += [top - taken] if top > taken else []
            taken -= min(top, taken)
    return matched


def test_the_account_adds_up_and_every_event_is_valid(
    shop: Any, shop_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.import_online_retail(shop_file)

    log = shop.log()
    (account,) = shop.data("import.completed")
    assert account["rows_read"] == 541_909
    assert (account["rows_sold"], account["units_sold"]) == (528_886, 5_645_020)
    assert (account["rows_returned"], account["units_returned"]) == (8_704, 272_030)
    assert sum(each["rows"] for each in account["set_aside"]) == 4_319
    assert account["units_matched"] == _matched_units(shop_file)
    assert account["timezone"] == "Europe/London"
    assert shop.query("select count(*), sum(quantity) from order_lines") == [(528_886, 5_645_020)]
    assert shop.query("select sum(quantity) from return_lines") == [(272_030,)]
    (listed,) = (shop.settings.var_dir / "imports").glob("*-set-aside.csv")
    assert len(listed.read_text().splitlines()) == 4_319 + 1
    for each in log:
        model = payload_model(each.type)
        assert model.model_validate_json(each.data).model_dump_json() == each.data

    capsys.readouterr()
    shop.import_online_retail(shop_file)

    assert "Nothing new" in capsys.readouterr().out
    assert shop.retour.log_head() == len(log)


def test_no_customer_of_the_file_is_in_the_log(shop: Any, shop_file: Path) -> None:
    shop.import_online_retail(shop_file)

    keys = {each["customer_key"] for each in shop.data("order.placed")} - {None}
    assert len(keys) > 4_000
    assert all(str(key).startswith("cus_") for key in keys)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_sample_gives_the_same_log_in_every_format(
    open_shop: Callable[[str], Any], shop_file: Path, tmp_path: Path, suffix: str
) -> None:
    sample = f"select * from '{shop_file}' limit 20000"
    duckdb.execute(f"copy ({sample}) to '{tmp_path}/sample.parquet' (format parquet)")
    other = tmp_path / f"sample{suffix}"
    frame = duckdb.sql(sample)
    if suffix == ".csv":
        frame.write_csv(str(other))
    else:
        frame.df().to_excel(other, index=False)

    logs = []
    for name, file in (("one", tmp_path / "sample.parquet"), ("other", other)):
        shop = open_shop(name)
        shop.import_online_retail(file)
        logs.append([(each.id, each.subject, each.data) for each in shop.log()])

    assert logs[0] == logs[1]
