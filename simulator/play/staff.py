"""What staff and carriers do: decide, take in, inspect, send back, close cases, pay otherwise."""

from collections.abc import Iterator
from datetime import timedelta

from service.cases.schemas import CloseBody, MessageBody, TakeBody
from service.domain.cases import KINDS, Outcome
from service.domain.events import Actor, CaseKind, Role
from service.domain.words import Language
from service.receiving.schemas import (
    FindingBody,
    InspectionBody,
    MatchBody,
    ParcelBody,
    SentBackBody,
    UnexpectedBody,
)
from service.reviews.schemas import DecisionBody, QuestionBody
from service.settlements.schemas import OtherMeansBody
from service.shipments.schemas import PickupFailureBody, ScanBody
from service.staff.schemas import Absence, StaffBody
from simulator import texts
from simulator.behaviour import declines, lets_keep, notices
from simulator.lives import GRADES
from simulator.play.customers import tracking
from simulator.play.stage import HEAD, Life, Stage, Thing
from simulator.world import DAY_US

_CARRIER = Actor("carrier")
_BROKEN = ("defect", "damaged_in_transit")
_SHOPS_FAULT = (*_BROKEN, "wrong_item", "not_as_described")
_TURNS_UP_HOURS = 22 * 24.0
_SCANNED_MIDWAY = 3  # every third parcel is scanned on its way
_UNNOTICED_GRADE = "B"
_HOLIDAY = timedelta(days=7)
_HOLIDAY_DAYS, _HOLIDAY_TURN = 91, 17  # a week each quarter, at another time each
_WITH_SOMETHING_ELSE = 180  # one parcel of so many
_PEOPLE = {
    "reviewer": "reviewer",
    "inspector": "inspector",
    "after_sales": "care",
    "finance": "finance",
    "admin": "head",
    "buyer": "buyer",
}
_ALWAYS_THERE = ("buyer",)  # nothing is handed to them by itself


def hire(stage: Stage) -> None:
    """The shop's staff begins to work."""
    rules = stage.scenario.staff
    numbers = {
        "reviewer": rules.reviewers,
        "inspector": rules.inspectors,
        "after_sales": rules.after_sales,
        "finance": 1,
        "admin": 1,
        "buyer": 2,
    }
    for role, number in numbers.items():
        for each in range(1, number + 1):
            languages = [["zh", "en"], ["en"], ["zh"]][each % 3] if number > 2 else ["en", "zh"]
            body = StaffBody.model_validate(
                {
                    "role": role,
                    "name": f"{_PEOPLE[role]} {each}",
                    "languages": languages,
                    "capacity": 60,
                }
            )
            stage.retour.staff.put(f"{_PEOPLE[role]}-{each}", body)
            if number > 1 and role not in _ALWAYS_THERE:
                _plan_holiday(stage, f"{_PEOPLE[role]}-{each}", each + len(role))


def _plan_holiday(stage: Stage, who: str, turn: int) -> None:
    """Everybody is away for a week now and then; new work goes to the others."""
    for day in range(turn * _HOLIDAY_TURN % _HOLIDAY_DAYS, stage.plan.world.days, _HOLIDAY_DAYS):
        stage.agenda.plan(stage.start_us + day * DAY_US, "go_away", who)


def go_away(stage: Stage, who: str) -> None:
    now = stage.clock.now()
    absence = Absence.model_validate({"from": now, "until": now + _HOLIDAY})
    stage.retour.staff.be_absent(who, absence)


def review(stage: Stage, rma: str) -> None:
    """A reviewer takes the next case: asks, or decides."""
    life = stage.lives[rma]
    if life.is_cancelled and not life.is_inspected:
        return
    who = _reviewer(life)
    if life.is_asked and not life.was_asked:
        life.was_asked = True
        question = texts.question(life.chance("question"), life.language, life.things[0].reason)
        stage.retour.reviews.ask(rma, QuestionBody(question=question), who)
        return
    stage.retour.reviews.decide(rma, _decision(life, who), who)


