"""Every declared rule holds on a practice shop's quarter, and one tampered row breaks it."""

from collections.abc import Iterator, Mapping

import pytest
from quarter import Quarter, quarter

from pipelines.publish.publish import HEALTH_MARTS
from pipelines.quality.doors import failing_rows, judge, rules_for
from pipelines.quality.relations import DECLARED
from pipelines.quality.rules import KEY_IS_UNIQUE, KEY_IS_WHOLE, Rule
from pipelines.steps import SQL_DIR
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.slow

MODELS = {model.relation: model for model in load_models(SQL_DIR)}
JUDGED = [model for model in MODELS.values() if model.relation not in HEALTH_MARTS]


def row(relation: str, change: str, where: str = "true") -> str:
    """A statement that spoils the first row of a table for which `where` holds."""
    first = f"select min(rowid) from {relation} where {where}"
    return f"update {relation} set {change} where rowid = ({first})"


def early(later: str, earlier: str) -> tuple[str, str]:
    """A moment put before another that it must follow."""
    return f"{later} = {earlier} - interval 1 hour", f"{earlier} is not null"


def of_clocks(columns: str) -> str:
    """A statement that puts one spoilt clock in the place of the view."""
    view = f"create or replace view {_CLOCKS} as select * replace ({columns})"
    own = "select rma as subject, 1.0 as hours, * from intermediate.return_clocks limit 1"
    return f"{view} from ({own})"


def phrase(change: str) -> str:
    """Statements that add a phrase, for few shops have any, and spoil it."""
    added = f"insert into {_PHRASES} values ('MUG', 'en', 1, 'broke off', 3, 0.5, 0.1)"
    return f"{added}; update {_PHRASES} set {change} where sku = 'MUG'"


_PHRASES = "marts.sku_phrases"
_CLOCKS = "intermediate.clocks"
_GOODS, _ENDS = "intermediate.return_goods", "intermediate.return_ends"
_REFUNDS, _SURVEYS = "intermediate.refunds", "intermediate.surveys"
_CASES, _MOVES = "intermediate.case_lives", "intermediate.return_moves"
_LIFE, _LINES = "marts.return_lifecycle", "marts.return_lines"
_EDGES, _STAGES = "marts.process_edges", "marts.stage_daily"
_REVIEWERS, _POLICY = "marts.reviewer_weekly", "marts.policy_rules_weekly"
_WEEKS, _DAYS = "marts.sku_weekly", "marts.volume_daily"
_RISK = "marts.risk_decisions"
_MONEY, _COSTS = "marts.refunds_daily", "marts.cost_monthly"

