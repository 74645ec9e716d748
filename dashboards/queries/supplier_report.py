"""What a supplier is told of its products that come back too often."""

import duckdb
import polars as pl

from dashboards.queries.frames import frame
from retour.currencies import decimals_of

_SHOWN = """
    problems.status = 'flagged'
    and coalesce(
        (select arg_max(status, (flagged_at, flag_id)) from product_flags where product_flags.sku = problems.sku), 'flagged'
    ) <> 'dismissed'
"""
NEEDS = ("product_flags", "problem_skus")


def vendors(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The vendors to whom a report has something to tell, by name: not those whose flags are all dismissed."""
    rows = frame(
        connection,
        f"""select distinct problems.vendor from problem_skus as problems
           where {_SHOWN} and problems.vendor is not null order by problems.vendor""",
    )
    return rows["vendor"].to_list()


def supplier_report(connection: duckdb.DuckDBPyConnection, vendor: str) -> pl.DataFrame:
    """A vendor's flagged products, those with most excess first.

    Units are those of the detector's window; `lot` is the batch that explains the excess, null where none does;
    `money_at_risk` is what the excess costs in 30 days, in whole units of the currency.
    """
    rows = frame(
        connection,
        f"""
        select
            problems.vendor, problems.sku, problems.title, problems.category, problems.since,
            problems.units_sold, problems.units_returned, problems.units_expected, problems.excess_units,
            problems.lift,
            case when problems.culprit_dimension = 'lot' then problems.culprit_value end as lot,
            problems.likely_cause as cause,
            problems.money_at_risk_minor, problems.currency
        from problem_skus as problems
        where {_SHOWN} and problems.vendor = $vendor
        order by problems.excess_units desc, problems.sku
        """,
        {"vendor": vendor},
    )
    money = [
        None if minor is None or currency is None else minor / 10 ** decimals_of(currency)
        for minor, currency in rows.select("money_at_risk_minor", "currency").iter_rows()
    ]
    at_risk = pl.Series("money_at_risk", money, dtype=pl.Float64)
    rounded = rows.with_columns(pl.col("units_expected", "excess_units", "lift").round(2))
    return rounded.with_columns(at_risk).drop("money_at_risk_minor")
