"""Money that went back and what returns cost, stacked by kind."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

import altair as alt
import polars as pl

from dashboards.charts.axes import BLUE, DAYS, ORANGE, days_axis, moment
from dashboards.charts.service_levels import STEP_DAYS
from dashboards.texts import Texts

# Okabe & Ito, those that are told apart beside each other; the legend stands in the order of the stack.
COLOURS = (BLUE, "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#f0e442", "#000000")
_LABELS_WIDTH = 70  # so that pictures under each other stand over the same days
_GAP = 0.12  # of a bar's place


def stacked_money(
    rows: pl.DataFrame, words: Mapping[str, str], step: str, unit: str, texts: Texts
) -> alt.Chart:
    """Amounts by when they arose, a bar a day, week or month; `rows`: starts, kind, amount (whole units)."""
    frame, kinds = _named(_placed(rows, step), words, texts)
    return cast(
        alt.Chart,
        alt.Chart(frame.to_pandas())
        .mark_rect(opacity=0.9)
        .encode(
            x=_days(frame, step, texts),
            x2="bar_to:T",
            y=alt.Y("foot:Q", title=unit, axis=_axis()),
            y2="head:Q",
            color=alt.Color(
                "name:N",
                scale=alt.Scale(domain=kinds, range=list(COLOURS[: len(kinds)])),
                legend=alt.Legend(orient="top", title=None, columns=3),
                sort=kinds,
            ),
            tooltip=[
                alt.Tooltip("starts:T", title=texts("From"), format=DAYS[texts.language] + " %Y"),
                alt.Tooltip("name:N", title=" "),
                alt.Tooltip("amount:Q", title=unit, format=",.0f"),
            ],
        )
        .properties(height=240),
    )


def refused(rows: pl.DataFrame, step: str, texts: Texts) -> alt.Chart:
    """Payments that were refused, by when they were; `rows`: starts, failed."""
    frame = _placed(rows.group_by("starts").agg(pl.col("failed").sum()).sort("starts"), step)
    return cast(
        alt.Chart,
        alt.Chart(frame.to_pandas())
        .mark_rect(color=ORANGE, opacity=0.85)
        .encode(
            x=_days(frame, step, texts),
            x2="bar_to:T",
            y=alt.Y("failed:Q", title=texts("refused"), axis=_axis(ticks=3)),
            y2=alt.datum(0),
            tooltip=[
                alt.Tooltip("starts:T", title=texts("From"), format=DAYS[texts.language] + " %Y"),
                alt.Tooltip("failed:Q", title=texts("Refused payments"), format=","),
            ],
        )
        .properties(height=110),
    )


def _placed(rows: pl.DataFrame, step: str) -> pl.DataFrame:
    """With the place of each bar between its first day and the next bar's."""
    length = timedelta(days=STEP_DAYS[step])
    starts = pl.col("starts").cast(pl.Datetime)
    return rows.with_columns(bar_from=starts + length * _GAP, bar_to=starts + length * (1 - _GAP))


def _named(
    rows: pl.DataFrame, words: Mapping[str, str], texts: Texts
) -> tuple[pl.DataFrame, Sequence[str]]:
    """With each kind's name and its place in the stack, those of the glossary in its order; and the names."""
    codes = rows["kind"].unique().to_list()
    order = sorted(codes, key=lambda code: (code not in words, [*words, code].index(code), code))
    names = {code: texts(words.get(code, code)) for code in order}
    place = {code: n for n, code in enumerate(order)}
    head = pl.col("amount").cum_sum().over("starts")
    stacked = rows.sort("starts", pl.col("kind").replace_strict(place, return_dtype=pl.Int64))
    stacked = stacked.with_columns(name=pl.col("kind").replace(names), head=head)
    return stacked.with_columns(foot=pl.col("head") - pl.col("amount")), list(names.values())


def _days(frame: pl.DataFrame, step: str, texts: Texts) -> alt.X:
    days = frame["starts"].unique().sort().to_list()
    end = days[-1] + timedelta(days=STEP_DAYS[step])
    axis = days_axis(days, texts, "bar_from")
    return axis.scale(domain=[moment(days[0]), moment(end)])


def _axis(ticks: int = 5) -> alt.Axis:
    return alt.Axis(
        minExtent=_LABELS_WIDTH,
        maxExtent=_LABELS_WIDTH,
        tickMinStep=1,
        tickCount=ticks,
        format=",.0f",
    )
