"""A mart cut by months, and what tells whether a month's rows are still the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse

UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class Cut:
    """The rows of a mart for which `condition` holds; `content` changes when they do."""

    month: str
    condition: str
    content: str


WHOLE = Cut("", "true", "")


def cuts_by_month(warehouse: Warehouse, model: SqlModel) -> Sequence[Cut]:
    """The months of which a mart has rows, in order; those without a date last.

    Rows are told by the sum of their hashes: one scan, a tenth of what writing them costs, and their order is no matter.
    """
    columns = warehouse.columns(model.relation)
    month = f"date_trunc('month', {model.header.publish_by})"
    found = warehouse.query(
        f"""select cast({month} as date) as month, count(*) as rows,
                   cast(sum(hash({", ".join(model.header.columns)})) as varchar) as hashes
            from {model.relation} group by {month} order by {month} nulls last"""
    )
    return [
        Cut(
            f"{first:%Y-%m}" if first else UNDATED,
            _condition(model.header.publish_by, first),
            digest(duckdb.__version__, str(columns), str(rows), hashes),
        )
        for first, rows, hashes in found.iter_rows()
    ]


def _condition(column: str | None, first: date | None) -> str:
    if first is None:
        return f"{column} is null"
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return f"{column} >= date '{first}' and {column} < date '{after}'"
