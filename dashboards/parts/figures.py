"""Headline figures in a row, each with its definition on hover."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it is written; `beside` says how sure or how much it is, `history` draws it under it."""

    label: str
    value: str
    definition: str | None = None
    beside: str | None = None
    history: tuple[float, ...] = ()


def show_figures(figures: Iterable[Figure]) -> None:
    """The figures side by side, as many in a line as fit."""
    bar = st.container(horizontal=True)
    for figure in figures:
        show_figure(bar, figure, height="stretch")


def show_figure(
    place: DeltaGenerator, figure: Figure, height: Literal["content", "stretch"] = "content"
) -> None:
    """One figure in its frame, as high as it is or as its neighbours are."""
    place.metric(
        figure.label,
        figure.value,
        delta=figure.beside,
        delta_color="off",
        delta_arrow="off",
        help=figure.definition,
        border=True,
        height=height,
        chart_data=list(figure.history) if len(figure.history) > 1 else None,
    )
