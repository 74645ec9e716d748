"""What the page *Money* shows: what went back, and what returns cost. One currency at a time: amounts of two are never added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import polars as pl

from dashboards.queries.frames import frame, only_row
from dashboards.queries.periods import Period, grain
from dashboards.queries.weighted import weighted_middle
from dashboards.words import COSTS

MONTHS = 6  # of costs that are shown at least, however short the period


@dataclass(frozen=True, slots=True)
class WentBack:
    """The period's refunds: how many, what they paid (minor units), and payments that were refused."""

    refunds: int
    refund_minor: int
    goodwill_minor: int
    failed: int
    reconciled: int

    @property
    def failed_share(self) -> float | None:
        """Refused payments, of all that were tried."""
        return self.failed / tried if (tried := self.refunds + self.failed) else None


def currencies(connection: duckdb.DuckDBPyConnection) -> Sequence[str]:
    """The currencies that anything was paid or cost in, those of most refunds first."""
    rows = connection.execute(
        """
        select currency from (
            select currency, refunds from refunds_daily
            union all select currency, 0 as refunds from cost_monthly
        )
        group by currency order by sum(refunds) desc, currency
        """
    ).fetchall()
    return [str(currency) for (currency,) in rows]


def went_back(connection: duckdb.DuckDBPyConnection, currency: str, period: Period) -> WentBack:
    """All refunds of a period."""
    row = only_row(
        connection,
        f"select {_SUMS} from refunds_daily where currency = $currency and day between $first and $last",
        _asked(currency, period),
    )
    return WentBack(*row)


def by_means(connection: duckdb.DuckDBPyConnection, currency: str, period: Period) -> pl.DataFrame:
    """A row a means of payment, that of most refunds first; `failed_share` is null where none was tried.

    Hours are the middle of the days, each by its refunds; days on which no order of a refund is known are left out.
    """
    rows = frame(
        connection,
        f"""
        select means, {_SUMS}, sum(failed) / nullif(sum(refunds) + sum(failed), 0) as failed_share
        from refunds_daily where currency = $currency and day between $first and $last
        group by means order by refunds desc, means
        """,
        _asked(currency, period),
    )
    days = frame(
        connection,
        """
        select means, refunds, median_hours from refunds_daily
        where currency = $currency and day between $first and $last and median_hours is not null
        """,
        _asked(currency, period),
    )
    hours = days.group_by("means").agg(weighted_middle("median_hours", "refunds"))
    return rows.join(hours, on="means", how="left", maintain_order="left")


def over_time(
    connection: duckdb.DuckDBPyConnection, currency: str, period: Period
) -> tuple[str, pl.DataFrame]:
    """What a row stands for (day, week or month), and the rows: `starts`, means, refunds, refund_minor, failed."""
    first, last = only_row(
        connection,
        "select min(day), max(day) from refunds_daily where currency = $currency and day between $first and $last",
        _asked(currency, period),
    )
    step = grain(first, last) if first else "day"
    rows = frame(
        connection,
        f"""
        select date_trunc($step, day)::date as starts, means, {_SUMS}
        from refunds_daily where currency = $currency and day between $first and $last
        group by all order by starts, means
        """,
        {"step": step, **_asked(currency, period)},
    )
    return step, rows


def cost_rows(connection: duckdb.DuckDBPyConnection, currency: str, period: Period) -> pl.DataFrame:
    """The mart's rows of the period's months, at least of the last `MONTHS` up to its end; the newest month first."""
    return frame(
        connection,
        """
        select month, kind, currency, amount_minor, items, unpriced
        from cost_monthly where currency = $currency and month between $first and $last
        order by month desc, kind
        """,
        _months(currency, period),
    )


def costs_by_month(
    connection: duckdb.DuckDBPyConnection, currency: str, period: Period
) -> pl.DataFrame:
    """The same, a month a row: each kind's amount (minor units) under its name, `total`, and `unpriced`."""
    kinds = ", ".join(
        f"coalesce(sum(amount_minor) filter (where kind = '{kind}'), 0)::bigint as {kind}"
        for kind in COSTS
    )
    return frame(
        connection,
        f"""
        select month, {kinds}, sum(amount_minor)::bigint as total, sum(unpriced)::bigint as unpriced
        from cost_monthly where currency = $currency and month between $first and $last
        group by month order by month desc
        """,
        _months(currency, period),
    )


def unfinished_month(months: pl.DataFrame, today: date) -> date | None:
    """Of the months shown the one that the shop's day is in, unless that is its last day."""
    current = today.replace(day=1)
    is_over = (today + timedelta(days=1)).month != today.month
    return current if current in months["month"].to_list() and not is_over else None


_SUMS = """
    coalesce(sum(refunds), 0)::bigint as refunds, coalesce(sum(refund_minor), 0)::bigint as refund_minor,
    coalesce(sum(goodwill_minor), 0)::bigint as goodwill_minor, coalesce(sum(failed), 0)::bigint as failed,
    coalesce(sum(reconciled), 0)::bigint as reconciled
"""


def _asked(currency: str, period: Period) -> dict[str, object]:
    return {"currency": currency, "first": period.first, "last": period.last}


def _months(currency: str, period: Period) -> dict[str, object]:
    end = period.last.year * 12 + period.last.month - 1
    usual = divmod(end - MONTHS + 1, 12)
    first = min(period.first.replace(day=1), date(usual[0], usual[1] + 1, 1))
    return {"currency": currency, "first": first, "last": period.last}
