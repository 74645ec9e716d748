"""The real shop: its record as the importer reads it, and a backtest of flags that looks only backward."""

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from bench.products import baselines
from models.products.detector import Detector
from models.products.evidence import weigh
from models.products.flags import decide
from models.products.record import Record, to_grid
from retour.assembly import open_retour
from retour.importers.online_retail import read_online_retail
from retour.importers.orders import make_orders
from retour.importers.recorded import load_recorded
from retour.importers.returns import make_returns
from retour.importers.workspace import open_workspace
from retour.settings import Settings

FILE = Path(__file__).parents[3] / "shared" / "data" / "online_retail.parquet"
QUARTER = 13  # weeks
FLAGGED, OTHERS = "flagged", "not flagged"

_SALES = """
    select sku, cast(date_trunc('week', make_timestamp(time_us)) as date) as week_start,
           count(*) as order_lines, cast(sum(quantity) as bigint) as units_sold,
           cast(sum(quantity * unit_price_minor) as bigint) as paid_minor, 'GBP' as currency
    from order_lines join orders using (n, order_id) group by all order by sku, week_start"""
_INCIDENTS = """
    select sku, cast(date_trunc('week', make_timestamp(returns.time_us)) as date) as week_start,
           cast(date_trunc('week', make_timestamp(orders.time_us)) as date) as sold_week_start,
           quantity as units, reason
    from return_lines join returns using (n)
    left join orders on orders.order_id = return_lines.order_id order by return_lines.rma, line_no"""
_PRODUCTS = """
    select sku, category, cast(null as varchar) as parent from products order by sku"""


def real_record(path: Path = FILE) -> Record:
    """All that the shop sold and got back, matched by the importer's rules. The week of its last day is left out."""
    with tempfile.TemporaryDirectory() as folder:
        retour = open_retour(Settings(var_dir=Path(folder)))
        with open_workspace(Path(folder) / "imports") as connection:
            source = read_online_retail(connection, path, now=datetime.now(UTC))
            make_orders(connection)
            load_recorded(connection, retour.history, source)
            make_returns(connection, source.name)
            sales, incidents, products = (
                _frame(connection, query) for query in (_SALES, _INCIDENTS, _PRODUCTS)
            )
    last = sales["week_start"].max()
    assert isinstance(last, date)
    return until(Record(sales, incidents, products, last, 1.0), last - timedelta(weeks=1))


def until(record: Record, monday: date) -> Record:
    """What was known at the end of the week that begins on a Monday."""
    seen = pl.col("week_start") <= monday
    return Record(
        record.sales.filter(seen), record.incidents.filter(seen), record.products, monday, 1.0
    )


def backtest(record: Record, detector: Detector) -> pl.DataFrame:
    """How often goods came back that were sold in the quarter after each decision.

    A row per quarter's end and list of products: `known_until, chosen_by, products, order_lines, incidents, rate`. Flags
    follow on each other; the naive rules name as many products, those highest on their lists.
    """
    standing: set[str] = set()
    rows = []
    for end in _ends(record):
        known = until(record, end)
        evidence = weigh(known, detector).evidence
        decisions = decide(evidence, standing, detector)
        standing = (standing - set(decisions.cleared)) | set(decisions.flagged)
        lists = {FLAGGED: standing, **_naive(known, len(standing))}
        lists[OTHERS] = set(evidence["sku"]) - standing
        after = _next_quarter(record, end)
        rows += [_row(end, name, skus, after) for name, skus in lists.items()]
    return pl.DataFrame(rows)


def _ends(record: Record) -> list[date]:
    """Mondays of each quarter's last week, as long as a whole quarter follows."""
    first = record.sales["week_start"].min()
    assert isinstance(first, date)
    weeks = (record.this_week - first).days // 7 + 1
    return [
        first + timedelta(weeks=week - 1) for week in range(QUARTER, weeks - QUARTER + 1, QUARTER)
    ]


def _naive(known: Record, number: int) -> dict[str, set[str]]:
    grid = to_grid(known)
    scores = {
        "highest raw rate": baselines.raw_rate(known, grid),
        "highest weekly z": baselines.weekly_z(grid.came),
    }
    chosen = {}
    for name, score in scores.items():
        order = np.argsort(-np.nan_to_num(score, nan=-np.inf), kind="stable")[:number]
        chosen[name] = set(grid.skus.gather(order))
    return chosen


def _next_quarter(record: Record, end: date) -> pl.DataFrame:
    """`sku, order_lines, incidents` of what was sold in the quarter after a week, as far as the record goes."""
    first, last = end + timedelta(weeks=1), end + timedelta(weeks=QUARTER)
    sold = record.sales.filter(pl.col("week_start").is_between(first, last))
    came = record.incidents.filter(pl.col("sold_week_start").is_between(first, last))
    return (
        sold.group_by("sku")
        .agg(pl.col("order_lines").sum())
        .join(came.group_by("sku").len("incidents"), on="sku", how="left")
        .with_columns(pl.col("incidents").fill_null(0))
    )


def _row(end: date, name: str, skus: set[str], after: pl.DataFrame) -> dict[str, object]:
    mine = after.filter(pl.col("sku").is_in(list(skus)))
    lines, incidents = int(mine["order_lines"].sum()), int(mine["incidents"].sum())
    rate = incidents / lines if lines else float("nan")
    return {
        "known_until": end + timedelta(days=6),
        "chosen_by": name,
        "products": len(skus),
        "order_lines": lines,
        "incidents": incidents,
        "rate": rate,
    }


def _frame(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    return pl.DataFrame(connection.sql(query).to_arrow_table())
