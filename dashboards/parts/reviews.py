"""What people made of what was sent to them, by what had sent it, and what each rule of the policy led to."""

import streamlit as st

from dashboards.parts.frame import View
from dashboards.parts.period import over_weeks
from dashboards.parts.tables import Column, show_table
from dashboards.queries import automation as queries
from dashboards.queries.periods import Period
from dashboards.risk_words import RULES, SENT_BY


def show_reviews(view: View, period: Period) -> None:
    """How often people authorized what was sent to them, with blind cases beside the others."""
    texts = view.texts
    st.subheader(texts("What people made of it"))
    rows = view.ask(queries.reviews, period)
    if rows.is_empty():
        st.info(texts("Nobody reviewed anything in this period."))
        return
    show_table(view, rows, _review_columns(view), file="risk-reviews")
    if rows["sent_by"].str.starts_with("blind").any():
        st.caption(
            texts(
                "Blind cases are drawn by lot and shown without a word of what the model found. If people authorize what "
                "it doubted more often when they are not told, its reasons lead them."
            )
        )


def show_rules(view: View, period: Period) -> None:
    """How often each rule spoke, and how often a person then authorized all the same."""
    texts = view.texts
    st.subheader(texts("What the rules led to"))
    rows = view.ask(queries.rules, period)
    if rows.is_empty():
        st.info(texts("No rule spoke in this period."))
        return
    show_table(view, rows, _rule_columns(view), file="policy-rules")


def _review_columns(view: View) -> dict[str, Column]:
    texts, define = view.texts, view.define
    return {
        "sent_by": Column(texts("Sent by"), words=SENT_BY),
        "decided": Column(
            texts("Decided"), "number", definition=define("risk_reviews_weekly.decided")
        ),
        "overridden": Column(
            texts("Authorized all the same"),
            "share",
            definition=define("risk_reviews_weekly.authorized"),
        ),
        "overridden_low": Column(texts("at least"), "share"),
        "overridden_high": Column(texts("at most"), "share"),
        "failed_later": Column(
            texts("Failed later"), "number", definition=define("risk_reviews_weekly.failed_later")
        ),
        "median_minutes": Column(
            texts("Minutes"),
            "number",
            definition=over_weeks(view, define("risk_reviews_weekly.median_minutes")),
        ),
    }


def _rule_columns(view: View) -> dict[str, Column]:
    texts, define = view.texts, view.define
    return {
        "rule": Column(texts("Rule"), words=RULES, definition=define("policy_rules_weekly.rule")),
        "failed": Column(
            texts("Not passed"), "number", definition=define("policy_rules_weekly.failed")
        ),
        "declined": Column(
            texts("Declined"), "number", definition=define("policy_rules_weekly.declined")
        ),
        "reviewed": Column(
            texts("Sent to a person"), "number", definition=define("policy_rules_weekly.reviewed")
        ),
        "overridden": Column(
            texts("Authorized all the same"),
            "share",
            definition=define("policy_rules_weekly.authorized_after_review"),
        ),
    }
