"""How long runs take."""

from typing import cast

import altair as alt
import polars as pl

from dashboards.charts.axes import BLUE, GREY, ORANGE
from dashboards.texts import Texts
from dashboards.words import JOBS, RUN_STATUSES

_MOMENTS = {"en": "%-d %b %H:%M", "zh": "%-m月%-d日 %H:%M"}


def seconds_of_runs(rows: pl.DataFrame, texts: Texts) -> alt.Chart:
    """A mark a run: a dot where it succeeded, a cross where it failed. `started_at` is in the shop's time."""
    good, bad, other = texts("succeeded"), texts("failed"), texts("other")
    named = {"success": good, "failure": bad}
    frame = rows.with_columns(
        ended=pl.col("status").replace_strict(named, default=other, return_dtype=pl.String),
        job=pl.col("job").replace({code: texts(word) for code, word in JOBS.items()}),
        status=pl.col("status").replace({code: texts(word) for code, word in RUN_STATUSES.items()}),
    )
    domain = [good, bad, other]
    legend = alt.Legend(orient="top", title=None)
    moments = _MOMENTS[texts.language]
    picture = (
        alt.Chart(frame.to_pandas())
        .mark_point(size=60, strokeWidth=2)
        .encode(
            x=alt.X(
                "started_at:T",
                title=None,
                axis=alt.Axis(format=moments, labelOverlap=True, tickCount=6),
            ),
            y=alt.Y("seconds:Q", title=texts("seconds")),
            shape=alt.Shape(
                "ended:N",
                scale=alt.Scale(domain=domain, range=["circle", "cross", "triangle"]),
                legend=legend,
            ),
            color=alt.Color(
                "ended:N", scale=alt.Scale(domain=domain, range=[BLUE, ORANGE, GREY]), legend=legend
            ),
            tooltip=[
                alt.Tooltip("started_at:T", title=texts("Started at"), format=moments),
                alt.Tooltip("job:N", title=texts("Job")),
                alt.Tooltip("status:N", title=texts("How it ended")),
                alt.Tooltip("seconds:Q", title=texts("seconds"), format=",.1f"),
                alt.Tooltip("events:Q", title=texts("Events"), format=","),
            ],
        )
        .properties(height=200)
    )
    return cast(alt.Chart, picture)
