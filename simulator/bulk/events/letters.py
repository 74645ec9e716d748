"""Letters: what customers are told of, the moment that it happens."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from simulator.bulk.happening import Events, events
from simulator.columns import Words, taken
from simulator.world import Flags

# As `service.letters.news.LETTERS`, which the fast path cannot import; a test compares the two.
LETTERS: Mapping[str, str] = {
    "review.opened": "received",
    "return.withdrawn": "withdrawn",
    "return.authorized": "approved",
    "line.keep_granted": "kept",
    "return.declined": "declined",
    "evidence.requested": "evidence_wanted",
    "line.inspected": "inspection_result",
    "choice.requested": "choice_wanted",
    "refund.settled": "refunded",
    "refund.failed": "refund_failed",
    "return.cancelled": "cancelled",
    "return.expired": "expired",
    "survey.sent": "survey",
    "survey.reminded": "survey_reminder",
    "case.opened": "case_opened",
    "message.written": "case_message",
    "case.closed": "case_closed",
}
_LETTERS = Words(list(LETTERS.values()))


def with_letters(told: Iterable[Events], start_us: int) -> Iterator[Events]:
    """The events, and after them the letters that tell of them."""
    news = []
    for each in told:
        yield each
        if each.type in LETTERS and len(each):
            news.append(each)
    if news:
        yield _letters(news, start_us)


def _letters(news: Sequence[Events], start_us: int) -> Events:
    """`message_id` is made when the log numbers them."""
    is_news = np.concatenate([_is_news(each) for each in news])
    place = np.flatnonzero(is_news)
    at_us = np.concatenate([each.rows["at"].to_numpy() for each in news])[place]
    kinds = np.array([_LETTERS.place(LETTERS[each.type]) for each in news])
    subject = pl.concat([each.rows["subject"] for each in news], rechunk=True)
    language = pl.concat([_language(each) for each in news], rechunk=True)
    return events(
        "message.sent",
        at_us,
        taken(subject, place),
        "system",
        message_id=None,
        letter=_LETTERS.at(np.repeat(kinds, [len(each) for each in news])[place]),
        language=taken(language, place),
        about_us=at_us + start_us,
    )


def _is_news(told: Events) -> Flags:
    return np.ones(len(told), dtype=np.bool_) if told.is_news is None else told.is_news


def _language(told: Events) -> pl.Series:
    assert told.language is not None, f"nobody knows in which language to tell of {told.type}"  # noqa: S101
    return told.language
