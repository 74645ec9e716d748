"""A measured figure, its aim, and how they are printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the bench: `value` in `unit`; `aim` says in words what was asked."""

    name: str
    value: float
    unit: str
    aim: str = ""


def print_figures(title: str, figures: Sequence[Figure]) -> None:
    """Print one part's figures as a table."""
    table = Table(
        "figure",
        "value",
        "unit",
        "aim",
        box=None,
        title=title.splitlines()[0],
        title_justify="left",
    )
    for figure in figures:
        table.add_row(
            figure.name,
            f"{figure.value:,.3g}" if abs(figure.value) < 1000 else f"{figure.value:,.0f}",
            figure.unit,
            figure.aim,
        )
    Console(width=120).print(table, "")
