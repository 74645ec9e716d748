"""What customers write of a product: the words they use and others do not, and some comments for whoever may read them."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl
import streamlit as st

from dashboards.parts.answering import signed_in
from dashboards.parts.frame import View
from dashboards.parts.plain import plain
from dashboards.service_api import Comment, Refused

_PHRASES = 6


def show_customers_words(view: View, phrases: pl.DataFrame, flag_ids: Sequence[str]) -> None:
    """Phrases with how often they are said; then comments, which are read with the buyer's own key and kept nowhere."""
    texts = view.texts
    st.subheader(texts("In customers' words"))
    if phrases.is_empty():
        st.caption(
            texts(
                "No words stand out: fewer than three customers share any, or nobody wrote of other products in its category."
            )
        )
    for row in phrases.head(_PHRASES).iter_rows(named=True):
        st.markdown(
            texts(
                "“**{phrase}**”: {comments} customers, {share} of those who wrote; of its neighbours {usual}",
                phrase=plain(row["phrase"]),
                comments=texts.number(row["comments"]),
                share=texts.share(row["share"]),
                usual=texts.share(row["usual_share"]),
            )
        )
    service = signed_in()
    if service is None or not flag_ids:
        return
    with st.expander(texts("Read some comments")):
        try:
            comments = service.comments(flag_ids[0])
        except Refused:
            st.caption(texts("The comments cannot be read now."))
            return
        if not comments:
            st.caption(texts("Nobody has written about it since."))
        for each in comments:
            _show(view, each)


def _show(view: View, comment: Comment) -> None:
    texts = view.texts
    st.markdown(f"> {plain(comment.body)}")
    parts = [view.day(datetime.fromisoformat(comment.written_at))]
    if comment.reason:
        parts.append(texts.reason(comment.reason))
    if comment.csat is not None:
        parts.append(texts("{csat} of 5", csat=texts.number(comment.csat)))
    st.caption(" · ".join(parts))
