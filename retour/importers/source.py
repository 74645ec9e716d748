"""What every source becomes: three relations in the workspace, from which one path leads on.

`sold`      row_n, order_id, line_no (null: by row), time_us, delivered_us, customer, currency, country, sku,
            title, category, vendor, quantity, unit_price_minor
`returned`  row_n, return_id, external_ref, time_us, customer, currency, order_id (null: to be matched), sku, title,
            quantity, unit_price_minor, reason, received_us, refunded_us, refund_minor, outcome, grade
`set_aside` reason, sheet, line, units (as in the file), row_n
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """Where a history came from: the importer's name, the shop's zone, the files, what to tell the user."""

    name: str
    timezone: str
    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()
