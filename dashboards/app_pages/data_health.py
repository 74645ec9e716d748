"""Data health: how fresh the figures are, which checks fail, what lies in quarantine, and how runs end."""

from dashboards.parts import health
from dashboards.parts.frame import HEALTH, View, open_page


def show(view: View) -> None:
    health.show_checks(view)
    health.show_quarantine(view)
    health.show_runs(view)


open_page(health.show_freshness)
open_page(show, needs=("data_quality", "quarantine", "pipeline_runs"), folder=HEALTH)
