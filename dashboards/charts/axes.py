"""What the pictures share: colours (Okabe & Ito) and axes of time."""

from collections.abc import Sequence
from datetime import date, timedelta

import altair as alt

from dashboards.texts import Texts

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#8a949e"
DAYS: dict[str, str] = {"en": "%-d %b", "zh": "%-m月%-d日"}
_LABELS = 6


def days_axis(
    days: Sequence[date], texts: Texts, column: str, around: timedelta = timedelta(days=0)
) -> alt.X:
    """A time axis from the first to the last of some days, with some of them written out; `around` is left free."""
    labelled = days[:: max(1, -(-len(days) // _LABELS))]
    return alt.X(
        f"{column}:T",
        title=None,
        scale=alt.Scale(domain=[moment(days[0] - around), moment(days[-1] + around)]),
        axis=alt.Axis(
            values=[moment(each) for each in labelled],
            format=DAYS[texts.language],
            labelOverlap=True,
            grid=False,
        ),
    )


def moment(day: date) -> alt.DateTime:
    """Midnight in the browser's own zone, as Vega reads days in data."""
    return alt.DateTime(year=day.year, month=day.month, date=day.day)
