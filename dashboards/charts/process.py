"""The process as a graph, in the words of DOT; the browser draws it."""

from collections.abc import Iterable
from math import sqrt

import polars as pl

from dashboards.charts.axes import GREY, ORANGE
from dashboards.queries.process import END, START
from dashboards.texts import Texts
from dashboards.words import STEPS

# Light to dark: how long half of the moves take at most. The label beside the arrow says it as well.
HOURS = ((1.0, "#7fb3d5"), (8.0, "#4292c6"), (24.0, "#2171b5"), (72.0, "#08519c"))
_LONGEST = "#08306b"
_THICKEST = 6.0
_HEAD = """digraph {
  graph [rankdir=TB, bgcolor="transparent", nodesep=0.2, ranksep=0.35]
  node [shape=box, style="rounded,filled", fillcolor="#f4f6f8", color="#8a949e", fontname="sans-serif", fontsize=12, margin="0.12,0.06", height=0.35]
  edge [fontname="sans-serif", fontsize=10, arrowsize=0.7]
"""


def as_it_runs(moves: pl.DataFrame, texts: Texts) -> str:
    """Moves as arrows: the thicker the more, the darker the slower, grey where no time is known; dashed orange where nobody designed them."""
    most = moves["cases"].max() or 1
    arrows = (_arrow(move, float(str(most)), texts) for move in moves.iter_rows(named=True))
    return _graph(moves, arrows, texts)


def as_designed(moves: pl.DataFrame, texts: Texts) -> str:
    """Designed moves as arrows, dotted grey where no return that is shown makes them."""
    arrows = (
        f"  {_quoted(move['from_step'])} -> {_quoted(move['to_step'])}"
        + (
            " [weight=9]"
            if move["is_used"]
            else f' [style=dotted, color="{GREY}", constraint=false]'
        )
        for move in moves.iter_rows(named=True)
    )
    return _graph(moves, arrows, texts)


def colour_of(hours: float | None) -> str:
    """The shade of a median of so many hours; grey where none is known."""
    if hours is None:
        return GREY
    return next((colour for limit, colour in HOURS if hours < limit), _LONGEST)


def _arrow(move: dict[str, object], most: float, texts: Texts) -> str:
    cases, median = float(str(move["cases"])), move["median_hours"]
    hours = None if median is None else float(str(median))
    told = [texts.number(cases), *([] if hours is None else [texts.duration(hours)])]
    width = 0.8 + _THICKEST * sqrt(cases / most)
    marks = {
        "label": "  " + " · ".join(told),
        "tooltip": f"{texts.word(STEPS, str(move['from_step']))} → {texts.word(STEPS, str(move['to_step']))}",
        "weight": f"{1 + 99 * cases / most:.0f}",
        "penwidth": f"{width:.1f}",
        "arrowsize": f"{max(0.35, 0.9 - 0.08 * width):.2f}",
        "color": colour_of(hours) if move["is_designed"] else ORANGE,
        "style": "solid" if move["is_designed"] else "dashed",
    }
    looks = ", ".join(f"{name}={_quoted(value)}" for name, value in marks.items())
    return f"  {_quoted(move['from_step'])} -> {_quoted(move['to_step'])} [{looks}]"


def _graph(moves: pl.DataFrame, arrows: Iterable[str], texts: Texts) -> str:
    steps = pl.concat([moves["from_step"], moves["to_step"]]).unique(maintain_order=True)
    nodes = (
        f"  {_quoted(step)} [{_looks(step)}label={_quoted(texts.word(STEPS, step))}]"
        for step in steps
    )
    return "\n".join([_HEAD, *nodes, *arrows, "}"])


def _looks(step: str) -> str:
    if step == START:
        return 'shape=oval, style=filled, fillcolor="#1d2730", fontcolor="#ffffff", '
    if step == END:
        return 'shape=oval, style=filled, peripheries=2, fillcolor="#1d2730", fontcolor="#ffffff", '
    return ""


def _quoted(text: object) -> str:
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
