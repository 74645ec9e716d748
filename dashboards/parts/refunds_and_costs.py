"""What went back in a period, and what returns cost month by month, in one currency."""

import polars as pl
import streamlit as st

from dashboards.charts import money as charts
from dashboards.parts.choices import choose_one, hide
from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.frame import View
from dashboards.parts.period import choose_period, over_days
from dashboards.parts.tables import Column, show_table
from dashboards.queries import money as queries
from dashboards.queries.periods import Period
from dashboards.words import COSTS, CURRENCIES, MEANS
from retour.currencies import decimals_of


def choose(view: View) -> tuple[Period, str | None]:
    """The period, and the currency where there are several; None where nothing was paid yet."""
    texts = view.texts
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    period = choose_period(view, bar)
    found = view.ask(queries.currencies)
    if len(found) < 2:
        hide("currency")
        return period, found[0] if found else None
    options = {code: texts.word(CURRENCIES, code) for code in found}
    return period, choose_one(bar, "currency", texts("Currency"), options, default=found[0])


def show_refunds(view: View, currency: str, period: Period) -> None:
    """The period's refunds: figures, their course by means, and payments that were refused."""
    texts = view.texts
    st.subheader(texts("What went back"))
    found = view.ask(queries.went_back, currency, period)
    if not found.refunds + found.failed:
        st.info(texts("No money went back in this period. Choose a longer one above."))
        return
    _show_figures(view, found, currency)
    step, rows = view.ask(queries.over_time, currency, period)
    told = texts(
        "What was paid back, by the means that it went by, and below it the payments that were refused."
    )
    stacked = _in_units(rows, ["refund_minor"], currency).rename(
        {"means": "kind", "refund_minor": "amount"}
    )
    st.altair_chart(
        charts.stacked_money(stacked, MEANS, step, _unit(view, currency), texts),
        width="stretch",
        alt=told,
    )
    if found.failed:
        st.altair_chart(charts.refused(rows, step, texts), width="stretch", alt=told)
    st.caption(told)
    _show_means(view, currency, period)


def _show_figures(view: View, found: queries.WentBack, currency: str) -> None:
    texts, define = view.texts, view.define
    show_figures(
        [
            Figure(
                texts("Paid back"),
                texts.money(found.refund_minor, currency),
                define("refunds_daily.refund_minor"),
            ),
            Figure(texts("Refunds"), texts.number(found.refunds), define("refunds_daily.refunds")),
            Figure(
                texts("Goodwill"),
                texts.money(found.goodwill_minor, currency),
                define("refunds_daily.goodwill_minor"),
            ),
            Figure(
                texts("Refused payments"),
                texts.number(found.failed),
                define("refunds_daily.failed"),
                texts("{share} of those tried", share=texts.share(found.failed_share, 1)),
            ),
        ]
    )


def _show_means(view: View, currency: str, period: Period) -> None:
    texts, define = view.texts, view.define
    rows = view.ask(queries.by_means, currency, period)
    columns = {
        "means": Column(texts("Means"), words=MEANS, definition=define("refunds_daily.means")),
        "refunds": Column(texts("Refunds"), "number", definition=define("refunds_daily.refunds")),
        "refund_minor": Column(
            texts("Paid back, {unit}", unit=_unit(view, currency)),
            "number",
            definition=define("refunds_daily.refund_minor"),
        ),
        "median_hours": Column(
            texts("Paid after, h"),
            "hours",
            definition=over_days(view, define("refunds_daily.median_hours")),
        ),
        "failed": Column(
            texts("Refused payments"), "number", definition=define("refunds_daily.failed")
        ),
        "failed_share": Column(texts("Refused"), "share"),
        "reconciled": Column(
            texts("Found by asking"), "number", definition=define("refunds_daily.reconciled")
        ),
    }
    show_table(
        view,
        _in_units(rows, ["refund_minor"], currency),
        columns,
        file="refunds",
        whole=lambda: rows,
    )


def show_costs(view: View, currency: str, period: Period) -> None:
    """What returns cost month by month: stacked by kind, and as a table."""
    texts, define = view.texts, view.define
    st.subheader(texts("What returns cost"))
    rows = view.ask(queries.cost_rows, currency, period)
    if rows.is_empty():
        st.info(texts("Returns cost nothing in these months."))
        return
    told = texts(
        "A bar a month, by kind of cost: all days of each month, the last {n} months at least. Refunds are the money itself, the rest is priced by the cost file.",
        n=texts.number(queries.MONTHS),
    )
    stacked = _in_units(rows, ["amount_minor"], currency).rename(
        {"month": "starts", "amount_minor": "amount"}
    )
    st.altair_chart(
        charts.stacked_money(stacked, COSTS, "month", _unit(view, currency), texts),
        width="stretch",
        alt=told,
    )
    st.caption(told)
    months = view.ask(queries.costs_by_month, currency, period)
    unfinished = queries.unfinished_month(months, view.publication.today)
    if unfinished:
        st.caption(
            texts(
                "{month} is not over: its costs are those up to {day}, and its bar is no sign that they fall.",
                month=f"{unfinished:%Y-%m}",
                day=texts.day(view.publication.today),
            )
        )
    kinds = {
        kind: Column(texts(word), "number", definition=define("cost_monthly.kind", kind))
        for kind, word in COSTS.items()
    }
    columns = {
        "month": Column(texts("Month"), definition=define("cost_monthly.month")),
        **kinds,
        "total": Column(texts("Total"), "number", definition=define("cost_monthly.amount_minor")),
        "unpriced": Column(
            texts("Without a rate"), "number", definition=define("cost_monthly.unpriced")
        ),
    }
    in_units = _in_units(months, [*COSTS, "total"], currency)
    so_far = pl.when(pl.col("month") == unfinished).then(pl.lit(f" ({texts('so far')})"))
    shown = in_units.with_columns(
        pl.col("month").dt.strftime("%Y-%m") + so_far.otherwise(pl.lit(""))
    )
    show_table(view, shown, columns, file="costs", whole=lambda: rows)
    if unpriced := int(months["unpriced"].sum()):
        st.warning(
            texts(
                "{n} parcels, units or lines have no rate in the cost file, so their cost is missing here. Add the rates to it: RETOUR_COSTS.",
                n=texts.number(unpriced),
            )
        )


def _in_units(rows: pl.DataFrame, columns: list[str], currency: str) -> pl.DataFrame:
    """Minor units as units of the currency."""
    unit = 10 ** decimals_of(currency)
    return rows.with_columns(pl.col(columns) / unit)


def _unit(view: View, currency: str) -> str:
    return view.texts.word(CURRENCIES, currency)
