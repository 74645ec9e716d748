"""The week at a glance: what waits now, the five ills, and the pages that tell more."""

from datetime import date

import streamlit as st

from dashboards.parts.figures import Figure, show_figure, show_figures
from dashboards.parts.frame import View
from dashboards.parts.waiting_work import forecast_figures
from dashboards.queries import overview as queries
from dashboards.queries import problem_products
from dashboards.texts import Texts
from dashboards.words import ILLS, MEASURES

_PAGES = {
    "service_levels": ("Service levels", "timer"),
    "satisfaction": ("Satisfaction", "sentiment_satisfied"),
    "process": ("Process", "account_tree"),
    "money": ("Money", "payments"),
    "problem_products": ("Problem products", "flag"),
    "automation": ("Automation & risk", "rule_settings"),
    "data_health": ("Data health", "monitor_heart"),
}


def show_now(view: View) -> None:
    """What waits, what may be late by tomorrow, and how many products stand out."""
    texts = view.texts
    st.subheader(texts("Now"))
    flagged = view.ask(problem_products.flagged_count)
    show_figures(
        [
            *forecast_figures(view),
            Figure(
                texts("Flagged products"),
                texts.number(flagged),
                view.define("problem_skus.status"),
            ),
        ]
    )


def show_ills(view: View) -> None:
    """The five ills, each with its measures of the last whole week."""
    texts = view.texts
    st.subheader(texts("The five ills"))
    measures = view.ask(queries.measures, view.publication.today)
    if not measures:
        st.info(texts("No whole week is over yet. The first Monday makes this part."))
        return
    week = queries.last_week(view.publication.today)
    st.caption(
        texts(
            "In the week of {week}, beside the mean of up to four weeks before; the lines show up to 13 weeks, with a gap for a week without a figure.",
            week=texts.day(week),
        )
    )
    if any(each.week_start < week for each in measures):
        st.caption(
            texts(
                "–: there was nothing to measure in that week; below it stands the last week in which there was."
            )
        )
    ills = list(dict.fromkeys(each.ill for each in measures))
    for column, ill in zip(st.columns(len(ills), gap="small"), ills, strict=True):
        column.markdown(f"**{texts.word(ILLS, ill)}**")
        place = column.container(horizontal=True, gap="small")
        for each in measures:
            if each.ill == ill:
                show_figure(place, _figure(view, each, week))


def _figure(view: View, each: queries.Measure, week: date) -> Figure:
    """A measure of the week; where the week had nothing to measure, a dash above the last one that had."""
    texts = view.texts
    value = _written(each.value, each.unit, texts)
    usual = None if each.usual is None else _written(each.usual, each.unit, texts)
    beside = texts("before: {usual}", usual=usual) if usual else None
    if each.week_start < week:
        day = texts.day_of_year(each.week_start)
        value, beside = "–", texts("week of {day}: {value}", day=day, value=value)
    return Figure(
        texts.word(MEASURES, each.measure),
        value,
        view.define("ills_weekly.measure", each.measure),
        beside,
        each.course,
    )


def _written(value: float, unit: str, texts: Texts) -> str:
    if unit == "share":
        return texts.share(value)
    if unit == "hours":
        return texts.duration(value)
    if unit == "minutes":
        return texts.duration(value / 60)
    return texts.number(value, 0 if value == int(value) else 1)


def show_ways(view: View) -> None:
    """Links to the pages that tell more."""
    texts = view.texts
    bar = st.container(horizontal=True)
    language = {"lang": texts.language}
    for name, (title, icon) in _PAGES.items():
        bar.page_link(
            f"app_pages/{name}.py",
            label=texts(title),
            icon=f":material/{icon}:",
            query_params=language,
            width="content",
        )
