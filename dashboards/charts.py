"""Pictures, in colours that colour-blind readers tell apart (Okabe & Ito)."""

from typing import cast

import altair as alt
import polars as pl

from dashboards.texts import Texts

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#8a949e"
_ROW_HEIGHT = 30
_LONGEST_TITLE = 30


def lifts(rows: pl.DataFrame, texts: Texts) -> alt.LayerChart:
    """Each product's lift with its interval; the line marks what was expected."""
    named = rows.with_columns(
        pl.col("title").str.slice(0, _LONGEST_TITLE).alias("name")
    ).with_columns((pl.col("name") + "  " + pl.col("sku")).alias("name"))
    order = named["name"].to_list()
    base = alt.Chart(named.select("name", "lift", "lift_low", "lift_high").to_pandas())
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=320, labelFontSize=12))
    scale = alt.Scale(type="log", domainMin=0.8)
    title = texts("times as often as expected (90 % interval)")
    x = alt.X(
        "lift_low:Q", scale=scale, title=title, axis=alt.Axis(values=[1, 2, 3, 5, 10, 20, 40])
    )
    bars = base.mark_rule(strokeWidth=3, color=BLUE, opacity=0.55).encode(
        y=y, x=x, x2="lift_high:Q"
    )
    dots = base.mark_point(filled=True, size=90, color=BLUE, opacity=1).encode(
        y=y, x=alt.X("lift:Q", scale=scale)
    )
    expected = (
        alt.Chart(pl.DataFrame({"x": [1.0]}).to_pandas())
        .mark_rule(color=GREY, strokeDash=[4, 3])
        .encode(x="x:Q")
    )
    chart = cast(alt.LayerChart, alt.layer(expected, bars, dots))
    return chart.properties(height=_ROW_HEIGHT * len(rows) + 40)


def history(weeks: pl.DataFrame, texts: Texts) -> tuple[alt.LayerChart, alt.Chart]:
    """Returned units against the band of an ordinary week, above the units sold."""
    frame = weeks.to_pandas()
    x = alt.X("week_start:T", title=None)
    band = (
        alt.Chart(frame)
        .mark_area(color=GREY, opacity=0.3, interpolate="step-after")
        .encode(x=x, y=alt.Y("expected_low:Q", title=texts("units returned")), y2="expected_high:Q")
    )
    expected = (
        alt.Chart(frame)
        .mark_line(color=GREY, strokeDash=[4, 3], interpolate="step-after")
        .encode(x=x, y="units_expected:Q")
    )
    returned = (
        alt.Chart(frame)
        .mark_line(color=ORANGE, point=alt.OverlayMarkDef(color=ORANGE, size=35), strokeWidth=2)
        .encode(x=x, y="units_returned:Q")
    )
    sold = (
        alt.Chart(frame)
        .mark_bar(color=BLUE, opacity=0.7)
        .encode(x=x, y=alt.Y("units_sold:Q", title=texts("units sold")))
    )
    above = cast(alt.LayerChart, alt.layer(band, expected, returned).properties(height=240))
    return above, sold.properties(height=110)
