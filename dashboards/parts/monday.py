"""What a buyer reads first: the money of last week's returns, how much is flagged, whether anything is not safe."""

import polars as pl
import streamlit as st

from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.frame import View
from dashboards.parts.plain import plain
from dashboards.queries import problem_products as queries
from dashboards.texts import Texts


def show_headline(view: View, rows: pl.DataFrame) -> None:
    """The figures of the week; `rows` are the flagged products that the filters leave."""
    texts = view.texts
    sums = queries.headline(rows)
    money = " · ".join(texts.money(minor, code) for code, minor in sums.money_at_risk.items())
    weeks = view.ask(queries.last_week, view.publication.today)
    safety = view.ask(queries.safety_reports)
    show_figures(
        [
            _last_week(view, weeks),
            Figure(
                texts("Flagged products"),
                texts.number(sums.products),
                view.define("problem_skus.status"),
                _to_answer(rows, texts),
            ),
            Figure(
                texts("At stake in 30 days"),
                money or "–",
                view.define("problem_skus.money_at_risk_minor"),
                texts("{n} units too many", n=texts.number(sums.excess_units)),
            ),
            Figure(
                texts("Open safety reports"),
                texts.number(safety),
                view.define("cases_daily.still_open"),
                texts("look at these first") if safety else texts("none to look at"),
            ),
        ]
    )
    _tell_other_currencies(weeks, texts)


def _to_answer(rows: pl.DataFrame, texts: Texts) -> str:
    """How many products are to be answered, and in how many rows the list has them: sizes that share a problem are one."""
    products = rows.filter(pl.col("state") == "open")
    in_rows = len(queries.families(products))
    if in_rows == len(products):
        return texts("{n} to answer", n=texts.number(in_rows))
    return texts(
        "{n} to answer · {rows} in the list",
        n=texts.number(len(products)),
        rows=texts.number(in_rows),
    )


def _last_week(view: View, weeks: list[queries.WeekOfReturns]) -> Figure:
    """The main currency's money of the last whole week, against the band of an ordinary week."""
    texts = view.texts
    label, meaning = (
        texts("Sent back last week"),
        view.define("returns_money_weekly.returned_minor"),
    )
    if not weeks:
        return Figure(label, "–", meaning, texts("nothing was sold or returned in it"))
    week = weeks[0]
    value = texts.money(week.returned_minor, week.currency)
    return Figure(label, value, meaning, _judged(week, texts))


def _judged(week: queries.WeekOfReturns, texts: Texts) -> str:
    low, high = (
        texts.money(minor, week.currency)
        for minor in (week.expected_low_minor, week.expected_high_minor)
    )
    judged = texts("as expected")
    if week.returned_minor > week.expected_high_minor:
        judged = texts("more than expected")
    if week.returned_minor < week.expected_low_minor:
        judged = texts("less than expected")
    return texts("{judged}: {low} to {high}", judged=judged, low=low, high=high)


def _tell_other_currencies(weeks: list[queries.WeekOfReturns], texts: Texts) -> None:
    told = [
        f"{texts.money(each.returned_minor, each.currency)} ({_judged(each, texts)})"
        for each in weeks[1:]
    ]
    if told:
        st.caption(plain(texts("Last week in other currencies: {told}", told=" · ".join(told))))
