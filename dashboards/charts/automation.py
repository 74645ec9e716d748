"""What passes without a person and how abusive that is, over time, by share, and by slice."""

from datetime import timedelta
from typing import cast

import altair as alt
import polars as pl

from dashboards.charts.axes import BLUE, DAYS, GREY, ORANGE, days_axis
from dashboards.texts import Texts

_ROW_PX, _AXIS_PX, _HEIGHT = 44, 50, 230
_ONE = pl.DataFrame({"one": [1]}).to_pandas()  # a line stands there once


def share_over_time(rows: pl.DataFrame, texts: Texts) -> alt.Chart:
    """The share that passed in each week, whoever decided."""
    weeks = (
        rows.group_by("week_start")
        .agg(pl.col("approved").sum(), pl.col("scored").sum())
        .with_columns(share=pl.col("approved") / pl.col("scored"))
        .sort("week_start")
    )
    chart = (
        alt.Chart(weeks.to_pandas())
        .mark_line(color=BLUE, strokeWidth=2, point=alt.OverlayMarkDef(color=BLUE, size=45))
        .encode(
            x=_weeks(weeks, texts),
            y=alt.Y("share:Q", title=None, axis=alt.Axis(format="%"), scale=alt.Scale(domainMax=1)),
            tooltip=[
                _week(texts),
                alt.Tooltip("share:Q", title=texts("Passed without a person"), format=".1%"),
                alt.Tooltip("scored:Q", title=texts("Judged")),
            ],
        )
        .properties(height=_HEIGHT)
    )
    return cast(alt.Chart, chart)


def abuse_over_time(rows: pl.DataFrame, cap: float, texts: Texts) -> alt.LayerChart:
    """The abusive part of what passed in each week with its interval, and the cap as a line."""
    known = rows.drop_nulls("estimated_rate")
    base = alt.Chart(known.to_pandas()).encode(
        x=_weeks(known, texts),
        tooltip=[
            _week(texts),
            alt.Tooltip("estimated_rate:Q", title=texts("Abusive among them"), format=".2%"),
            alt.Tooltip("estimated_low:Q", title=texts("at least"), format=".2%"),
            alt.Tooltip("estimated_high:Q", title=texts("at most"), format=".2%"),
            alt.Tooltip("looked_at:Q", title=texts("Inspected")),
            alt.Tooltip("failed:Q", title=texts("of them failed")),
            alt.Tooltip("audited:Q", title=texts("Audited")),
            alt.Tooltip("audits_abusive:Q", title=texts("of them abusive")),
            alt.Tooltip("model_version:N", title=texts("Decided by")),
        ],
    )
    reach = base.mark_rule(color=BLUE, strokeWidth=3, opacity=0.4).encode(
        y=_percent("estimated_low:Q"), y2="estimated_high:Q"
    )
    dot = base.mark_point(color=BLUE, filled=True, size=70, opacity=1).encode(
        y=_percent("estimated_rate:Q")
    )
    return cast(alt.LayerChart, alt.layer(reach, dot, _line(cap)).properties(height=_HEIGHT))


def cost_by_share(rows: pl.DataFrame, share: float, unit: str, texts: Texts) -> alt.LayerChart:
    """What 100 requests cost (`cost_of_100`, in units of a currency) by the share that passes; a line where the reader stands."""
    base = alt.Chart(rows.to_pandas()).encode(x=_share(texts))
    title = texts("{unit} for 100 requests", unit=unit)
    cost = base.mark_line(color=BLUE, strokeWidth=2).encode(
        y=alt.Y("cost_of_100:Q", title=title, axis=alt.Axis(format=",.0f", tickCount=5))
    )
    layers = alt.layer(cost, _upright(share), _told_by_share(base, unit, texts))
    return cast(alt.LayerChart, layers.properties(height=_HEIGHT))


