"""The rules on the warehouse's tables: references, clocks and bounds; those of conservation have a room of their own.

What a header's `key` promises is a rule of itself and not repeated here. History is imported as other people kept it,
a dock takes what arrives, and events may be late: where such facts can break a rule, it is a warning. What only a fault
of ours can break is blocking.
"""

from pipelines.quality.conservation import CONSERVATION
from pipelines.quality.rules import (
    Rule,
    adds_up,
    at_least,
    in_order,
    is_share,
    never,
    one_of,
    refers_to,
)

_RETURNS = "intermediate.return_units"  # a row for every return that was applied for or declared

# --- references: what is told of is known -----------------------------------------------------------

_REFERENCES = (
    refers_to("staging.returns", "order_id", "staging.orders"),
    refers_to("intermediate.return_decisions", "rma", _RETURNS),
    refers_to("intermediate.return_goods", "rma", _RETURNS),
    refers_to("intermediate.return_ends", "rma", _RETURNS),
    refers_to("intermediate.refunds", "rma", _RETURNS),
    refers_to("intermediate.surveys", "rma", _RETURNS),
    refers_to("intermediate.case_lives", "rma", _RETURNS),
    refers_to("marts.sku_weekly", "sku", "staging.products"),
    adds_up(
        "intermediate.return_moves",
        "begins_with_its_application",
        "the first step of a return must be its application or withdrawal",
        """select moves.seq, moves.rma from intermediate.return_moves as moves
           where moves.place = 1
           and not exists (select 1 from staging.returns as applied where applied.seq = moves.seq)""",
        "warning",
    ),
    never(
        "marts.return_lifecycle",
        "review_was_opened",
        "what a reviewer decided must have been opened for review",
        "decision_mode = 'reviewer' and review_opened_at is null",
        "warning",
        "review_opened_at",
    ),
    never(
        "intermediate.case_lives",
        "case_was_opened",
        "a case must have been opened",
        "opened_at is null",
        "warning",
        "opened_at",
    ),
    never(
        "intermediate.surveys",
        "survey_was_sent",
        "who answered a survey, or was reminded of one, must have been sent it",
        "sent_at is null",
        "warning",
        "sent_at",
    ),
    never(
        "intermediate.refunds",
        "refund_was_ordered",
        "a refund that the service paid must have been ordered",
        "requested_seq is null and refund_key not like 'settlement %'",
        "warning",
        "requested_seq",
    ),
)

# --- clocks: time does not run backwards ------------------------------------------------------------

_CLOCKS = (
    in_order("intermediate.return_goods", "first_scan_at", "delivered_at"),
    in_order("intermediate.return_goods", "first_inspected_at", "inspected_at"),
    in_order("intermediate.return_ends", "first_closed_at", "closed_at"),
    in_order("intermediate.refunds", "requested_at", "settled_at"),
    in_order("intermediate.surveys", "sent_at", "reminded_at"),
    in_order("intermediate.surveys", "sent_at", "answered_at"),
    in_order("intermediate.case_lives", "opened_at", "first_answer_at", "closed_at"),
    in_order("intermediate.clocks", "opened_at", "ended_at"),
    at_least("intermediate.clocks", "hours", severity="warning"),
    at_least("intermediate.clocks", "paused_us", severity="warning"),
    at_least("intermediate.stages", "waited_us", severity="warning"),
    in_order("marts.return_lifecycle", "requested_at", "decided_at"),
    in_order("marts.return_lifecycle", "requested_at", "review_opened_at"),
    never(
        "marts.return_lifecycle",
        "decided_after_review_was_opened",
        "a reviewer must not decide before the review is opened",
        "decision_mode = 'reviewer' and decided_at < review_opened_at",
        "warning",
        "review_opened_at, decided_at",
    ),
    in_order("marts.return_lifecycle", "requested_at", "received_at", "inspected_at"),
    in_order("marts.return_lifecycle", "requested_at", "settled_at"),
    in_order("marts.return_lifecycle", "requested_at", "closed_at"),
    in_order("marts.return_lifecycle", "survey_sent_at", "answered_at"),
    at_least("intermediate.return_moves", "waited_us"),
)

# --- bounds ------------------------------------------------------------------------------------------

