"""A shop in the log whose applications were all inspected in full: who claims a defect is far more often abusive than others."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from small_shop import append

from retour.assembly import open_retour
from retour.settings import Settings
from service.application import Retour
from service.domain import events as e
from service.platform.clock import to_us
from service.platform.ids import derived_event_id

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
SKUS, A_DAY = 12, 16
ABUSIVE_OF_DEFECTS, ABUSIVE_OF_OTHERS, DEFECTS = 0.55, 0.004, 0.2
BASIC = {"inspection": "basic", "is_audit": False, "propensity": 0.7}
AUDIT = {"inspection": "full", "is_audit": True, "propensity": 0.3}


def labelled_shop(
    settings: Settings, *, days: int = 90, seed: int = 1, audits: float = 1.0
) -> Retour:
    """The application on this log; each application is an audit with this chance, of propensity 1 where all are."""
    retour, chance = open_retour(settings), random.Random(seed)
    append(retour, [_product(place) for place in range(SKUS)])
    for day in range(days):
        morning = START + timedelta(days=day)
        append(retour, list(_a_day(morning, chance, audits, retour.log_head())))
    return retour


def apply(
    retour: Retour, number: str, moment: datetime, outcome: str = "passed", **assessed: object
) -> str:
    """One more application, assessed as given, whose goods were inspected three days later; its number."""
    application = _an_application(
        number, moment, "changed_mind", outcome, {**AUDIT, **assessed}, retour.log_head()
    )
    append(retour, application)
    return f"R{number}"


def share_a_device(retour: Retour, numbers: list[str], moment: datetime) -> None:
    """The customers of these applications, which are to come, have one device together."""
    said = [
        e.CustomerIdentified(
            customer_key=f"cus_{number}", order_id=f"O{number}", device_key="dev_shared"
        )
        for number in numbers
    ]
    append(retour, [_event(each, moment, each.customer_key) for each in said])


def _a_day(morning: datetime, chance: random.Random, audits: float, head: int) -> Iterator[e.Event]:
    for number in range(A_DAY):
        moment = morning + timedelta(minutes=45 * number)
        is_defect = chance.random() < DEFECTS
        is_abusive = chance.random() < (ABUSIVE_OF_DEFECTS if is_defect else ABUSIVE_OF_OTHERS)
        is_audit = chance.random() < audits
        how = {**AUDIT, "propensity": audits} if is_audit else {**BASIC, "propensity": 1 - audits}
        told = _an_application(
            f"{morning:%y%m%d}-{number}",
            moment,
            "defect" if is_defect else "changed_mind",
            "failed" if is_abusive else "passed",
            how,
            head,
            number % SKUS,
        )
        head += len(told)
        yield from told


def _an_application(
    number: str,
    moment: datetime,
    reason: str,
    outcome: str,
    assessed: dict[str, object],
    head: int,
    place: int = 0,
) -> list[e.Event]:
    order_id, rma, sku = f"O{number}", f"R{number}", f"SKU-{place:02}"
    customer = f"cus_{number}"
    lines = [e.OrderLine(line_no=1, sku=sku, quantity=1, unit_price_minor=2000)]
    depth = assessed.get("inspection", "full")
    told: list[tuple[e.Payload, timedelta, str]] = [
        (
            e.OrderPlaced(
                order_id=order_id, customer_key=customer, currency="EUR", country="NL", lines=lines
            ),
            timedelta(days=-9),
            order_id,
        ),
        (
            e.OrderDelivered(
                order_id=order_id,
                delivery_id=f"D{number}",
                lines=[e.DeliveredLine(line_no=1, quantity=1)],
            ),
            timedelta(days=-6),
            order_id,
        ),
        (
            e.ReturnRequested(
                rma=rma,
                order_id=order_id,
                customer_key=customer,
                currency="EUR",
                lines=[
                    e.ReturnLine(
                        line_no=1,
                        order_id=order_id,
                        order_line_no=1,
                        sku=sku,
                        quantity=1,
                        reason=reason,
                        value_minor=2000,
                    )
                ],
            ),
            timedelta(),
            rma,
        ),
        (
            e.ReturnAssessed.model_validate(
                {
                    "rma": rma,
                    "as_of_seq": head + 2,
                    "policy_version": "1",
                    "model_version": None,
                    "score": None,
                    "decision": "approve",
                    "refund_on": "received",
                    "features": [],
                    "reasons": [],
                    "basis": "no_model",
                    **assessed,
                }
            ),
            timedelta(seconds=1),
            rma,
        ),
        (
            e.LineInspected.model_validate(
                {
                    "rma": rma,
                    "line_no": 1,
                    "quantity": 1,
                    "outcome": outcome,
                    "grade": None,
                    "inspection_depth": depth,
                }
            ),
            timedelta(days=3),
            rma,
        ),
    ]
    return [_event(payload, moment + later, subject) for payload, later, subject in told]


def _product(place: int) -> e.Event:
    sku = f"SKU-{place:02}"
    product = e.ProductUpserted(
        sku=sku, title=sku, category=f"shelf {place % 3}", price_minor=2000, currency="EUR"
    )
    return _event(product, START - timedelta(days=30), sku)


def _event(payload: e.Payload, moment: datetime, subject: str) -> e.Event:
    return e.Event(
        id=derived_event_id(to_us(moment), payload.type, subject),
        source="tests/labelled_shop",
        subject=subject,
        time=moment,
        data=payload,
        actor=e.Actor("system"),
    )
