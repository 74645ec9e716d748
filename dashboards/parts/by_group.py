"""The flagged products by category or vendor, and what a vendor is sent about its own."""

import polars as pl
import streamlit as st

from dashboards.parts.choices import choose_any, choose_one
from dashboards.parts.frame import View
from dashboards.parts.tables import Column, offer_csv, show_table
from dashboards.queries import problem_products as queries
from dashboards.queries import supplier_report
from dashboards.texts import Texts


def show_groups(view: View, rows: pl.DataFrame) -> None:
    """How much is flagged where; nothing where nothing is flagged."""
    texts = view.texts
    told = {
        by: word
        for by, word in {"category": texts("Category"), "vendor": texts("Vendor")}.items()
        if rows[by].count()
    }
    if not told:  # nothing is flagged, or the shop tells of neither
        return
    st.subheader(texts("By category and vendor"))
    by = choose_one(
        st.container(),
        "group",
        texts("By"),
        told,
        default=next(iter(told)),
        has_label=False,
    )
    summed = queries.summed_by(rows, by)
    show_table(
        view,
        _one_row_each(summed, by, texts),
        {
            by: Column(told[by], width=220),
            "products": Column(texts("Flagged products"), "number"),
            "excess_units": Column(
                texts("Too many units"),
                "number",
                definition=view.define("problem_skus.excess_units"),
            ),
            "money": Column(
                texts("At stake in 30 days"),
                definition=view.define("problem_skus.money_at_risk_minor"),
            ),
        },
        file=f"problem-products-by-{by}",
        whole=lambda: summed,
    )


def _one_row_each(summed: pl.DataFrame, by: str, texts: Texts) -> pl.DataFrame:
    """What is read: money of several currencies side by side, never added up."""
    money = [
        texts.money(minor, code) if code else "–"
        for minor, code in summed.select("money_at_risk_minor", "currency").iter_rows()
    ]
    return (
        summed.with_columns(money=pl.Series(money, dtype=pl.String))
        .group_by(by, maintain_order=True)
        .agg(pl.col("products", "excess_units").sum(), pl.col("money").str.join(" · "))
    )


def show_supplier_report(view: View) -> None:
    """One vendor's flagged products as CSV, to be sent to it; nothing where none is flagged."""
    texts = view.texts
    vendors = view.ask(supplier_report.vendors)
    if not vendors:
        return
    st.subheader(texts("Report for a supplier"))
    vendor = choose_any(
        st.container(),
        "supplier",
        texts("Its flagged products, those dismissed left out, to be sent to it"),
        {each: each for each in vendors},
        texts("choose a vendor"),
    )
    if vendor:
        offer_csv(
            texts, lambda: view.take(supplier_report.supplier_report, vendor), "supplier-report"
        )
