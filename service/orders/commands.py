"""The shop says what was ordered and what was delivered. Saying it again changes nothing; saying otherwise is refused."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from service.customers.contacts import note_contact
from service.customers.links import note_links
from service.domain.eligibility import eligibility
from service.domain.events import Actor, DeliveredLine, OrderDelivered, OrderLine, OrderPlaced
from service.domain.words import Language, Phrase
from service.orders import repository
from service.orders.eligibility import EligibilityView, in_words, ordered_lines
from service.orders.schemas import DeliveryBody, OrderBody, OrderLineBody
from service.platform.clock import Clock, from_us, to_us
from service.platform.db import insert_unless_known
from service.platform.problems import Conflict, NotFound, Unacceptable
from service.platform.unit import Context, Transaction
from service.returns.repository import units_in_returns

_SHOP = Actor("shop")
CLOCKS_MAY_DIFFER = timedelta(minutes=5)
# What an order is, beside its customer, time and lines: row, event and comparison all follow from it.
_AS_TOLD = ("currency", "country", "discount_minor", "shipping_minor")


class UnknownOrder(NotFound):
    """No such order, or not one of this customer: the two look the same from outside."""

    title = "No such order"

    def __init__(self, order_id: str) -> None:
        super().__init__(
            Phrase(
                "no order {order} is known for this caller; check the number and the customer, "
                "or tell of the order first with {way}",
                {"order": repr(order_id), "way": "PUT /v1/orders/{id}"},
            )
        )


class OrderDiffers(Conflict):
    title = "This order is known with another content"


class DeliveryDiffers(Conflict):
    title = "This delivery is known with another content"


class MoreThanOrdered(Conflict):
    title = "More would be delivered than was ordered"


class UnknownOrderLine(Unacceptable):
    title = "The order has no such line"

    def __init__(self, order_id: str, line_no: int, known: Iterable[int]) -> None:
        super().__init__(
            Phrase(
                "order {order} has no line {line}; its lines are {known}",
                {
                    "order": repr(order_id),
                    "line": line_no,
                    "known": ", ".join(str(each) for each in sorted(known)),
                },
            )
        )


class BeforeItsOrder(Unacceptable):
    title = "An order cannot be delivered before it was placed"


class InTheFuture(Unacceptable):
    title = "What has not happened yet cannot be recorded"


class Orders:
    """Commands on orders; each is one transaction. Each says whether what it was told is new."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def place(self, order_id: str, body: OrderBody, by: Actor = _SHOP) -> bool:
        """Take in an order. Raises `OrderDiffers`, `InTheFuture`."""
        placed_at = happened_at(self._context.clock, body.placed_at, "placed_at")
        with self._context.transaction() as transaction:
            tokens = self._context.identity.tokens(transaction.connection, body.references)
            customer_key = tokens["customer"]
            note_contact(transaction, customer_key, body.email, body.language)
            is_new = _take_in(transaction, order_id, body, customer_key, placed_at)
            if is_new:
                placed = _placed(order_id, body, customer_key)
                transaction.emit(order_id, placed, by, time=placed_at)
            else:
                _refuse_other_order(transaction, order_id, body, customer_key)
            note_links(transaction, order_id, tokens, by, placed_at)
            return is_new

    def eligibility(self, order_id: str, language: Language) -> EligibilityView:
        """What of an order may come back, and how. Raises `UnknownOrder`."""
        context = self._context
        with context.db.read() as connection:
            order = repository.find(connection, order_id)
            if order is None:
                raise UnknownOrder(order_id)
            in_returns = units_in_returns(connection, order_id)
            lines = ordered_lines(connection, order, in_returns)
        judged = eligibility(
            context.policy, order.country, context.zone, lines, context.clock.now()
        )
        return in_words(order, judged, language, context.zone)

    def deliver(
        self, order_id: str, delivery_id: str, body: DeliveryBody, by: Actor = _SHOP
    ) -> bool:
        """Take in a delivery. Raises `UnknownOrder`, `UnknownOrderLine`, `MoreThanOrdered`, `DeliveryDiffers`, `InTheFuture`, `BeforeItsOrder`."""
        delivered_at = happened_at(self._context.clock, body.delivered_at, "delivered_at")
        with self._context.transaction() as transaction:
            connection = transaction.connection
            order = repository.lock(connection, order_id)
            if order is None:
                raise UnknownOrder(order_id)
            key = {"order_id": order_id, "delivery_id": delivery_id}
            row = {**key, "delivered_at_us": to_us(delivered_at)}
            if not insert_unless_known(connection, repository.deliveries, row):
                _refuse_other_delivery(transaction, order_id, delivery_id, body)
                return False
            if to_us(delivered_at) < order.placed_at_us:
                raise BeforeItsOrder(
                    f"delivered_at is {delivered_at.isoformat()}, but order {order_id!r} was placed at "
                    f"{from_us(order.placed_at_us).isoformat()}; send the moment at which the parcel arrived"
                )
            _refuse_more_than_ordered(transaction, order_id, body)
            lines = [line.model_dump() for line in body.lines]
            connection.execute(
                repository.delivery_lines.insert(), [{**key, **each} for each in lines]
            )
            delivered = OrderDelivered(**key, lines=[DeliveredLine(**each) for each in lines])
            transaction.emit(order_id, delivered, by, time=delivered_at)
            return True


