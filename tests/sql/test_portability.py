from pathlib import Path

import pytest
from portability import findings, selects_star

from pipelines.steps import SQL_DIR
from pipelines.warehouse.models import SqlModel, load_models

MODELS = [model for model in load_models(SQL_DIR) if not model.is_python]
CONTRACT = {
    "marts.return_lifecycle": (
        "rma order_id customer_key requested_at decided_at decision_mode received_at inspected_at settled_at "
        "closed_at status value_minor currency csat kind decision first_scan_at review_opened_at refund_minor "
        "lines units survey_sent_at answered_at reopened_at outcome waited_hours longest_pause_hours refund_on "
        "inspection_depth score policy_version is_imported"
    ),
    "marts.sla_daily": (
        "day clock opened met breached still_open p50_hours p90_hours p95_hours no_due overdue_open automatic"
    ),
    "marts.forecast_scores": (
        "clock looked_at due_24h expected_breaches expected_low expected_high breaches"
    ),
    "marts.sla_forecast": (
        "clock open_now overdue_now due_24h expected_breaches expected_low expected_high"
    ),
    "marts.process_edges": (
        "from_step to_step cases median_hours p90_hours returns share is_designed"
    ),
    "marts.work_now": (
        "subject kind owner_role owner_key opened_at due_at paused rma is_overdue hours_over hours_left value_minor "
        "currency customer_waits_hours"
    ),
    "marts.stage_daily": "day stage owner_role ended median_hours p90_hours over_24h",
    "marts.reviewer_weekly": (
        "week_start reviewer_key decided median_minutes overturned authorized declined late failed_later"
    ),
    "marts.policy_rules_weekly": (
        "week_start policy_version rule checked failed declined reviewed authorized_after_review"
    ),
    "marts.return_lines": "rma line_no sku quantity reason grade outcome disposition refund_minor currency",
    "marts.volume_daily": "day orders units_sold returns_requested units_returned auto_decided",
    "marts.refunds_daily": "day means currency refunds refund_minor failed goodwill_minor reconciled median_hours",
    "marts.cost_monthly": "month kind currency amount_minor",
    "marts.satisfaction_daily": (
        "day sent answered csat_mean csat_low csat_high satisfied satisfied_low satisfied_high"
    ),
    "marts.satisfaction_by": "week_start dimension value sent answered csat_sum satisfied",
    "marts.satisfaction_answers": (
        "rma answered_at day csat tags has_comment text_ref outcome waited_hours"
    ),
    "marts.cases_daily": (
        "day kind opened closed escalated still_open median_hours p90_hours first_answer_median_hours"
    ),
    "marts.case_ends": "case_id kind ended_at day hours first_answer_hours",
    "marts.ills_weekly": "week_start ill measure value unit n",
    "marts.sku_weekly": "sku week_start units_sold units_returned units_expected",
    "marts.sku_reasons": "sku reason incidents incidents_given category_incidents category_incidents_given",
    "marts.returns_money_weekly": (
        "week_start currency returned_minor expected_minor expected_low_minor expected_high_minor"
    ),
    "marts.sku_actions": (
        "sku action taken_at taken_by lift_before lift_after verdict lift_after_low lift_after_high "
        "weeks_after returns_after expected_after flagged_at assigned_to"
    ),
    "marts.sku_phrases": "sku language place phrase comments share usual_share",
    "marts.problem_skus": (
        "sku title category vendor flagged_at since lift lift_low lift_high excess_units likely_cause "
        "money_at_risk_minor currency at_stake_units status"
    ),
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.relation)
class TestEveryFile:
    def test_it_means_the_same_on_another_engine(self, model: SqlModel) -> None:
        assert findings(model.sql) == []

    def test_it_names_its_columns(self, model: SqlModel) -> None:
        assert not selects_star(model.sql)


@pytest.mark.parametrize("relation", CONTRACT)
def test_a_mart_has_the_columns_that_others_rely_on(relation: str) -> None:
    (model,) = (model for model in MODELS if model.relation == relation)

    assert set(CONTRACT[relation].split()) <= set(model.header.columns)


def test_marts_that_grow_with_every_return_are_published_by_month() -> None:
    growing = {
        model.relation: model.header.publish_by
        for model in MODELS
        if "rma" in model.header.key and model.schema == "marts"
    }

    assert growing == {
        "marts.return_lifecycle": "requested_at",
        "marts.return_lines": "requested_at",
        "marts.risk_decisions": "scored_at",
        "marts.satisfaction_answers": "answered_at",
    }


def test_the_folder_is_where_the_pipeline_looks() -> None:
    assert Path(__file__).parents[2] / "sql" == SQL_DIR
