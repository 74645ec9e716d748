"""What people do about what happened: each event of the log that concerns somebody puts their next act on the agenda."""

import json
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from service.domain.cases import CUSTOMERS_OWN, KINDS
from service.domain.events import RecordedEvent, SkuActionTaken
from simulator.behaviour import (
    ANSWERED_AFTER,
    ANSWERED_SHARE,
    HANDED_ON_SHARE,
    WRITES_BACK_SHARE,
)
from simulator.cures import cure
from simulator.play.customers import send, think_of_another_person, think_of_complaining
from simulator.play.stage import HEAD, Life, Stage
from simulator.world import DAY_US

Data = dict[str, Any]
_FORGOTTEN_DAYS = 30
_FOUND_SHARE = 2 / 3
_SENDS_BACK_HOURS, _PAYS_HOURS = 6.0, 8.0


def react(stage: Stage, events: Iterable[RecordedEvent]) -> None:
    """Let everybody take note of what happened since they last looked."""
    for event in events:
        of_life, of_case = _OF_LIVES.get(event.type), _OF_CASES.get(event.type)
        if of_life and (life := stage.lives.get(event.subject)):
            of_life(stage, life, json.loads(event.data))
        if of_case:
            of_case(stage, json.loads(event.data))
        if event.type == SkuActionTaken.type:
            _acted(stage, SkuActionTaken.model_validate_json(event.data), event.time_us)


def _acted(stage: Stage, said: SkuActionTaken, at_us: int) -> None:
    """What is sold from the next day on may be cured: that day's customers have made up their minds already."""
    day = (at_us - stage.start_us) // DAY_US + 1
    if cure(stage.plan.world.goods, said.sku, said.action, day):
        stage.cures.append((said.sku, said.action, day))


def _review_opened(stage: Stage, life: Life, data: Data) -> None:
    life.is_late = life.is_late or any(
        each["rule"] == "return_window" and not each["passed"] for each in data["rules"]
    )
    _plan_review(stage, life, 1.0)


def _plan_review(stage: Stage, life: Life, share: float) -> None:
    hours = stage.scenario.staff.review_hours * share
    due_us = stage.after_work(stage.now_us, hours, life.review_speed, is_slow=life.is_slow)
    stage.agenda.plan(due_us, "review", life.rma)


def _assigned(_: Stage, life: Life, data: Data) -> None:
    key = data["reviewer_key"]
    life.reviewer = None if key == HEAD else key  # the head decides as such


def _breached(_: Stage, life: Life, data: Data) -> None:
    if data["clock"] == "review":
        life.reviewer = None  # the head's now


def _asked(stage: Stage, life: Life, _: Data) -> None:
    if life.answers:
        stage.agenda.plan(stage.in_hours(life.answer_hours), "answer", life.rma)


def _answered(stage: Stage, life: Life, _: Data) -> None:
    _plan_review(stage, life, 0.5)


def _assessed(_: Stage, life: Life, data: Data) -> None:
    life.inspection = data["inspection"]
    life.is_drawn = data["is_audit"] or data.get("hidden_decision") is not None


def _authorized(stage: Stage, life: Life, data: Data) -> None:
    life.inspection = data["inspection"]
    life.decided_us, life.is_declined = life.decided_us or stage.now_us, False
    send(stage, life)


def _withdrawn(stage: Stage, life: Life, _: Data) -> None:
    life.decided_us = stage.now_us
    send(stage, life)


def _declined(stage: Stage, life: Life, _: Data) -> None:
    life.decided_us, life.is_declined = stage.now_us, True
    think_of_complaining(stage, life)
    think_of_another_person(stage, life)


def _kept(_: Stage, life: Life, __: Data) -> None:
    life.stays = True


def _received(stage: Stage, life: Life, _: Data) -> None:
    if life.is_inspected:
        return
    life.is_inspected = True
    hours = stage.scenario.staff.inspection_hours
    due_us = stage.after_work(stage.now_us, hours, life.inspection_speed, is_slow=life.is_slow)
    stage.agenda.plan(due_us, "inspect", life.rma)


def _choice(stage: Stage, life: Life, data: Data) -> None:
    if life.chooses:
        options = [each["choice"] for each in data["options"]]
        choice = options[int(life.choice * len(options))]
        stage.agenda.plan(
            stage.in_hours(life.choice_hours), "choose", life.rma, data["line_no"], choice
        )


