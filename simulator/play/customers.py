"""What customers do: order, apply, send, answer, choose, rate, complain."""

from collections.abc import Callable
from random import Random

from service.cases.schemas import CaseBody, MessageBody
from service.domain.events import Actor
from service.domain.words import Language, SurveyTag
from service.orders.schemas import (
    DeliveredLineBody,
    DeliveryBody,
    IdentityBody,
    OrderBody,
    OrderLineBody,
)
from service.platform.clock import from_us
from service.returns.schemas import (
    CancelBody,
    ChoiceBody,
    ConfirmationBody,
    ReturnBody,
    ReturnLineBody,
    WithdrawalBody,
    WithdrawnLineBody,
)
from service.reviews.schemas import AnswerBody as ReviewAnswerBody
from service.reviews.schemas import HumanBody
from service.shipments.schemas import ShipmentBody
from service.surveys.schemas import AnswerBody as SurveyAnswerBody
from simulator import texts
from simulator.behaviour import csat
from simulator.lives import METHODS
from simulator.phrases import About
from simulator.play.stage import Life, Stage, customer_ref, order_id
from simulator.world import DAY_US, HOUR_US

_CUSTOMER = Actor("customer")
_GLAD: tuple[SurveyTag, ...] = ("easy", "fast", "clear", "friendly")
_SORRY: tuple[SurveyTag, ...] = (
    "laborious",
    "slow",
    "unclear",
    "unfair",
    "refund_too_low",
    "other",
)
_GOOD = 4
_SHOWS_SOMETHING = 0.4  # of abusers
_TALKED_OF_DAYS = 20
_NEXT_DAY_HOURS, _NEW_LABEL_HOURS = 26.0, 5.0
_SUGGESTS, _WARNS = 0.995, 0.9935
_COMPLAINS_MORE = 3.0
_ASKS_AGAIN_HOURS = 60.0
_ANNOUNCED_BY = 0.8  # of the time until it is sent


