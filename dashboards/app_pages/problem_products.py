"""Problem products: what comes back more often than it should, what that costs, and what to do about it."""

import streamlit as st

from dashboards.parts.answering import answers
from dashboards.parts.by_group import show_groups, show_supplier_report
from dashboards.parts.choices import choose_any, choose_words
from dashboards.parts.flagged_list import PRODUCT, show_list
from dashboards.parts.frame import View, open_page, show_date
from dashboards.parts.monday import show_headline
from dashboards.parts.past_actions import show_past_actions
from dashboards.parts.product_story import show_story
from dashboards.parts.why_not import show_found
from dashboards.queries import problem_products as queries
from dashboards.queries import supplier_report


def show(view: View) -> None:
    show_date(view)
    if sku := st.query_params.get(PRODUCT):
        rows = view.ask(queries.flagged, queries.Choice())
        show_story(view, sku, queries.with_answers(rows, answers()))
        return
    place = st.container()  # the figures stand above what filters them
    choice = _choose(view)
    rows = queries.with_answers(view.ask(queries.flagged, choice), answers())
    with place:
        show_headline(view, rows)
    show_list(view, rows, choice)
    show_found(view, choice)
    show_past_actions(view, choice)
    show_groups(view, rows)
    show_supplier_report(view)


def _choose(view: View) -> queries.Choice:
    """What the reader asks for; it stands in the URL, so that a view can be shared."""
    texts, bar = view.texts, st.container(horizontal=True)
    search = choose_words(bar, "q", texts("Search"), texts("product number or name"))
    picked = [
        choose_any(
            bar,
            name,
            label,
            {each: each for each in view.ask(queries.values, name)},
            texts("all"),
        )
        for name, label in (("category", texts("Category")), ("vendor", texts("Vendor")))
    ]
    category, vendor = picked
    return queries.Choice(search, category or "", vendor or "")


open_page(
    show,
    needs=(
        "sku_evidence",
        "sku_weekly",
        "sku_reasons",
        "sku_phrases",
        "sku_actions",
        "returns_money_weekly",
        "cases_daily",
        *supplier_report.NEEDS,
    ),
)