SPOILT: Mapping[tuple[str, str], str] = {
    ("staging.returns", "order_id_is_known"): (
        "create or replace view staging.orders as select 'another' as order_id"
    ),
    ("intermediate.return_decisions", "rma_is_known"): row(
        "intermediate.return_decisions", "rma = 'unknown'"
    ),
    (_GOODS, "rma_is_known"): row(_GOODS, "rma = 'unknown'"),
    (_ENDS, "rma_is_known"): row(_ENDS, "rma = 'unknown'"),
    (_REFUNDS, "rma_is_known"): row(_REFUNDS, "rma = 'unknown'"),
    (_SURVEYS, "rma_is_known"): row(_SURVEYS, "rma = 'unknown'"),
    (_CASES, "rma_is_known"): row(_CASES, "rma = 'unknown'"),
    (_WEEKS, "sku_is_known"): row(_WEEKS, "sku = 'unknown'"),
    (_MOVES, "begins_with_its_application"): row(_MOVES, "place = 1", "place = 2"),
    (_LIFE, "review_was_opened"): row(
        _LIFE, "review_opened_at = null", "decision_mode = 'reviewer'"
    ),
    (_CASES, "case_was_opened"): row(_CASES, "opened_at = null"),
    (_SURVEYS, "survey_was_sent"): row(_SURVEYS, "sent_at = null"),
    (_REFUNDS, "refund_was_ordered"): row(_REFUNDS, "requested_seq = null"),
    (_GOODS, "delivered_at_not_before_first_scan_at"): row(
        _GOODS, *early("delivered_at", "first_scan_at")
    ),
    (_GOODS, "inspected_at_not_before_first_inspected_at"): row(
        _GOODS, *early("inspected_at", "first_inspected_at")
    ),
    (_ENDS, "closed_at_not_before_first_closed_at"): row(
        _ENDS, *early("closed_at", "first_closed_at")
    ),
    (_REFUNDS, "settled_at_not_before_requested_at"): row(
        _REFUNDS, *early("settled_at", "requested_at")
    ),
    (_SURVEYS, "reminded_at_not_before_sent_at"): row(_SURVEYS, *early("reminded_at", "sent_at")),
    (_SURVEYS, "answered_at_not_before_sent_at"): row(_SURVEYS, *early("answered_at", "sent_at")),
    (_CASES, "closed_at_not_before_opened_at"): row(_CASES, *early("closed_at", "opened_at")),
    (_LIFE, "decided_at_not_before_requested_at"): row(_LIFE, *early("decided_at", "requested_at")),
    (_LIFE, "review_opened_at_not_before_requested_at"): row(
        _LIFE, *early("review_opened_at", "requested_at")
    ),
    (_LIFE, "decided_after_review_was_opened"): row(
        _LIFE, "review_opened_at = decided_at + interval 1 hour", "decision_mode = 'reviewer'"
    ),
    (_LIFE, "inspected_at_not_before_requested_at"): row(
        _LIFE, *early("inspected_at", "received_at")
    ),
    (_LIFE, "settled_at_not_before_requested_at"): row(_LIFE, *early("settled_at", "requested_at")),
    (_LIFE, "closed_at_not_before_requested_at"): row(_LIFE, *early("closed_at", "requested_at")),
    (_LIFE, "answered_at_not_before_survey_sent_at"): row(
        _LIFE, *early("answered_at", "survey_sent_at")
    ),
    (_MOVES, "waited_us_at_least_0"): row(_MOVES, "waited_us = -1"),
    (_LIFE, "units_at_least_1"): row(_LIFE, "units = 0"),
    (_LIFE, "score_is_a_share"): row(_LIFE, "score = 1.01"),
    (_LIFE, "kind_is_a_known_word"): row(_LIFE, "kind = 'gift'"),
    (_LIFE, "csat_is_on_the_scale"): row(_LIFE, "csat = 6"),
    (_LIFE, "settled_means_money"): row(_LIFE, "settled_at = null", "refund_minor > 0"),
    (_WEEKS, "expectation_lies_in_its_band"): row(_WEEKS, "expected_low = expected_high + 1"),
    ("marts.sku_evidence", "lift_lies_in_its_interval"): row(
        "marts.sku_evidence", "lift = lift_high + 1", "lift is not null"
    ),
    ("marts.sku_evidence", "probability_is_a_share"): row(
        "marts.sku_evidence", "probability = -0.1"
    ),
    ("marts.satisfaction_daily", "answers_were_asked_for"): row(
        "marts.satisfaction_daily", "answered = sent + 1"
    ),
    ("marts.satisfaction_daily", "mean_lies_in_its_interval"): row(
        "marts.satisfaction_daily", "csat_low = csat_mean + 1", "csat_mean is not null"
    ),
    (_LIFE, "every_return_is_counted_once"): row(_LIFE, "rma = 'another'"),
    (_LINES, "units_of_a_return_stay"): row(_LINES, "quantity = quantity + 1", "is_declared"),
    (_LINES, "refunds_reach_their_lines"): row(
        _LINES, "refund_minor = refund_minor + 1", "refund_minor > 0"
    ),
    (_LINES, "no_refund_is_without_its_line"): row(_LINES, "line_no = 999", "refund_minor > 0"),
    (_DAYS, "days_sum_to_all_orders"): row(_DAYS, "orders = orders + 1"),
    (_DAYS, "days_sum_to_all_returns"): row(_DAYS, "units_returned = units_returned + 1"),
    (_WEEKS, "weeks_sum_to_all_units"): row(_WEEKS, "units_returned = units_returned + 1"),
    (_MONEY, "money_in_the_log_is_money_told"): row(_MONEY, "refund_minor = refund_minor + 1"),
    (_COSTS, "refunds_cost_what_was_paid"): row(
        _COSTS, "amount_minor = amount_minor + 1", "kind = 'refunds'"
    ),
    ("marts.cases_daily", "a_case_is_closed_or_open"): row(
        "marts.cases_daily", "still_open = still_open + 1"
    ),
    ("marts.cases_daily", "every_case_is_counted_once"): row(
        "marts.cases_daily", "opened = opened + 1"
    ),
    ("marts.satisfaction_daily", "every_survey_is_counted_once"): row(
        "marts.satisfaction_daily", "sent = sent + 1"
    ),
    (_CLOCKS, "ended_at_not_before_opened_at"): of_clocks(
        "opened_at + interval 1 hour as opened_at, opened_at as ended_at"
    ),
    (_CLOCKS, "hours_at_least_0"): of_clocks("-1.0 as hours"),
    (_CLOCKS, "paused_us_at_least_0"): of_clocks("-1 as paused_us"),
    (_CLOCKS, "clock_is_a_known_word"): of_clocks("'sundial' as clock"),
    ("marts.sla_forecast", "forecast_lies_in_its_interval"): row(
        "marts.sla_forecast", "expected_high = due_24h + 1"
    ),
    ("marts.work_now", "what_is_paused_is_not_overdue"): row(
        "marts.work_now", "paused = true, is_overdue = true"
    ),
    ("marts.work_now", "what_is_overdue_tells_by_how_much"): row(
        "marts.work_now", "is_overdue = true, hours_over = null"
    ),
    (_EDGES, "share_is_a_share"): row(_EDGES, "share = 1.5"),
    (_STAGES, "long_ones_are_among_all"): row(_STAGES, "over_24h = ended + 1"),
    (_POLICY, "parts_are_not_more_than_the_whole"): row(_POLICY, "failed = checked + 1"),
    ("marts.ills_weekly", "shares_are_shares"): row(
        "marts.ills_weekly", "value = 2", "unit = 'share'"
    ),
    (_RISK, "score_is_a_share"): row(_RISK, "score = 1.5"),
    (_RISK, "propensity_is_a_share"): row(_RISK, "propensity = 1.5"),
    (_RISK, "decision_is_a_known_word"): row(_RISK, "decision = 'decline'"),
    (_RISK, "labels_are_whole"): row(_RISK, "label_source = null", "label = 1"),
    ("marts.risk_monitor_weekly", "rate_lies_in_its_interval"): row(
        "marts.risk_monitor_weekly", "abuse_high = abuse_rate - 0.01", "abuse_rate > 0"
    ),
    ("marts.risk_monitor_weekly", "estimate_lies_in_its_interval"): row(
        "marts.risk_monitor_weekly",
        "estimated_low = estimated_rate + 0.01",
        "estimated_rate is not null",
    ),
    ("marts.risk_monitor_weekly", "failed_are_among_those_looked_at"): row(
        "marts.risk_monitor_weekly", "failed = looked_at + 1"
    ),
    ("marts.risk_models", "what_decides_is_certified"): (
        "insert into marts.risk_models (version, threshold, is_certified) values ('r1', 0.5, false)"
    ),
    ("marts.sla_daily", "a_clock_is_met_breached_or_open"): row("marts.sla_daily", "met = met + 1"),
    ("marts.sla_daily", "every_clock_is_counted_once"): row(
        "marts.sla_daily", "opened = opened + 1"
    ),
    (_EDGES, "every_return_starts_once"): row(_EDGES, "cases = cases - 1", "from_step = 'start'"),
    (_EDGES, "every_step_is_counted_once"): row(_EDGES, "cases = cases + 1"),
    (_STAGES, "every_stage_is_counted_once"): row(_STAGES, "ended = ended + 1"),
    (_REVIEWERS, "a_decision_authorizes_or_declines"): row(_REVIEWERS, "decided = decided + 1"),
    (_REVIEWERS, "every_decision_is_counted_once"): row(_REVIEWERS, "decided = decided + 1"),
    ("marts.satisfaction_by", "every_dimension_holds_all_surveys"): row(
        "marts.satisfaction_by", "answered = answered + 1"
    ),
    ("marts.satisfaction_answers", "every_answer_is_there"): (
        "delete from marts.satisfaction_answers where rowid = 0"
    ),
    (_PHRASES, "share_is_a_share"): phrase("share = 1.5"),
    (_PHRASES, "usual_share_is_a_share"): phrase("usual_share = -0.1"),
    (_PHRASES, "comments_at_least_3"): phrase("comments = 2"),
    (_PHRASES, "language_is_a_known_word"): phrase("language = 'de'"),
    **{
        (rule.relation, rule.name): row(rule.relation, f"{rule.column} = -1")
        for rule in DECLARED
        if rule.name.endswith("_at_least_0") and rule.relation != _CLOCKS
    },
}


