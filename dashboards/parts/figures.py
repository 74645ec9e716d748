"""Headline figures in a row, each with its definition on hover."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import nan
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it is written; `beside` says how sure or how much it is, `history` draws it under it, broken where it has None."""

    label: str
    value: str
    definition: str | None = None
    beside: str | None = None
    history: tuple[float | None, ...] = ()


def show_figures(figures: Iterable[Figure]) -> None:
    """The figures side by side, as many in a line as fit."""
    bar = st.container(horizontal=True)
    for figure in figures:
        show_figure(bar, figure, height="stretch")


def show_figure(
    place: DeltaGenerator, figure: Figure, height: Literal["content", "stretch"] = "content"
) -> None:
    """One figure in its frame, as high as it is or as its neighbours are."""
    course = [nan if each is None else each for each in figure.history]
    place.metric(
        figure.label,
        figure.value,
        delta=figure.beside,
        delta_color="off",
        delta_arrow="off",
        help=figure.definition,
        border=True,
        height=height,
        chart_data=course if len(course) > 1 else None,
    )
