"""Clocks kept and missed over time, and how long they ran."""

from collections.abc import Mapping
from datetime import timedelta
from typing import cast

import altair as alt
import polars as pl

from dashboards.charts.axes import BLUE, DAYS, GREY, ORANGE, days_axis
from dashboards.texts import Texts

STEP_DAYS: Mapping[str, int] = {"day": 1, "week": 7, "month": 30}
_LABELS_WIDTH = 50  # so that pictures under each other stand over the same days
_GAP = 0.12  # of a bar's place


def kept_and_missed(rows: pl.DataFrame, step: str, texts: Texts) -> alt.LayerChart:
    """Clocks by when they were opened: upwards those met and still open, downwards those breached.

    The place tells them apart, not the colour alone. `rows` are those of `queries.service_levels.over_time`.
    """
    length = timedelta(days=STEP_DAYS[step])
    frame = rows.with_columns(
        bar_from=pl.col("starts").cast(pl.Datetime) + length * _GAP,
        bar_to=pl.col("starts").cast(pl.Datetime) + length * (1 - _GAP),
        met_and_open=pl.col("met") + pl.col("still_open"),
        below=-pl.col("breached"),
    ).to_pandas()
    base = alt.Chart(frame).encode(tooltip=_tooltip(texts))
    met = _bars(base, rows, texts, BLUE, "met", alt.datum(0))
    still_open = _bars(base, rows, texts, GREY, "met_and_open", "met:Q")
    breached = _bars(base, rows, texts, ORANGE, "below", alt.datum(0))
    zero = alt.Chart(frame.head(1)).mark_rule(color="#1d2730").encode(y=alt.datum(0))
    return cast(alt.LayerChart, alt.layer(met, still_open, breached, zero).properties(height=220))


def how_long(rows: pl.DataFrame, texts: Texts) -> alt.LayerChart:
    """Half, nine of ten and nineteen of twenty took no longer: three lines told apart by their dashes."""
    names = {
        "p50_hours": texts("half"),
        "p90_hours": texts("9 of 10"),
        "p95_hours": texts("19 of 20"),
    }
    frame = (
        rows.rename(names)
        .unpivot(list(names.values()), index="day", variable_name="which", value_name="hours")
        .drop_nulls("hours")
        .to_pandas()
    )
    order = list(names.values())
    legend = alt.Legend(orient="top", title=None, symbolType="stroke", symbolSize=500)
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2)
        .encode(
            x=days_axis(rows["day"].to_list(), texts, "day", around=timedelta(days=1)),
            y=alt.Y(
                "hours:Q",
                title=texts("hours"),
                axis=alt.Axis(minExtent=_LABELS_WIDTH, maxExtent=_LABELS_WIDTH, tickCount=5),
            ),
            strokeDash=alt.StrokeDash(
                "which:N",
                scale=alt.Scale(domain=order, range=[[1, 0], [6, 3], [2, 2]]),
                legend=legend,
                sort=order,
            ),
            color=alt.Color(
                "which:N",
                scale=alt.Scale(domain=order, range=[BLUE, "#1d2730", ORANGE]),
                legend=legend,
                sort=order,
            ),
            tooltip=[
                alt.Tooltip("day:T", title=texts("Day"), format=DAYS[texts.language] + " %Y"),
                alt.Tooltip("which:N", title=texts("no longer than this")),
                alt.Tooltip("hours:Q", title=texts("hours"), format=",.1f"),
            ],
        )
    )
    limit = (
        alt.Chart(frame.head(1)).mark_rule(color=GREY, strokeDash=[4, 4]).encode(y=alt.datum(24))
    )
    return cast(alt.LayerChart, alt.layer(limit, lines).properties(height=220))


def _bars(
    base: alt.Chart,
    rows: pl.DataFrame,
    texts: Texts,
    color: str,
    top: str,
    bottom: object,
) -> alt.Chart:
    days = [*rows["starts"].to_list()]
    return cast(
        alt.Chart,
        base.mark_rect(color=color, opacity=0.85).encode(
            x=days_axis(days, texts, "bar_from", around=timedelta(days=1)),
            x2="bar_to:T",
            y=alt.Y(
                f"{top}:Q",
                title=texts("clocks"),
                axis=alt.Axis(
                    minExtent=_LABELS_WIDTH,
                    maxExtent=_LABELS_WIDTH,
                    tickMinStep=1,
                    tickCount=6,
                    labelExpr="format(abs(datum.value), ',')",
                ),
            ),
            y2=bottom,
        ),
    )


def _tooltip(texts: Texts) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("starts:T", title=texts("From"), format=DAYS[texts.language] + " %Y"),
        alt.Tooltip("met:Q", title=texts("Met"), format=","),
        alt.Tooltip("breached:Q", title=texts("Breached"), format=","),
        alt.Tooltip("still_open:Q", title=texts("Still open"), format=","),
        alt.Tooltip("within:Q", title=texts("Within time"), format=".1%"),
    ]
