"""Service levels: are we within time, what waits now, who and what breaches, and what tomorrow brings."""

from dashboards.parts import clocks, waiting_work
from dashboards.parts.frame import View, open_page, show_date


def show(view: View) -> None:
    show_date(view)
    period, clock = clocks.choose(view)
    clocks.show_levels(view, period, clock)
    waiting_work.show_forecast(view)
    waiting_work.show_queue(view)
    clocks.show_who_and_what(view, period)


open_page(
    show,
    needs=(
        "sla_daily",
        "sla_forecast",
        "forecast_scores",
        "work_now",
        "stage_daily",
        "reviewer_weekly",
    ),
)
