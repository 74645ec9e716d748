"""The models themselves: what another threshold would bring, for whom they err, how far requests moved, and their history."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from dashboards.charts import automation as charts
from dashboards.parts.choices import choose_one, choose_step
from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.frame import View
from dashboards.parts.tables import Column, show_table
from dashboards.queries import automation as queries
from dashboards.risk_words import DIMENSIONS, FEATURES, ROLES, SLICES
from dashboards.words import CURRENCIES
from retour.currencies import decimals_of

Row = Mapping[str, Any]
_USUAL_SHARE = 80


def show_trade_off(view: View, standing: Row) -> None:
    """A slider over the share that passes: what it would cost and bring, by the requests that the model was judged on."""
    texts = view.texts
    st.subheader(texts("What another threshold would bring"))
    version = _shown(standing)
    rows = view.ask(queries.trade_off, version) if version else pl.DataFrame()
    if rows.is_empty():
        st.info(texts("There is no model yet that was judged on requests it had not learned from."))
        return
    steps = [round(100 * share) for share in rows["share"]]
    chosen = _chosen(rows)
    usual = round(100 * chosen["share"]) if chosen else min(_USUAL_SHARE, steps[-1])
    asked = choose_step(
        st.container(),
        "share",
        texts("Share that passes without a person"),
        steps,
        usual,
        "\N{NO-BREAK SPACE}%",
    )
    row = rows.row(steps.index(asked), named=True)
    _show_what_it_brings(view, row, chosen, standing)
    _show_by_share(view, rows, asked / 100, standing)


def _show_what_it_brings(view: View, row: Row, chosen: Row | None, standing: Row) -> None:
    texts, define, currency = view.texts, view.define, standing["currency"]
    show_figures(
        [
            Figure(
                texts("Reviews a day"),
                texts.number(row["reviews_a_day"], 1),
                define("risk_trade_off.reviews_a_day"),
                _against(view, chosen, "reviews_a_day"),
            ),
            Figure(
                texts("Cost of 100 requests"),
                texts.money(round(100 * row["cost"]), currency),
                define("risk_trade_off.cost"),
                texts("as decided: {n}", n=texts.money(round(100 * chosen["cost"]), currency))
                if chosen
                else None,
            ),
            Figure(
                texts("Abusive among what passes"),
                texts.share(row["abuse_rate"], 1),
                define("risk_trade_off.abuse_rate"),
                texts("at most {bound}", bound=texts.share(row["abuse_bound"], 1))
                if row["abuse_bound"] is not None
                else None,
            ),
        ]
    )
    if row["is_certified"]:
        st.success(texts("The certificate reaches so far."))
    else:
        st.warning(texts("The certificate does not reach so far: this share may not be used."))


def _show_by_share(view: View, rows: pl.DataFrame, share: float, standing: Row) -> None:
    texts, currency = view.texts, standing["currency"]
    unit = texts.word(CURRENCIES, currency)
    whole = 10 ** decimals_of(currency)
    rows = rows.with_columns(cost_of_100=100 * pl.col("cost") / whole)
    left, right = st.columns(2, gap="medium")
    with left:
        told = texts("What 100 requests cost by the share that passes: losses, reviews and delay.")
        picture = charts.cost_by_share(rows, share, unit, texts)
        st.altair_chart(picture, width="stretch", alt=told)
        st.caption(told)
    with right:
        _show_abuse_by_share(view, rows, share, standing["abuse_cap"], unit)


def _show_abuse_by_share(
    view: View, rows: pl.DataFrame, share: float, cap: float, unit: str
) -> None:
    texts = view.texts
    told = texts(
        "Abusive part of what passes, and its bound (dashed); the orange line is the cap. The bound holds for each share "
        "by itself; how far the certificate reaches, the text above says."
    )
    picture = charts.abuse_by_share(rows, share, cap, unit, texts)
    st.altair_chart(picture, width="stretch", alt=told)
    st.caption(told)


def _against(view: View, chosen: Row | None, name: str) -> str | None:
    texts = view.texts
    return texts("as decided: {n}", n=texts.number(chosen[name], 1)) if chosen else None


def _chosen(rows: pl.DataFrame) -> Row | None:
    found = rows.filter("is_chosen")
    return found.row(0, named=True) if len(found) else None


def _shown(standing: Row) -> str | None:
    """The model that decides, else the newest one."""
    version: str | None = standing["champion"] or standing["newest"]
    return version


def show_whom_it_errs_for(view: View, standing: Row) -> None:
    """Honest customers that were sent to a person, by tenure, language, region or value."""
    texts, version = view.texts, _shown(standing)
    st.subheader(texts("Honest customers sent to a person"))
    if version is None:
        st.info(texts("There is no model yet that could send anybody to a person."))
        return
    if view.ask(queries.passes_nobody, version):
        st.info(
            texts(
                "Model {version} is certified for nothing: by itself it would let nobody pass, so there is nobody to compare.",
                version=version,
            )
        )
        return
    options = {code: texts(word) for code, word in DIMENSIONS.items()}
    dimension = choose_one(st.container(), "slice", texts("By"), options, default="tenure")
    rows = view.ask(queries.slices, version, dimension)
    if rows.is_empty():
        st.info(texts("Too little is known of it yet."))
        return
    told = texts(
        "Of those known to be honest, the share sent to a person, with its 95 % interval. Where intervals overlap, "
        "the difference may be chance."
    )
    named = rows.with_columns(
        slice=pl.Series([texts.word(SLICES, each) for each in rows["slice"]], dtype=pl.String)
    )
    st.altair_chart(charts.shares_beside(named, texts), width="stretch", alt=told)
    st.caption(told)
    st.caption(
        texts("Seen in its own decisions.")
        if rows["seen_in"][0] == "decisions"
        else texts("Seen in the training, on requests it had not learned from.")
    )


def show_drift(view: View) -> None:
    """How far requests moved away from those of the training."""
    texts, define = view.texts, view.define
    st.subheader(texts("How far requests moved"))
    rows = view.ask(queries.drift)
    if rows.is_empty():
        st.info(texts("No model decides, so nothing is compared with its training."))
        return
    if rows["requests"].max() == 0:
        st.info(texts("The model has judged nothing yet."))
        return
    columns = {
        "feature": Column(
            texts("Feature"), words=FEATURES, definition=define("risk_drift.feature")
        ),
        "stability_index": Column(
            texts("Stability index"), "score", definition=define("risk_drift.stability_index")
        ),
        "moved_at": Column(texts("Limit"), "score", definition=define("risk_drift.moved_at")),
        "has_moved": Column(texts("Moved"), "flag", definition=define("risk_drift.has_moved")),
        "requests": Column(texts("Requests"), "number", definition=define("risk_drift.requests")),
    }
    show_table(view, rows, columns, file="risk-drift")


def show_history(view: View) -> None:
    """Every model that was trained."""
    texts, define = view.texts, view.define
    st.subheader(texts("Models"))
    rows = view.ask(queries.models)
    if rows.is_empty():
        st.info(texts("No model was trained yet."))
        return
    columns = {
        "version": Column(texts("Model")),
        "role": Column(texts("Role"), words=ROLES, definition=define("risk_models.role")),
        "trained_at": Column(
            texts("Trained"), "moment", definition=define("risk_models.trained_at")
        ),
        "promoted_at": Column(
            texts("Decides since"), "moment", definition=define("risk_models.promoted_at")
        ),
        "labels": Column(texts("Labels"), "number", definition=define("risk_models.labels")),
        "abusive": Column(texts("Abusive"), "number", definition=define("risk_models.abusive")),
        "auc": Column("AUC", "score", definition=define("risk_models.auc")),
        "share": Column(texts("Passes"), "share", definition=define("risk_models.share")),
        "bound": Column(texts("At most abusive"), "share", definition=define("risk_models.bound")),
        "early_share": Column(
            texts("Paid early"), "share", definition=define("risk_models.early_share")
        ),
        "early_bound": Column(
            texts("Paid early, at most abusive"),
            "share",
            definition=define("risk_models.early_bound"),
        ),
        "basic_share": Column(
            texts("Inspected in short"), "share", definition=define("risk_models.basic_share")
        ),
        "basic_bound": Column(
            texts("Inspected in short, at most abusive"),
            "share",
            definition=define("risk_models.basic_bound"),
        ),
        "missing_labels": Column(
            texts("Missing labels"), "number", definition=define("risk_models.missing_labels")
        ),
        "reason": Column(texts("Why"), "sentences", definition=define("risk_models.reason")),
    }
    show_table(view, rows, columns, file="risk-models")