def abuse_by_share(
    rows: pl.DataFrame, share: float, cap: float, unit: str, texts: Texts
) -> alt.LayerChart:
    """The abusive part and its bound (dashed) by the share that passes, the cap, and a line where the reader stands."""
    base = alt.Chart(rows.drop_nulls("abuse_rate").to_pandas()).encode(x=_share(texts))
    rate = base.mark_line(color=BLUE, strokeWidth=2).encode(y=_percent("abuse_rate:Q"))
    bound = base.mark_line(color=BLUE, strokeDash=[6, 3], strokeWidth=2).encode(
        y=_percent("abuse_bound:Q")
    )
    return cast(
        alt.LayerChart,
        alt.layer(
            rate, bound, _line(cap), _upright(share), _told_by_share(base, unit, texts)
        ).properties(height=_HEIGHT),
    )


def _told_by_share(base: alt.Chart, unit: str, texts: Texts) -> alt.Chart:
    """What each share would bring, wherever the pointer rests above or below it."""
    tooltip = [
        alt.Tooltip("share:Q", title=texts("Share that passes"), format=".0%"),
        alt.Tooltip(
            "cost_of_100:Q", title=texts("{unit} for 100 requests", unit=unit), format=",.0f"
        ),
        alt.Tooltip("abuse_rate:Q", title=texts("Abusive among what passes"), format=".2%"),
        alt.Tooltip("abuse_bound:Q", title=texts("at most"), format=".2%"),
        alt.Tooltip("reviews_a_day:Q", title=texts("Reviews a day"), format=",.1f"),
    ]
    return cast(alt.Chart, base.mark_rule(strokeWidth=24, opacity=0).encode(tooltip=tooltip))


def shares_beside(rows: pl.DataFrame, texts: Texts) -> alt.LayerChart:
    """A slice a line, its share as a dot within its interval; in the order of the rows."""
    names = rows["slice"].to_list()
    base = alt.Chart(rows.to_pandas()).encode(
        y=alt.Y("slice:N", title=None, scale=alt.Scale(domain=names), axis=alt.Axis(grid=True)),
        tooltip=[
            alt.Tooltip("slice:N", title=" "),
            alt.Tooltip("share:Q", title=texts("Sent to a person"), format=".1%"),
            alt.Tooltip("low:Q", title=texts("at least"), format=".1%"),
            alt.Tooltip("high:Q", title=texts("at most"), format=".1%"),
            alt.Tooltip("honest:Q", title=texts("Honest")),
        ],
    )
    reach = base.mark_rule(color=BLUE, strokeWidth=3, opacity=0.4).encode(
        x=alt.X("low:Q", title=None, axis=alt.Axis(format="%")), x2="high:Q"
    )
    dot = base.mark_point(color=BLUE, filled=True, size=90, opacity=1).encode(x="share:Q")
    height = _AXIS_PX + _ROW_PX * max(1, len(names))
    return cast(alt.LayerChart, alt.layer(reach, dot).properties(height=height))


def _line(at: float) -> alt.Chart:
    return cast(
        alt.Chart,
        alt.Chart(_ONE).mark_rule(color=ORANGE, strokeWidth=2).encode(y=alt.datum(at)),
    )


def _upright(at: float) -> alt.Chart:
    rule = alt.Chart(_ONE).mark_rule(color=GREY, strokeWidth=2)
    return cast(alt.Chart, rule.encode(x=alt.datum(at)))


def _share(texts: Texts) -> alt.X:
    return alt.X("share:Q", title=texts("Share that passes"), axis=alt.Axis(format="%"))


def _percent(field: str) -> alt.Y:
    return alt.Y(field, title=None, axis=alt.Axis(format="%"))


def _weeks(rows: pl.DataFrame, texts: Texts) -> alt.X:
    weeks = rows["week_start"].unique().sort().to_list()
    return days_axis(weeks, texts, "week_start", around=timedelta(days=4))


def _week(texts: Texts) -> alt.Tooltip:
    return alt.Tooltip("week_start:T", title=texts("Week of"), format=DAYS[texts.language] + " %Y")
