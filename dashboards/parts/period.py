"""The choice of a stretch of shop days; it stands in the URL as `period`, `from` and `to`. And what medians mean over it."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards.parts.choices import choose_day, choose_one, hide
from dashboards.parts.frame import View
from dashboards.queries.periods import Period, between, recent

_OWN = "own"


def over_days(view: View, definition: str | None, *, is_median: bool = True) -> str:
    """What the median of single days, or another share of them, means where it stands for a period."""
    middle = view.texts("Over a period: the middle of its days, each by how many it counts.")
    low = view.texts("With few a day, more of the whole period took longer than the name says.")
    return "\n\n".join(filter(None, (definition, middle, None if is_median else low)))


def over_weeks(view: View, definition: str | None) -> str:
    """What the median of single weeks means where it stands for a period."""
    mean = view.texts("Over a period: the mean of its weeks, each by how many it counts.")
    return "\n\n".join(filter(None, (definition, mean)))


def choose_period(view: View, place: DeltaGenerator | None = None) -> Period:
    """The last weeks before the data end, all days, or days of the reader's own; asked in a bar, or in a place."""
    place = place or st.container(horizontal=True, vertical_alignment="bottom")
    texts, today = view.texts, view.publication.today
    options = {
        "4w": texts("4 weeks"),
        "13w": texts("13 weeks"),
        "all": texts("All days"),
        _OWN: texts("From … to"),
    }
    word = choose_one(place, "period", texts("Period"), options, default="4w")
    if word != _OWN:
        hide("from", "to")
        return recent(word, today)
    usual = recent("4w", today)
    first = choose_day(place, "from", texts("From"), usual.first, today)
    last = choose_day(place, "to", texts("To"), usual.last, today)
    return between(first, last)
