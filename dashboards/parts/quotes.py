"""One customer's words in each row of the list: of a comment for a buyer who has shown a key, else what many say alike.

A comment is read once a session, for each reading is noted; it stays in the session's memory, as long as the key does.
"""

import polars as pl
import streamlit as st

from dashboards.parts.answering import READ, signed_in
from dashboards.parts.frame import View
from dashboards.parts.plain import plain
from dashboards.queries import customers_words
from dashboards.service_api import Comment, Refused

_LONGEST = 120
_MOST_READ = 10  # rows for which the service is asked


def quotes(view: View, rows: pl.DataFrame) -> dict[str, str]:
    """Markdown by product, of rows of the list; those of whom nobody wrote are left out."""
    texts = view.texts
    leading = dict(
        view.ask(customers_words.leading, texts.language).rows_by_key("sku", unique=True)
    )
    told = {
        sku: texts("“{phrase}” ({n} customers)", phrase=plain(phrase), n=texts.number(comments))
        for sku, (phrase, comments) in leading.items()
    }
    phrases = {sku: str(phrase) for sku, (phrase, _) in leading.items()}
    read = {
        sku: texts("“{phrase}”", phrase=plain(body))
        for sku, body in _read(rows.head(_MOST_READ), phrases).items()
    }
    return told | read


def _read(rows: pl.DataFrame, phrases: dict[str, str]) -> dict[str, str]:
    """A comment of each product, as far as the service tells them to this session's buyer."""
    service = signed_in()
    if service is None:
        return {}
    read: dict[str, str | None] = st.session_state.setdefault(READ, {})
    for sku, flag_ids in rows.select("sku", "flag_ids").iter_rows():
        if not flag_ids or sku in read:
            continue
        try:
            read[sku] = _most_telling(service.comments(flag_ids[0]), phrases.get(sku))
        except Refused:  # the phrases stand in for it; the service may be away for the others, too
            break
    return {sku: body for sku, body in read.items() if body is not None}


def _most_telling(comments: tuple[Comment, ...], phrase: str | None) -> str | None:
    """The newest comment that says what many say, else the newest of all; None where nobody wrote."""
    lines = [" ".join(each.body.split()) for each in comments]
    saying = [each for each in lines if phrase and phrase.casefold() in each.casefold()]
    return next((_shortened(each) for each in (*saying, *lines)), None)


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"
