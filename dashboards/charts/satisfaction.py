"""Scores with their intervals, over time and beside each other."""

from collections.abc import Mapping
from datetime import timedelta
from typing import cast

import altair as alt
import polars as pl

from dashboards.charts.axes import BLUE, DAYS, days_axis
from dashboards.texts import Texts

_ROW_PX, _AXIS_PX = 44, 50


def score_over_time(rows: pl.DataFrame, texts: Texts) -> alt.LayerChart:
    """The mean score as a line in the band of its 95 % interval."""
    base = alt.Chart(rows.to_pandas()).encode(
        x=days_axis(rows["starts"].to_list(), texts, "starts", around=timedelta(days=4)),
        tooltip=[
            alt.Tooltip("starts:T", title=texts("From"), format=DAYS[texts.language] + " %Y"),
            *_score_tooltip(texts),
        ],
    )
    band = base.mark_errorbar(color=BLUE, opacity=0.5, thickness=2, ticks=True).encode(
        y=_score("csat_low:Q", texts), y2="csat_high:Q"
    )
    line = base.mark_line(
        color=BLUE, strokeWidth=2, point=alt.OverlayMarkDef(color=BLUE, size=45)
    ).encode(y=_score("csat:Q", texts))
    return cast(alt.LayerChart, alt.layer(band, line).properties(height=230))


def scores_beside(rows: pl.DataFrame, words: Mapping[str, str], texts: Texts) -> alt.LayerChart:
    """A value a line, its mean score as a dot within its 95 % interval; in the order of the rows."""
    named = rows.with_columns(name=pl.col("value").replace({k: texts(v) for k, v in words.items()}))
    names = named["name"].to_list()
    base = alt.Chart(named.filter(pl.col("answered") > 0).to_pandas()).encode(
        y=alt.Y(
            "name:N",
            title=None,
            scale=alt.Scale(domain=names),
            axis=alt.Axis(labelLimit=150, grid=True),
        ),
        tooltip=[alt.Tooltip("name:N", title=" "), *_score_tooltip(texts)],
    )
    reach = base.mark_rule(color=BLUE, strokeWidth=3, opacity=0.5).encode(
        x=_score_x("csat_low:Q", texts), x2="csat_high:Q"
    )
    dot = base.mark_point(color=BLUE, filled=True, size=90, opacity=1).encode(
        x=_score_x("csat:Q", texts)
    )
    words_beside = base.mark_text(align="center", dy=-13, color="#1d2730").encode(
        x="csat:Q", text=alt.Text("csat:Q", format=".2f")
    )
    height = _AXIS_PX + _ROW_PX * max(1, len(names))
    return cast(alt.LayerChart, alt.layer(reach, dot, words_beside).properties(height=height))


def _score(field: str, texts: Texts) -> alt.Y:
    return alt.Y(
        field,
        title=texts("score"),
        scale=alt.Scale(domain=[1, 5]),
        axis=alt.Axis(values=[1, 2, 3, 4, 5], format="d"),
    )


def _score_x(field: str, texts: Texts) -> alt.X:
    return alt.X(
        field,
        title=texts("score"),
        scale=alt.Scale(domain=[1, 5]),
        axis=alt.Axis(values=[1, 2, 3, 4, 5], format="d"),
    )


def _score_tooltip(texts: Texts) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("csat:Q", title=texts("Mean score"), format=".2f"),
        alt.Tooltip("csat_low:Q", title=texts("at least"), format=".2f"),
        alt.Tooltip("csat_high:Q", title=texts("at most"), format=".2f"),
        alt.Tooltip("answered:Q", title=texts("Answers"), format=","),
    ]
