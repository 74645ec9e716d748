"""What a supplier is told of its products that come back too often."""

import duckdb
import polars as pl
from babel.numbers import get_currency_precision

from dashboards.queries.frames import frame

NEEDS = ("product_flags", "problem_skus")


def vendors(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The vendors of which a product is flagged, by name."""
    rows = frame(
        connection,
        """select distinct vendor from problem_skus
           where status = 'flagged' and vendor is not null order by vendor""",
    )
    return rows["vendor"].to_list()


def supplier_report(connection: duckdb.DuckDBPyConnection, vendor: str) -> pl.DataFrame:
    """A vendor's flagged products, those with most excess first.

    Units are those of the detector's window; `lot` is the batch that explains the excess, null where none does;
    `money_at_risk` is what the excess costs in 30 days, in whole units of the currency.
    """
    rows = frame(
        connection,
        """
        with newest as (
            select sku, status, stream, culprit_dimension, culprit_value
            from product_flags
            qualify row_number() over (partition by sku order by flagged_at desc, flag_id desc) = 1
        )
        select
            problems.vendor, problems.sku, problems.title, problems.category, problems.since,
            problems.units_sold, problems.units_returned, problems.units_expected, problems.excess_units,
            problems.lift,
            case when newest.culprit_dimension = 'lot' then newest.culprit_value end as lot,
            problems.likely_cause as cause,
            problems.money_at_risk_minor, problems.currency
        from problem_skus as problems
        left join newest on newest.sku = problems.sku
        where problems.status = 'flagged' and problems.vendor = $vendor
            and coalesce(newest.status, 'flagged') <> 'dismissed'
        order by problems.excess_units desc, problems.sku
        """,
        {"vendor": vendor},
    )
    money = [
        None
        if minor is None or currency is None
        else minor / 10 ** get_currency_precision(currency)
        for minor, currency in rows.select("money_at_risk_minor", "currency").iter_rows()
    ]
    at_risk = pl.Series("money_at_risk", money, dtype=pl.Float64)
    rounded = rows.with_columns(pl.col("units_expected", "excess_units", "lift").round(2))
    return rounded.with_columns(at_risk).drop("money_at_risk_minor")
