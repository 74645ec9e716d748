"""Overview: the week at a glance, and where to look closer."""

from dashboards.parts import glance
from dashboards.parts.frame import View, open_page, show_date


def show(view: View) -> None:
    show_date(view)
    glance.show_now(view)
    glance.show_ills(view)
    glance.show_ways(view)


open_page(show, needs=("sla_forecast", "ills_weekly", "problem_skus"))