def order(stage: Stage, number: int) -> None:
    """Somebody buys; the parcels come when they come."""
    row = stage.orders[number]
    lines = [
        OrderLineBody(
            line_no=each["line_no"],
            sku=stage.plan.world.goods.sku[each["product"]],
            quantity=each["quantity"],
            unit_price_minor=each["price_minor"],
            discount_minor=each["discount_minor"],
            exclusion=each["exclusion"],
        )
        for each in row["lines"]
    ]
    who = customer_ref(row["customer"])
    body = OrderBody(
        customer=who,
        currency=row["currency"],
        country=row["country"],
        lines=lines,
        shipping_minor=row["shipping_minor"],
        email=f"{who}@example.com",
        language="zh" if row["is_chinese"] else "en",
        identity=IdentityBody(
            address=f"a{row['address']}",
            device=f"d{row['device']}",
            phone=f"p{row['customer']}",
            payment=f"m{row['customer']}",
        ),
    )
    stage.retour.orders.place(order_id(number), body)
    over_us = stage.start_us + max(row["placed_us"], row["delivered_us"])
    stage.agenda.plan(over_us + _TALKED_OF_DAYS * DAY_US, "forget_order", number)
    if row["delivered_us"] < 0:
        return
    placed_us, delivered_us = stage.now_us, stage.start_us + row["delivered_us"]
    parcels = sorted({each["parcel"] for each in row["lines"]})
    early_us = delivered_us - min(DAY_US, (delivered_us - placed_us) // 2)
    for parcel in parcels:
        is_last = parcel == parcels[-1]
        stage.agenda.plan(delivered_us if is_last else early_us, "deliver", number, parcel)


def deliver(stage: Stage, number: int, parcel: int) -> None:
    row = stage.orders[number]
    lines = [
        DeliveredLineBody(line_no=each["line_no"], quantity=each["quantity"])
        for each in row["lines"]
        if each["parcel"] == parcel
    ]
    stage.retour.orders.deliver(order_id(number), str(parcel), DeliveryBody(lines=lines))


def apply(stage: Stage, request: int) -> None:
    """Somebody wants to send something back: asks, or declares a withdrawal."""
    life = stage.planned.pop(request)
    stage.payments[life.order_id] = life.payment
    life.rma = _declare(stage, life) if life.is_withdrawal else _ask(stage, life)
    stage.lives[life.rma] = life
    stage.applied(request, life.rma)
    stage.applied_for += 1
    if life.cancels:
        stage.agenda.plan(stage.in_hours(life.cancel_hours), "cancel", life.rma)


def _ask(stage: Stage, life: Life) -> str:
    lines = [
        ReturnLineBody(line_no=each.order_line_no, quantity=each.quantity, reason=each.reason)
        for each in life.things
    ]
    body = ReturnBody(
        order_id=life.order_id,
        customer=life.customer_ref,
        lines=lines,
        inputs=life.inputs,
        started_at=from_us(stage.start_us + life.started_us),
    )
    return stage.retour.returns.request(body)


def _declare(stage: Stage, life: Life) -> str:
    lines = [
        WithdrawnLineBody(line_no=each.order_line_no, quantity=each.quantity)
        for each in life.things
    ]
    body = WithdrawalBody(order_id=life.order_id, customer=life.customer_ref, lines=lines)
    step = stage.retour.returns.prepare_withdrawal(body, life.language)
    confirmed = ConfirmationBody(
        confirmation=step.confirmation,
        inputs=life.inputs,
        started_at=from_us(stage.start_us + life.started_us),
    )
    return stage.retour.returns.confirm_withdrawal(confirmed)


def cancel(stage: Stage, rma: str) -> None:
    stage.retour.returns.cancel(rma, CancelBody(), _CUSTOMER)
    stage.lives[rma].is_cancelled = True


def announce(stage: Stage, rma: str, method: str, handed_over_us: int) -> None:
    """Tell how the goods will come."""
    life = stage.lives[rma]
    if life.is_cancelled or life.stays:
        return
    day = f"{from_us(handed_over_us):%Y-%m-%d}" if method == "pickup" else None
    body = ShipmentBody(
        method=method, pickup_day=day, carrier="Practice Post", tracking=tracking(rma)
    )
    stage.retour.shipments.create(rma, body, _CUSTOMER)


def tracking(rma: str) -> str:
    return f"T{rma.replace('-', '')}"


def send(stage: Stage, life: Life) -> None:
    """Plan how the goods come back, now that they may."""
    if not life.sends or life.is_sent:
        return
    life.is_sent = True
    handed_over_us = max(stage.now_us, stage.by_day(stage.in_hours(life.send_hours)))
    method = METHODS[life.method]
    if life.announces:
        until_us = round(_ANNOUNCED_BY * (handed_over_us - stage.now_us))
        at_us = min(stage.in_hours(life.announce_hours), stage.now_us + until_us)
        stage.agenda.plan(at_us, "announce", life.rma, method, handed_over_us)
        if method == "pickup" and life.pickup_fails:
            stage.agenda.plan(handed_over_us, "miss_pickup", life.rma)
            again_us = handed_over_us + round(_NEXT_DAY_HOURS * HOUR_US)
            stage.agenda.plan(
                handed_over_us + round(_NEW_LABEL_HOURS * HOUR_US),
                "announce",
                life.rma,
                "drop_off",
                again_us,
            )
            handed_over_us = again_us
    stage.agenda.plan(handed_over_us, "hand_over", life.rma)


def answer(stage: Stage, rma: str) -> None:
    """Answer the reviewer's question."""
    life = stage.lives[rma]
    thing = life.things[0]
    chance = life.chance("answer")
    said = texts.answer(
        chance,
        life.language,
        thing.cause,
        thing.category,
        is_evasive=life.is_abusive,
    )
    if not life.is_abusive or chance.random() < _SHOWS_SOMETHING:
        said = f"{said} (IMG_{chance.randint(1000, 9999)}.jpg)"  # a reference, as long as nothing can be uploaded
    stage.retour.reviews.answer(rma, ReviewAnswerBody(answer=said), _CUSTOMER)


def choose(stage: Stage, rma: str, line_no: int, choice: str) -> None:
    stage.retour.returns.choose(rma, line_no, ChoiceBody(choice=choice), _CUSTOMER)


def rate(stage: Stage, rma: str) -> None:
    """Say how it was: less satisfied the longer it took, and the less came of it."""
    life = stage.lives[rma]
    asked_us = stage.start_us + life.requested_us
    decided_us = life.decided_us or stage.now_us
    score = int(
        csat(
            life.mood,
            (decided_us - asked_us) / HOUR_US,
            (stage.now_us - asked_us) / DAY_US - life.survey_hours / 24,
            life.is_declined,
            life.is_reduced,
            life.was_asked,
        )
    )
    chance, thing = life.chance("survey"), life.things[0]
    comment = None
    if chance.random() < 0.6:
        comment = texts.comment(chance, life.language, thing.cause, thing.category, score)
    body = SurveyAnswerBody(csat=score, tags=_tags(chance, score), comment=comment)
    stage.retour.surveys.answer(rma, body)


def _tags(chance: Random, score: int) -> list[SurveyTag]:
    """One or two words that fit the score."""
    pool = _GLAD if score >= _GOOD else _SORRY
    return sorted(chance.sample(pool, chance.randint(0, 2)))


def think_of_complaining(stage: Stage, life: Life) -> None:
    """Some complain, more of those who were disappointed; a few have an idea, or met a danger."""
    if life.has_complained:
        return
    share = stage.scenario.returns.complaint_share
    if life.is_declined or life.is_reduced:
        share *= _COMPLAINS_MORE
    kind = "complaint" if life.complaint < share else None
    if life.complaint > _SUGGESTS:
        kind = "suggestion"
    elif life.complaint > _WARNS:
        kind = "safety"
    if kind:
        life.has_complained = True
        stage.agenda.plan(stage.in_hours(life.complaint_hours), "complain", life.rma, kind)


def think_of_another_person(stage: Stage, life: Life) -> None:
    """Some who were declined want somebody else to decide, once."""
    chance = life.chance("another person")
    if life.has_asked_again or chance.random() >= stage.scenario.returns.second_look_share:
        return
    life.has_asked_again = True
    hours = _ASKS_AGAIN_HOURS * (0.1 + chance.random())
    stage.agenda.plan(stage.in_hours(hours), "ask_again", life.rma)


def ask_again(stage: Stage, rma: str) -> None:
    """Ask for another person to decide."""
    stage.retour.reviews.request(rma, HumanBody(), _CUSTOMER)


def complain(stage: Stage, rma: str, kind: str) -> None:
    life = stage.lives[rma]
    said = _WORDS[kind](life)
    stage.retour.cases.open(CaseBody(kind=kind, rma=rma, text=said))


def claim(stage: Stage, number: int) -> None:
    """Somebody says that nothing came."""
    row = stage.orders[number]
    chance = Life.words_of(number)
    said = texts.not_received(chance, "zh" if row["is_chinese"] else "en")
    who = customer_ref(row["customer"])
    stage.retour.cases.open(
        CaseBody(kind="not_received", order_id=order_id(number), customer=who, text=said)
    )


def write_back(stage: Stage, case_id: str, language: Language) -> None:
    """Somebody who was answered on a case has more to say."""
    chance = Random(f"{case_id}:reply")  # noqa: S311  # the same in each play
    body = MessageBody(text=texts.reply(chance, language), language=language)
    stage.retour.cases.write(case_id, body, _CUSTOMER)


def _complaint(life: Life) -> str:
    thing = life.things[0]
    about: About = "declined" if life.is_declined else "refund_less" if life.is_reduced else "slow"
    return texts.complaint(
        life.chance("complaint"), life.language, about, thing.cause, thing.category
    )


_WORDS: dict[str, Callable[[Life], str]] = {
    "complaint": _complaint,
    "suggestion": lambda life: texts.suggestion(life.chance("suggestion"), life.language),
    "safety": lambda life: texts.safety(
        life.chance("safety"), life.language, life.things[0].category
    ),
}