_BOUNDS = (
    at_least("intermediate.lines_now", "quantity", severity="warning"),
    at_least("intermediate.lines_now", "value_minor", severity="warning"),
    at_least("intermediate.sales_weekly", "units_sold"),
    at_least("intermediate.sales_weekly", "paid_minor"),
    at_least("marts.return_lifecycle", "value_minor"),
    at_least("marts.return_lifecycle", "refund_minor"),
    at_least("marts.return_lifecycle", "units", 1),
    at_least("marts.return_lifecycle", "waited_hours", severity="warning"),
    is_share("marts.return_lifecycle", "score"),
    one_of("marts.return_lifecycle", "kind", ("return", "withdrawal")),
    never(
        "marts.return_lifecycle",
        "csat_is_on_the_scale",
        "csat must be 1 to 5",
        "csat not between 1 and 5",
        column="csat",
    ),
    never(
        "marts.return_lifecycle",
        "settled_means_money",
        "settled_at must stand where money went back, and nowhere else",
        "refund_minor > 0 and settled_at is null",
        column="settled_at, refund_minor",
    ),
    one_of(
        "intermediate.clocks",
        "clock",
        ("decision", "review", "inspection", "refund", "case", "first_answer"),
    ),
    never(
        "marts.sla_forecast",
        "forecast_lies_in_its_interval",
        "expected_breaches must lie in its interval, and that between 0 and due_24h",
        "expected_breaches not between expected_low and expected_high "
        "or expected_low < 0 or expected_high > due_24h or due_24h > open_now",
        column="expected_breaches, expected_low, expected_high, due_24h, open_now",
    ),
    never(
        "marts.work_now",
        "what_is_paused_is_not_overdue",
        "a clock that stands still must not be overdue",
        "paused and is_overdue",
        column="paused, is_overdue",
    ),
    never(
        "marts.work_now",
        "what_is_overdue_tells_by_how_much",
        "hours_over must be above 0 where it is overdue, and empty where it is not",
        "is_overdue <> coalesce(hours_over > 0, false)",
        column="is_overdue, hours_over",
    ),
    is_share("marts.process_edges", "share"),
    at_least("marts.process_edges", "median_hours", severity="warning"),
    at_least("marts.stage_daily", "median_hours", severity="warning"),
    never(
        "marts.stage_daily",
        "long_ones_are_among_all",
        "over_24h must not be more than ended",
        "over_24h > ended",
        column="over_24h, ended",
    ),
    never(
        "marts.policy_rules_weekly",
        "parts_are_not_more_than_the_whole",
        "of checked at most as many failed, of those at most as many were declined or reviewed",
        "failed > checked or declined + reviewed > failed or authorized_after_review > reviewed",
        column="checked, failed, declined, reviewed, authorized_after_review",
    ),
    is_share("marts.risk_decisions", "score"),
    is_share("marts.risk_decisions", "propensity"),
    one_of("marts.risk_decisions", "decision", ("approve", "review")),
    never(
        "marts.risk_decisions",
        "labels_are_whole",
        "label, label_source and labelled_at must stand together, and a label be 0 or 1",
        "(label is null) <> (labelled_at is null) or (label is null) <> (label_source is null) "
        "or label not between 0 and 1",
        column="label, label_source, labelled_at",
    ),
    never(
        "marts.risk_monitor_weekly",
        "rate_lies_in_its_interval",
        "abuse_rate must lie in its interval, and that between 0 and 1",
        "abuse_rate < abuse_low - 1e-9 or abuse_rate > abuse_high + 1e-9 or abuse_low < 0 or abuse_high > 1",
        column="abuse_rate, abuse_low, abuse_high",
    ),
    never(
        "marts.risk_monitor_weekly",
        "estimate_lies_in_its_interval",
        "estimated_rate must lie in its interval, and that between 0 and 1",
        "estimated_rate < estimated_low - 1e-9 or estimated_rate > estimated_high + 1e-9 or estimated_low < 0 "
        "or estimated_high > 1",
        column="estimated_rate, estimated_low, estimated_high",
    ),
    never(
        "marts.risk_monitor_weekly",
        "failed_are_among_those_looked_at",
        "failed must not be more than looked_at, nor that more than approved",
        "failed > looked_at or looked_at > approved",
        column="failed, looked_at, approved",
    ),
    never(
        "marts.risk_models",
        "what_decides_is_certified",
        "a threshold must stand only where the model is certified, with a bound below the cap",
        "threshold is not null and (not is_certified or bound > cap)",
        column="threshold, is_certified, bound, cap",
    ),
    at_least("marts.ills_weekly", "value", severity="warning"),
    never(
        "marts.ills_weekly",
        "shares_are_shares",
        "a share must lie between 0 and 1",
        "unit = 'share' and value not between 0 and 1",
        column="unit, value",
    ),
    at_least("marts.return_lines", "quantity"),
    at_least("marts.return_lines", "refund_minor"),
    at_least("marts.volume_daily", "orders"),
    at_least("marts.volume_daily", "units_sold"),
    at_least("marts.sku_weekly", "units_sold"),
    at_least("marts.sku_weekly", "units_returned"),
    never(
        "marts.sku_weekly",
        "expectation_lies_in_its_band",
        "units_expected must lie between expected_low and expected_high",
        "units_expected < 0 or expected_low > expected_high",
        column="units_expected, expected_low, expected_high",
    ),
    never(
        "marts.sku_evidence",
        "lift_lies_in_its_interval",
        "lift must lie between lift_low and lift_high",
        "lift not between lift_low and lift_high",
        column="lift, lift_low, lift_high",
    ),
    is_share("marts.sku_evidence", "probability"),
    is_share("marts.sku_phrases", "share"),
    is_share("marts.sku_phrases", "usual_share"),
    # Two customers' words are somebody's own.
    at_least("marts.sku_phrases", "comments", 3),
    one_of("marts.sku_phrases", "language", ("en", "zh")),
    at_least("marts.refunds_daily", "refund_minor"),
    at_least("marts.refunds_daily", "median_hours", severity="warning"),
    at_least("marts.cost_monthly", "amount_minor"),
    at_least("marts.cases_daily", "median_hours", severity="warning"),
    never(
        "marts.satisfaction_daily",
        "answers_were_asked_for",
        "answered must not be more than sent, nor satisfied more than answered",
        "answered > sent or satisfied > answered",
        column="sent, answered, satisfied",
    ),
    never(
        "marts.satisfaction_daily",
        "mean_lies_in_its_interval",
        "csat_mean must lie between csat_low and csat_high, on the scale of 1 to 5",
        "csat_mean not between csat_low and csat_high or csat_low < 1 or csat_high > 5",
        column="csat_mean, csat_low, csat_high",
    ),
)

DECLARED: tuple[Rule, ...] = (*_REFERENCES, *_CLOCKS, *_BOUNDS, *CONSERVATION)
