"""Money: what went back by which means and what was refused, and what returns cost month by month."""

import streamlit as st

from dashboards.parts import refunds_and_costs
from dashboards.parts.frame import View, open_page, show_date


def show(view: View) -> None:
    texts = view.texts
    show_date(view)
    period, currency = refunds_and_costs.choose(view)
    if currency is None:
        st.info(texts("No money went back yet, and no return cost anything."))
        return
    refunds_and_costs.show_refunds(view, currency, period)
    refunds_and_costs.show_costs(view, currency, period)


open_page(show, needs=("refunds_daily", "cost_monthly"))
