"""A small shop in the log: forty products over four months, one of which comes back far too often."""

import random
from datetime import UTC, datetime, timedelta

from retour.assembly import open_retour
from retour.settings import Settings
from service.application import Retour
from service.domain import events as e
from service.platform.clock import to_us
from service.platform.ids import derived_event_id

BAD_SKU = "SKU-00"
_START = datetime(2024, 1, 1, 9, tzinfo=UTC)
_SKUS = 40


def small_shop(
    settings: Settings, *, days: int = 120, seed: int = 1, names_orders: bool = False
) -> Retour:
    """The application on a log of some thousand events, the same for the same seed; its returns may name their orders."""
    retour = open_retour(settings)
    chance = random.Random(seed)
    append(retour, [_event(_product(place), _START, f"SKU-{place:02}") for place in range(_SKUS)])
    for day in range(days):
        append(retour, _a_day(_START + timedelta(days=day), chance, names_orders=names_orders))
    return retour


def a_month(retour: Retour, first_day: int, *, bad_rate: float, names_orders: bool = False) -> None:
    """Thirty more days, counted from the shop's first, in which the bad product comes back at another rate."""
    chance = random.Random(first_day)
    for day in range(first_day, first_day + 30):
        morning = _START + timedelta(days=day)
        append(retour, _a_day(morning, chance, bad_rate, names_orders=names_orders))


def append(retour: Retour, events: list[e.Event]) -> None:
    """Append events that bring their own ids and times."""
    with retour.context.transaction() as transaction:
        for event in events:
            transaction.add(event)


def a_return(
    number: str,
    sku: str,
    moment: datetime,
    quantity: int = 1,
    *,
    of: tuple[str, int] | None = None,
) -> e.Event:
    """A return of an order's line, or one that no order could be matched to."""
    order_id, order_line_no = of or (None, None)
    line = e.ReturnLine(
        line_no=1,
        order_id=order_id,
        order_line_no=order_line_no,
        sku=sku,
        quantity=quantity,
        reason="defect",
        value_minor=1000 * quantity,
    )
    requested = e.ReturnRequested(
        rma=f"R{number}", order_id=order_id, customer_key=None, currency="EUR", lines=[line]
    )
    return _event(requested, moment, requested.rma)


def _a_day(
    morning: datetime, chance: random.Random, bad_rate: float = 0.5, *, names_orders: bool = False
) -> list[e.Event]:
    events = []
    for number in range(12):
        moment = morning + timedelta(minutes=30 * number)
        order_id = f"{morning:%y%m%d}-{number}"
        skus = sorted(chance.sample(range(_SKUS), 3) + [0] * (number % 3 == 0))
        lines = [_line(place, f"SKU-{sku:02}") for place, sku in enumerate(skus, 1)]
        order = e.OrderPlaced(
            order_id=order_id, customer_key=None, currency="EUR", country="NL", lines=lines
        )
        events.append(_event(order, moment, order_id))
        events += _returns(order, moment, chance, bad_rate, names_orders=names_orders)
    return events


def _returns(
    order: e.OrderPlaced,
    moment: datetime,
    chance: random.Random,
    bad_rate: float,
    *,
    names_orders: bool,
) -> list[e.Event]:
    return [
        a_return(
            f"{order.order_id}-{line.line_no}",
            line.sku,
            moment + timedelta(minutes=5),
            of=(order.order_id, line.line_no) if names_orders else None,
        )
        for line in order.lines
        if chance.random() < (bad_rate if line.sku == BAD_SKU else 0.04)
    ]


def _line(line_no: int, sku: str) -> e.OrderLine:
    return e.OrderLine(line_no=line_no, sku=sku, quantity=1, unit_price_minor=1000)


def _product(place: int) -> e.ProductUpserted:
    return e.ProductUpserted(
        sku=f"SKU-{place:02}",
        title=f"Product {place}",
        category="all",
        price_minor=1000,
        currency="EUR",
    )


def _event(payload: e.Payload, moment: datetime, subject: str) -> e.Event:
    return e.Event(
        id=derived_event_id(to_us(moment), payload.type, subject),
        source="tests/small_shop",
        subject=subject,
        time=moment,
        data=payload,
        actor=e.Actor("shop"),
    )
