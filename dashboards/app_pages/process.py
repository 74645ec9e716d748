"""Process: how returns really run, beside how they were designed to, and where they stick."""

from dashboards.parts import moves
from dashboards.parts.frame import View, open_page, show_date


def show(view: View) -> None:
    show_date(view)
    shown = moves.show_graphs(view)
    if shown is not None:
        moves.show_sticking(view, shown)
        moves.show_loops(view)


open_page(show, needs=("process_edges", "process_design"))
