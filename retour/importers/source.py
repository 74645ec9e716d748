"""What every source becomes: three relations in the workspace, from which one path leads on.

`sold`      row_n, order_id, line_no (null: by row), time_us, delivered_us, customer, currency, country, sku,
            title, category, vendor, quantity, unit_price_minor
`returned`  row_n, line (in the file), return_id, line_no (its place in the return; null: by row), external_ref,
            time_us, customer, currency, order_id (null: to be matched), sku, title,
            quantity, unit_price_minor, reason, received_us, refunded_us, refund_minor, outcome, grade
`set_aside` reason, sheet, line, units (as in the file), row_n
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True, slots=True)
class Source:
    """Where a history came from: the importer's name, the shop's zone, the files, what to tell the user."""

    name: str
    timezone: str
    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def rows_without_order(connection: duckdb.DuckDBPyConnection, which: str, named: str) -> str:
    """What to tell of the `returned` rows for which `which` (SQL) holds; '' where there are none."""
    ((rows, line, order_id),) = connection.execute(
        f"""select count(*), arg_min(line, row_n), arg_min(order_id, row_n)
            from returned where order_id is not null and {which}"""
    ).fetchall()
    if not rows:
        return ""
    names = "1 returned row names" if rows == 1 else f"{rows:,} returned rows name"
    kept = "is" if rows == 1 else "are"
    return f"{names} {named} and {kept} kept without one (the first: line {line}, order {order_id})"