@pytest.fixture(scope="module")
def played() -> Quarter:
    return quarter()


@pytest.fixture(scope="module")
def opened(played: Quarter) -> Iterator[Warehouse]:
    with Warehouse.of(played.settings) as warehouse:
        yield warehouse


@pytest.fixture
def warehouse(opened: Warehouse) -> Iterator[Warehouse]:
    """The quarter's warehouse; whatever a test does to it is undone."""
    opened._connection.execute("begin")
    yield opened
    opened._connection.execute("rollback")


def spoil(warehouse: Warehouse, statement: str) -> None:
    warehouse._connection.execute(statement)


def broken(warehouse: Warehouse, relation: str) -> dict[str, int]:
    """The rules that a table breaks, with the number of its failing rows."""
    verdicts = judge(warehouse, [MODELS[relation]], {})
    return {each.rule.name: each.found.failing_rows for each in verdicts if not each.passed}


class TestDeclared:
    def test_a_rule_has_a_name_of_its_own(self) -> None:
        names = [(rule.relation, rule.name) for rule in rules_for(JUDGED)]
        assert len(names) == len(set(names))

    def test_a_rule_is_about_a_table_and_columns_that_are_there(self) -> None:
        for rule in DECLARED:
            columns = MODELS[rule.relation].header.columns
            assert {name for name in rule.column.split(", ") if name} <= set(columns), rule

    def test_all_hold_on_a_quarter_of_a_practice_shop(self, warehouse: Warehouse) -> None:
        verdicts = judge(warehouse, JUDGED, {})
        assert len(verdicts) > len(DECLARED) > 0
        assert [each for each in verdicts if not each.passed] == []

    @pytest.mark.parametrize("rule", DECLARED, ids=lambda rule: f"{rule.relation}-{rule.name}")
    def test_one_tampered_row_breaks_it_and_is_shown(
        self, warehouse: Warehouse, rule: Rule
    ) -> None:
        spoil(warehouse, SPOILT[rule.relation, rule.name])
        assert broken(warehouse, rule.relation)[rule.name] >= 1
        assert failing_rows(warehouse, rule).height >= 1


class TestKeys:
    @pytest.mark.parametrize("relation", ["intermediate.refunds", "marts.refunds_daily", _LIFE])
    def test_a_row_that_is_there_twice_is_found(self, warehouse: Warehouse, relation: str) -> None:
        spoil(warehouse, f"insert into {relation} select * from {relation} order by all limit 1")
        assert broken(warehouse, relation)[KEY_IS_UNIQUE] == 1

    def test_a_key_that_is_null_is_found(self, warehouse: Warehouse) -> None:
        spoil(warehouse, row(_MONEY, "means = null"))
        assert broken(warehouse, _MONEY)[KEY_IS_WHOLE] == 1

    def test_every_table_with_a_key_has_its_rules(self) -> None:
        named = {(rule.relation, rule.name) for rule in rules_for(JUDGED)}
        tables = [model for model in JUDGED if model.header.key and model.header.refresh != "view"]
        assert {(model.relation, KEY_IS_WHOLE) for model in tables} <= named
        unproven = {
            model.relation for model in tables if (model.relation, KEY_IS_UNIQUE) not in named
        }
        assert unproven == {_MOVES}
