"""Automation & risk: what passes without a person, how sure that is, what another threshold would bring, for whom it errs."""

from dashboards.parts import automation, models, reviews
from dashboards.parts.frame import View, open_page, show_date


def show(view: View) -> None:
    show_date(view)
    standing = automation.show_standing(view)
    if standing is None:
        return
    period = automation.choose(view)
    automation.show_passed(view, period, standing)
    models.show_trade_off(view, standing)
    models.show_whom_it_errs_for(view, standing)
    reviews.show_reviews(view, period)
    reviews.show_rules(view, period)
    models.show_drift(view)
    models.show_history(view)


open_page(
    show,
    needs=(
        "risk_standing",
        "risk_monitor_weekly",
        "risk_models",
        "risk_trade_off",
        "risk_drift",
        "risk_slices",
        "risk_reviews_weekly",
        "policy_rules_weekly",
    ),
)