def _reviewer(life: Life) -> Actor:
    return Actor("reviewer", life.reviewer) if life.reviewer else Actor("admin", HEAD)


def _decision(life: Life, who: Actor) -> DecisionBody:
    number = int((who.key or "0").rpartition("-")[2]) - 1
    if declines(life.verdict, life.is_abusive, life.is_late, number):
        reason = (
            "outside_policy" if life.is_late else "misuse" if life.is_abusive else "not_eligible"
        )
        return DecisionBody.model_validate({"decision": "decline", "reason_code": reason})
    is_shops = any(each.reason in _SHOPS_FAULT for each in life.things)
    value = sum(each.euro_minor for each in life.things)
    keeps = lets_keep(life.verdict, value, any(each.reason in _BROKEN for each in life.things))
    return DecisionBody.model_validate(
        {
            "decision": "authorize",
            "reason_code": "shop_fault" if is_shops else "within_policy",
            "keep_item": bool(keeps) and not life.is_drawn,
        }
    )


def miss_pickup(stage: Stage, rma: str) -> None:
    if not (stage.lives[rma].is_cancelled or stage.lives[rma].stays):
        stage.retour.shipments.fail_pickup(rma, PickupFailureBody(reason="nobody_there"), _CARRIER)


def hand_over(stage: Stage, rma: str) -> None:
    """The carrier has the parcel; it arrives, or not."""
    life = stage.lives[rma]
    if life.stays or (life.is_cancelled and not life.sends_all_the_same):
        return
    if life.is_scanned:
        scan(stage, rma, "picked_up")
    if life.is_lost:
        if life.turns_up:
            stage.agenda.plan(stage.in_hours(_TURNS_UP_HOURS), "arrive", rma)
        return
    delivered_us = max(stage.now_us, stage.by_day(stage.in_hours(life.transit_hours)))
    if life.is_scanned and life.request % _SCANNED_MIDWAY == 0:
        midway_us = (stage.now_us + delivered_us) // 2
        stage.agenda.plan(midway_us, "scan", rma, "in_transit")
    if life.is_scanned:
        stage.agenda.plan(delivered_us, "scan", rma, "delivered")
    stage.agenda.plan(stage.on_shift(delivered_us, life.dock_hours), "arrive", rma)


def scan(stage: Stage, rma: str, what: str) -> None:
    stage.retour.shipments.scan(rma, ScanBody(scan=what), _CARRIER)


def arrive(stage: Stage, rma: str) -> None:
    """A parcel lies on the dock. Nobody can read some labels."""
    life = stage.lives[rma]
    weight = 200 + life.words % 1800
    who = _inspector(stage, life)
    if life.is_unreadable:
        parcel_id = stage.retour.receiving.receive(ParcelBody(weight_grams=weight), who)
        stage.parcels[parcel_id] = rma
        return
    body = ParcelBody(rma=rma, tracking=tracking(rma), weight_grams=weight)
    stage.retour.receiving.receive(body, who)


def match(stage: Stage, parcel_id: str, case_id: str) -> None:
    """After-sales found out whose parcel it is."""
    rma = stage.parcels.pop(parcel_id)
    if life := stage.lives.get(rma):
        stage.retour.receiving.match(parcel_id, MatchBody(rma=rma), _inspector(stage, life))
    who = _owner(stage, case_id, "after_sales")
    stage.retour.cases.close(case_id, CloseBody(outcome="matched"), who)


def inspect(stage: Stage, rma: str) -> None:
    """Look at what came, line by line, as closely as the return asks for."""
    life = stage.lives[rma]
    who = _inspector(stage, life)
    is_empty = all(each.missing == each.quantity for each in life.things)
    for line_no, thing in enumerate(life.things, 1):
        findings = list(_findings(life, thing, is_empty))
        worst = findings[-1].outcome
        note = None
        if worst != "passed":
            note = texts.inspection_note(life.chance("note"), worst)
        body = InspectionBody.model_validate(
            {
                "line_no": line_no,
                "depth": life.inspection,
                "findings": findings,
                "unexpected": _by_mistake(stage, life) if line_no == 1 else [],
                "note": note,
            }
        )
        stage.retour.receiving.inspect(rma, body, who)


