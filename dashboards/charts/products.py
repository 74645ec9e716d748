"""One product's history in pictures."""

from datetime import timedelta
from typing import cast

import altair as alt
import polars as pl

from dashboards.charts.axes import BLUE, DAYS, GREY, ORANGE, days_axis
from dashboards.texts import Texts

_LABELS_WIDTH = 50  # both pictures' left edge, so that a week stands above itself
_HALF_A_WEEK = timedelta(days=4)


def history(weeks: pl.DataFrame, texts: Texts) -> tuple[alt.LayerChart, alt.Chart]:
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
    above = cast(alt.LayerChart, alt.layer(band, expected, returned).properties(height=230))
    return above, sold.properties(height=100)


def _weeks_axis(weeks: pl.DataFrame, texts: Texts, column: str = "week_start") -> alt.X:
    return days_axis(weeks["week_start"].to_list(), texts, column, around=_HALF_A_WEEK)


def _units(column: str, title: str, ticks: int = 5) -> alt.Y:
    axis = alt.Axis(
        minExtent=_LABELS_WIDTH, maxExtent=_LABELS_WIDTH, tickMinStep=1, tickCount=ticks
    )
    return alt.Y(f"{column}:Q", title=title, axis=axis)