def _chosen(stage: Stage, life: Life, data: Data) -> None:
    life.is_reduced = True
    if data["choice"] == "send_back":
        stage.agenda.plan(stage.on_shift(stage.now_us, _SENDS_BACK_HOURS), "send_back", life.rma)


def _refund_requested(stage: Stage, _: Life, data: Data) -> None:
    if stage.pays_by_hand:
        due_us = stage.on_shift(stage.now_us, _PAYS_HOURS)
        stage.agenda.plan(due_us, "pay", data["refund_id"])


def _refund_failed(stage: Stage, _: Life, data: Data) -> None:
    due_us = stage.on_shift(stage.now_us, _PAYS_HOURS)
    stage.agenda.plan(due_us, "pay_otherwise", data["refund_id"])


def _survey(stage: Stage, life: Life, _: Data) -> None:
    if life.answers_survey:
        stage.agenda.plan(stage.in_hours(life.survey_hours), "rate", life.rma)


def _closed(stage: Stage, life: Life, _: Data) -> None:
    think_of_complaining(stage, life)
    stage.agenda.plan(stage.in_hours(24 * _FORGOTTEN_DAYS), "forget", life.rma)
    if life.kind in stage.plan.world.adapting and life.is_abusive:
        stage.tried.append(not (life.is_declined or life.is_reduced))


def _case_opened(stage: Stage, data: Data) -> None:
    case_id, kind = data["case_id"], data["kind"]
    stage.cases[case_id] = data["owner_key"] or ""
    rules, chance = stage.scenario.staff, Random(case_id)  # noqa: S311  # the same in each play
    is_slow = chance.random() < rules.slow_share
    speed = 0.5 + chance.random()
    due_us = stage.after_work(stage.now_us, rules.case_hours, speed, is_slow=is_slow)
    if kind == "unknown_parcel" and stage.unread:
        stage.agenda.plan(due_us, "match", stage.unread, case_id)
        stage.unread = ""
        return
    if chance.random() < HANDED_ON_SHARE:
        stage.agenda.plan((stage.now_us + due_us) // 2, "hand_on", case_id)
    outcome = chance.choice(KINDS[kind].outcomes)
    if kind == "not_received":  # what the carrier's proof shows, or does not
        is_found = data["order_id"] in stage.false_claims and chance.random() < _FOUND_SHARE
        outcome = "found" if is_found else "refunded"
    life = stage.lives.get(data["rma"] or "")
    language = life.language if life else "en"
    stage.agenda.plan(due_us, "close_case", case_id, kind, outcome, language)
    if kind in CUSTOMERS_OWN and chance.random() < ANSWERED_SHARE:
        hours = rules.case_hours * ANSWERED_AFTER
        answered_us = stage.after_work(stage.now_us, hours, speed, is_slow=is_slow)
        stage.agenda.plan(answered_us, "answer_case", case_id, kind, language)
        if chance.random() < WRITES_BACK_SHARE:
            stage.agenda.plan((answered_us + due_us) // 2, "write_back", case_id, language)


def _case_assigned(stage: Stage, data: Data) -> None:
    stage.cases[data["case_id"]] = data["owner_key"] or ""


def _case_closed(stage: Stage, data: Data) -> None:
    stage.cases.pop(data["case_id"], None)


def _parcel(stage: Stage, data: Data) -> None:
    stage.unread = "" if data["rma"] else data["parcel_id"]


_OF_LIVES: dict[str, Callable[[Stage, Life, Data], None]] = {
    "review.opened": _review_opened,
    "review.assigned": _assigned,
    "clock.breached": _breached,
    "evidence.requested": _asked,
    "evidence.received": _answered,
    "evidence.lapsed": _answered,
    "return.assessed": _assessed,
    "return.authorized": _authorized,
    "return.withdrawn": _withdrawn,
    "return.declined": _declined,
    "line.keep_granted": _kept,
    "return.received": _received,
    "choice.requested": _choice,
    "choice.made": _chosen,
    "refund.requested": _refund_requested,
    "refund.failed": _refund_failed,
    "survey.sent": _survey,
    "return.closed": _closed,
}
_OF_CASES: dict[str, Callable[[Stage, Data], None]] = {
    "case.opened": _case_opened,
    "case.assigned": _case_assigned,
    "case.closed": _case_closed,
    "parcel.received": _parcel,
}