def _by_mistake(stage: Stage, life: Life) -> list[UnexpectedBody]:
    """A few put something else into the parcel too."""
    if life.words % _WITH_SOMETHING_ELSE:
        return []
    skus = stage.plan.world.goods.sku
    return [UnexpectedBody(sku=skus[life.words // 7 % len(skus)], quantity=1, grade="B")]


def _findings(life: Life, thing: Thing, is_empty: bool) -> Iterator[FindingBody]:
    is_full = life.inspection == "full"
    is_noticed = bool(notices(life.look, thing.contents, is_full))
    grade = _graded(life, thing.grade)
    if thing.contents == "missing" and is_noticed:
        if there := thing.quantity - thing.missing:
            yield FindingBody(outcome="passed", quantity=there, grade=_graded(life, "A"))
        yield FindingBody(outcome="empty" if is_empty else "short", quantity=thing.missing)
    elif thing.contents in ("worn", "faultless") and is_noticed:
        yield FindingBody(outcome="failed", quantity=thing.quantity, grade=grade)
    elif thing.contents == "swapped" and is_noticed:
        yield FindingBody(outcome="wrong_item", quantity=thing.quantity)
    else:
        seen = grade if thing.contents == "as_sold" else _UNNOTICED_GRADE
        yield FindingBody(outcome="passed", quantity=thing.quantity, grade=seen)


def _graded(life: Life, grade: str) -> str:
    """The grade that is written down: a few are one too low."""
    place = GRADES.index(grade) + life.is_misgraded
    return GRADES[min(place, len(GRADES) - 1)]


def send_back(stage: Stage, rma: str) -> None:
    stage.retour.receiving.send_back(rma, SentBackBody(), _inspector(stage, stage.lives[rma]))


def pay(stage: Stage, refund_id: str) -> None:
    stage.retour.settlements.confirm(refund_id, Actor("finance", "finance-1"))


def pay_otherwise(stage: Stage, refund_id: str) -> None:
    stage.retour.settlements.pay_otherwise(
        refund_id, OtherMeansBody(means="bank_transfer"), Actor("finance", "finance-1")
    )


def hand_on(stage: Stage, case_id: str) -> None:
    """A colleague takes the case: whoever is free."""
    stage.retour.cases.take(case_id, TakeBody(), Actor("admin", HEAD))


def answer_case(stage: Stage, case_id: str, kind: CaseKind, language: Language) -> None:
    """Whoever owns the case writes to its customer, while it goes on."""
    text = texts.case_news(Life.words_of(_number(case_id, 1)), language)
    who = Actor(KINDS[kind].owner, stage.cases.get(case_id) or None)
    stage.retour.cases.write(case_id, MessageBody(text=text, language=language), who)


def close_case(
    stage: Stage, case_id: str, kind: CaseKind, outcome: Outcome, language: Language
) -> None:
    """Whoever owns the case brings it to its end."""
    chance = Life.words_of(_number(case_id))
    answer = texts.case_answer(chance, language, outcome)
    who = _owner(stage, case_id, KINDS[kind].owner)
    stage.retour.cases.close(case_id, CloseBody(outcome=outcome, answer=answer), who)


def _number(case_id: str, place: int = 0) -> int:
    """A number for each text on a case, the same in each play."""
    return int.from_bytes(case_id.encode()[-5:], "big") + place


def _owner(stage: Stage, case_id: str, role: Role) -> Actor:
    return Actor(role, stage.cases.pop(case_id, None) or None)


def _inspector(stage: Stage, life: Life) -> Actor:
    return Actor("inspector", f"inspector-{life.request % stage.scenario.staff.inspectors + 1}")