def happened_at(clock: Clock, said: datetime | None, name: str) -> datetime:
    now = clock.now()
    if said is not None and said > now + CLOCKS_MAY_DIFFER:
        raise InTheFuture(
            f"{name} is {said.isoformat()}, but here it is {now:%Y-%m-%dT%H:%M:%SZ}; "
            "send the moment at which it happened, with its offset from UTC"
        )
    return said or now


def _take_in(
    transaction: Transaction, order_id: str, body: OrderBody, customer_key: str, placed_at: datetime
) -> bool:
    """Write an order down. Says whether it is new; one that is known stays as it was."""
    row = {
        "order_id": order_id,
        "customer_key": customer_key,
        "placed_at_us": to_us(placed_at),
        **{name: getattr(body, name) for name in _AS_TOLD},
    }
    if not insert_unless_known(transaction.connection, repository.orders, row):
        return False
    lines = [{"order_id": order_id, **line.model_dump()} for line in body.lines]
    transaction.connection.execute(repository.order_lines.insert(), lines)
    return True


def _placed(order_id: str, body: OrderBody, customer_key: str) -> OrderPlaced:
    return OrderPlaced(
        order_id=order_id,
        customer_key=customer_key,
        lines=[OrderLine(**line.model_dump()) for line in body.lines],
        **{name: getattr(body, name) for name in _AS_TOLD},
    )


def _refuse_other_order(
    transaction: Transaction, order_id: str, body: OrderBody, customer_key: str
) -> None:
    known = repository.lock(transaction.connection, order_id)
    assert known is not None  # noqa: S101  # its key was just found taken
    lines = repository.lines_of(transaction.connection, order_id)
    said: dict[str, tuple[object, object]] = {
        "customer": (known.customer_key, customer_key),
        **{name: (getattr(known, name), getattr(body, name)) for name in _AS_TOLD},
        "lines": (
            {row.line_no: _line(row) for row in lines.values()},
            {each.line_no: _line(each) for each in body.lines},
        ),
    }
    if body.placed_at is not None:
        said["placed_at"] = (from_us(known.placed_at_us), body.placed_at)
    if differing := _differing(said):
        raise OrderDiffers(
            f"order {order_id!r} is recorded differently ({differing}); an order is told once: "
            "send it as before, or use another id"
        )


def _line(line: Row[Any] | OrderLineBody) -> tuple[object, ...]:
    return tuple(getattr(line, name) for name in OrderLineBody.model_fields)


def _refuse_other_delivery(
    transaction: Transaction, order_id: str, delivery_id: str, body: DeliveryBody
) -> None:
    known = repository.find_delivery(transaction.connection, order_id, delivery_id)
    assert known is not None  # noqa: S101  # its key was just found taken
    units = repository.units_in_delivery(transaction.connection, order_id, delivery_id)
    said: dict[str, tuple[object, object]] = {
        "lines": (units, {each.line_no: each.quantity for each in body.lines})
    }
    if body.delivered_at is not None:
        said["delivered_at"] = (from_us(known.delivered_at_us), body.delivered_at)
    if differing := _differing(said):
        raise DeliveryDiffers(
            f"delivery {delivery_id!r} of order {order_id!r} is recorded differently ({differing}); "
            "a delivery is told once: send it as before, or use another id for another parcel"
        )


def _differing(said: Mapping[str, tuple[object, object]]) -> str:
    return ", ".join(name for name, (before, now) in said.items() if before != now)


def _refuse_more_than_ordered(transaction: Transaction, order_id: str, body: DeliveryBody) -> None:
    ordered = repository.lines_of(transaction.connection, order_id)
    delivered = repository.delivered(transaction.connection, order_id)
    for line in body.lines:
        if line.line_no not in ordered:
            raise UnknownOrderLine(order_id, line.line_no, ordered)
        before = delivered[line.line_no].quantity if line.line_no in delivered else 0
        left = ordered[line.line_no].quantity - before
        if line.quantity > left:
            raise MoreThanOrdered(
                f"line {line.line_no} of order {order_id!r} has {left} of {ordered[line.line_no].quantity} units "
                f"left to deliver, not {line.quantity}; correct the quantity"
            )
