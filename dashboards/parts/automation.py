"""Who decides, and what passed without a person."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from dashboards.charts import automation as charts
from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.frame import View
from dashboards.parts.period import choose_period
from dashboards.queries import automation as queries
from dashboards.queries.periods import Period

Row = Mapping[str, Any]


def show_standing(view: View) -> Row | None:
    """Say in a sentence who decides, and what keeps the newest model from it; None where no application was judged yet."""
    texts, row = view.texts, view.ask(queries.standing)
    if row is None:
        st.info(texts("No application was judged yet."))
        return None
    _say_who_decides(view, row)
    if row["missing_labels"]:
        _say_what_is_missing(view, row)
    if row["against"]:
        st.caption(texts("Against the newest model: {why}", why=texts.sentences(row["against"])))
    if row["differing"]:
        st.error(
            texts(
                "{n} assessments did not see what the warehouse computes; the first: {first}. No model is promoted.",
                n=texts.number(row["differing"]),
                first=row["first_difference"],
            )
        )
    return row


def _say_who_decides(view: View, row: Row) -> None:
    texts, version = view.texts, row["champion"] or ""
    deciding = row["deciding"]
    if deciding == "model":
        st.success(texts("Model {version} decides.", version=version))
    elif deciding == "suspended":
        st.error(
            texts(
                "Model {version} is suspended: {why}",
                version=version,
                why=texts.sentences(row["why"] or "–"),
            )
        )
        st.caption(
            texts(
                "No model decides until a training certifies one again. Who has looked into it can let this one decide: `retour model resume`."
            )
        )
    elif deciding == "unavailable":
        st.error(
            texts(
                "The model cannot be read, so people decide. `retour model rollback` goes back to the one before it; a training makes a new one."
            )
        )
        st.caption(texts("In the program's own words: {why}", why=row["why"] or "–"))
    elif deciding == "uncertified":
        st.warning(
            texts(
                "Model {version} is certified for nothing and only scores. Small values and a part drawn by lot pass; people decide on the rest.",
                version=version,
            )
        )
    else:
        st.info(
            texts(
                "No model decides yet. Small values pass, and a part of all that keeps the rules is drawn by lot: it passes and is inspected in full, to learn from. People decide on the rest."
            )
        )


def _say_what_is_missing(view: View, row: Row) -> None:
    texts, until = view.texts, row["missing_until"]
    said = {
        "known": texts.number(row["labels"]),
        "abusive": texts.number(row["abusive"]),
        "missing": texts.number(row["missing_labels"]),
        "when": texts(" (about {day})", day=texts.day(until)) if until else "",
    }
    st.caption(
        texts(
            "{known} labels are there, {abusive} of them abusive. About {missing} more are missing to a certificate{when}.",
            **said,
        )
        if row["newest"]
        else texts(
            "{known} labels are there, {abusive} of them abusive. About {missing} more are missing to a first model{when}.",
            **said,
        )
    )


def choose(view: View) -> Period:
    """The period that the reader asks for."""
    return choose_period(view)


def show_passed(view: View, period: Period, standing: Row) -> None:
    """What passed without a person, how much of it was abusive, and how that went week by week."""
    texts = view.texts
    found = view.ask(queries.passed, period)
    if not found.scored:
        st.info(texts("No application was judged in this period. Choose a longer one above."))
        return
    _show_figures(view, found, standing)
    rows = view.ask(queries.weeks, period)
    left, right = st.columns(2, gap="medium")
    with left:
        told = texts(
            "Of the applications judged in a week, the share that passed without a person."
        )
        st.altair_chart(charts.share_over_time(rows, texts), width="stretch", alt=told)
        st.caption(told)
    with right:
        if rows["estimated_rate"].is_null().all():
            st.info(texts("Nothing that passed in this period was inspected yet."))
            return
        told = texts(
            "Of what passed, the abusive part as all inspections say, with its 95 % interval. The line is the cap."
        )
        cap = standing["abuse_cap"]
        st.altair_chart(charts.abuse_over_time(rows, cap, texts), width="stretch", alt=told)
        st.caption(told)


def _show_figures(view: View, found: queries.Passed, standing: Row) -> None:
    texts, define = view.texts, view.define
    champion, estimate = _champion(view, standing), found.estimate
    show_figures(
        [
            Figure(
                texts("Passed without a person"),
                texts.share(found.share, 1),
                define("risk_monitor_weekly.auto_share"),
                texts("{n} judged", n=texts.number(found.scored)),
            ),
            Figure(
                texts("Abusive among them"),
                texts.share(estimate.rate if estimate else None, 2),
                define("risk_monitor_weekly.estimated_rate"),
                _between(view, estimate.low, estimate.high) if estimate else None,
            ),
            Figure(
                texts("Audited"),
                texts.number(found.audited),
                define("risk_monitor_weekly.abuse_rate"),
                _of_audits(view, found),
            ),
            Figure(
                texts("Certified: at most abusive"),
                texts.share(champion.get("bound"), 2),
                define("risk_models.bound"),
                texts("cap {cap}", cap=texts.share(standing["abuse_cap"], 1)),
            ),
            Figure(
                texts("Evidence against the cap"),
                texts.number(standing["evidence"], 1),
                define("risk_standing.evidence"),
                texts("limit {limit}", limit=texts.number(standing["evidence_limit"])),
            ),
            *_drawn_doubts(view, found),
        ]
    )


def _between(view: View, low: float, high: float) -> str:
    share = view.texts.share
    return view.texts("95 %: {low} – {high}", low=share(low, 2), high=share(high, 2))


def _of_audits(view: View, found: queries.Passed) -> str:
    """How many audits found abuse, and what they alone say of the rate."""
    told = view.texts("{n} abusive", n=view.texts.number(found.abusive))
    if found.abuse_low is None or found.abuse_high is None:
        return told
    return f"{told} · {_between(view, found.abuse_low, found.abuse_high)}"


def _drawn_doubts(view: View, found: queries.Passed) -> list[Figure]:
    """What the lot let pass although the model doubted it; nothing where it drew none."""
    if not found.doubts:
        return []
    texts = view.texts
    return [
        Figure(
            texts("Doubts let pass by lot"),
            texts.number(found.doubts),
            view.define("risk_monitor_weekly.doubts_drawn"),
            texts(
                "{n} abusive of {of} inspected",
                n=texts.number(found.doubts_abusive),
                of=texts.number(found.doubts_inspected),
            ),
        )
    ]


def _champion(view: View, standing: Row) -> Row:
    """The model that decides, as it was certified; empty where none does."""
    if standing["deciding"] != "model":
        return {}
    rows = view.ask(queries.models).filter(pl.col("version") == standing["champion"])
    return rows.row(0, named=True) if len(rows) else {}
