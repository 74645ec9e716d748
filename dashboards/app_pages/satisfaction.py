"""Satisfaction: how content customers are, how sure that is, and what goes with low scores; comments and complaints."""

from dashboards.parts import scores
from dashboards.parts.frame import View, open_page, show_date
from dashboards.parts.period import choose_period


def show(view: View) -> None:
    show_date(view)
    period = choose_period(view)
    if scores.show_score(view, period):
        scores.show_groups(view, period)
        scores.show_words(view, period)
        scores.show_comments(view, period)
    scores.show_cases(view, period)


open_page(
    show,
    needs=(
        "satisfaction_daily",
        "satisfaction_by",
        "satisfaction_answers",
        "cases_daily",
        "case_ends",
    ),
)
