"""One product's history in pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

import altair as alt
import polars as pl

from dashboards.charts.axes import BLUE, DAYS, GREY, ORANGE, days_axis, moment
from dashboards.texts import Texts

_LABELS_WIDTH = 50  # both pictures' left edge, so that a week stands above itself
_HALF_A_WEEK = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Marks:
    """Days that stand out: when the problem began (None: not known), and when buyers acted."""

    since: date | None
    acted: Sequence[date] = ()


def history(weeks: pl.DataFrame, marks: Marks, texts: Texts) -> tuple[alt.LayerChart, alt.Chart]:
    """Returned units against the band of an ordinary week, above the units sold; both over the same weeks."""
    frame = weeks.with_columns(
        bar_from=pl.col("week_start").dt.offset_by("-3d"),
        bar_to=pl.col("week_start").dt.offset_by("3d"),
    ).to_pandas()
    x = _weeks_axis(weeks, texts)
    tooltip = [
        alt.Tooltip("week_start:T", title=texts("Week of"), format=DAYS[texts.language] + " %Y"),
        alt.Tooltip("units_returned:Q", title=texts("Returned"), format=",.0f"),
        alt.Tooltip("units_expected:Q", title=texts("Expected"), format=",.1f"),
        alt.Tooltip("expected_high:Q", title=texts("Ordinary up to"), format=",.1f"),
        alt.Tooltip("units_sold:Q", title=texts("Sold"), format=",.0f"),
    ]
    base = alt.Chart(frame)
    band = base.mark_area(color=GREY, opacity=0.3, interpolate="step").encode(
        x=x, y=_units("expected_low", texts("units returned")), y2="expected_high:Q"
    )
    expected = base.mark_line(color=GREY, strokeDash=[4, 3], interpolate="step").encode(
        x=x, y=_units("units_expected", texts("units returned"))
    )
    returned = base.mark_line(
        color=ORANGE, point=alt.OverlayMarkDef(color=ORANGE, size=35), strokeWidth=2
    ).encode(x=x, y=_units("units_returned", texts("units returned")), tooltip=tooltip)
    sold = base.mark_rect(color=BLUE, opacity=0.7).encode(
        x=_weeks_axis(weeks, texts, "bar_from"),
        x2="bar_to:T",
        y2=alt.datum(0),
        y=_units("units_sold", texts("units sold"), ticks=2),
        tooltip=tooltip,
    )
    layers = alt.layer(band, expected, *_lines(weeks, marks, texts), returned)
    above = cast(alt.LayerChart, layers.properties(height=230))
    return above, sold.properties(height=100)


def _lines(weeks: pl.DataFrame, marks: Marks, texts: Texts) -> list[alt.Chart]:
    """An upright line for each mark within the weeks, its word when the pointer rests on it."""
    first = weeks["week_start"][0]
    days = [(marks.since, texts("the problem begins"), [6, 4])]
    days += [(each, texts("a buyer acted"), [1, 0]) for each in marks.acted]
    return [
        alt.Chart(pl.DataFrame({"what": [word]}).to_pandas())
        .mark_rule(strokeDash=dash, strokeWidth=2, color="black")
        .encode(
            x=alt.X(datum=moment(day), type="temporal"),
            tooltip=alt.Tooltip("what:N", title=texts.day(day)),
        )
        for day, word, dash in days
        if day is not None and day >= first
    ]


def reasons(rows: pl.DataFrame, texts: Texts) -> alt.LayerChart:
    """Why the product comes back as bars, why its category does as ticks; rows `reason, share, category_share`."""
    frame = rows.with_columns(
        reason=pl.Series([texts.reason(each) for each in rows["reason"]], dtype=pl.String)
    ).to_pandas()
    order = frame["reason"].tolist()
    y = alt.Y("reason:N", title=None, sort=order, axis=alt.Axis(labelLimit=160))
    tooltip = [
        alt.Tooltip("reason:N", title=texts("Reason")),
        alt.Tooltip("share:Q", title=texts("This product"), format=".0%"),
        alt.Tooltip("category_share:Q", title=texts("Its category"), format=".0%"),
    ]
    x = alt.X("share:Q", title=None, axis=alt.Axis(format="%", grid=False, tickCount=5))
    bars = alt.Chart(frame).mark_bar(color=ORANGE).encode(x=x, y=y, tooltip=tooltip)
    ticks = (
        alt.Chart(frame)
        .mark_tick(color="black", thickness=3, size=18)
        .encode(x="category_share:Q", y=y, tooltip=tooltip)
    )
    return cast(alt.LayerChart, alt.layer(bars, ticks).properties(height=alt.Step(26)))


def _weeks_axis(weeks: pl.DataFrame, texts: Texts, column: str = "week_start") -> alt.X:
    return days_axis(weeks["week_start"].to_list(), texts, column, around=_HALF_A_WEEK)


def _units(column: str, title: str, ticks: int = 5) -> alt.Y:
    axis = alt.Axis(
        minExtent=_LABELS_WIDTH, maxExtent=_LABELS_WIDTH, tickMinStep=1, tickCount=ticks
    )
    return alt.Y(f"{column}:Q", title=title, axis=axis)
