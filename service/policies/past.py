"""Past requests, as a policy would have seen them at their time. They are streamed: memory holds one page."""

from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, ScalarSelect, func, literal, null, select, union_all

from service.domain.details import ASKED_AGAIN
from service.domain.details import read as read_detail
from service.domain.events import (
    LineInspected,
    OrderDelivered,
    ReturnDeclined,
    ReviewOpened,
)
from service.domain.policy import CustomerHistory, Request, RequestLine
from service.domain.policy_sections import HistoryRule
from service.orders.repository import deliveries, delivery_lines, order_lines, orders
from service.platform.clock import from_us
from service.platform.log import events
from service.returns.repository import return_lines, returns

PAGE = 1000
Delivery = Literal["live", "import", "simulated", "guessed"]
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Past:
    """A past request, once for each history rule that it is judged by.

    `delivery` says where its deliveries are from; `guessed`: none is recorded, so the order's own time stands in.
    """

    rma: str
    delivery: Delivery
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class WithoutOrder:
    """A past return of which no order was found for at least one line: no rule can judge it."""

    rma: str


@dataclass(slots=True)
class _Customer:
    """What is known of a customer so far, in order of time. Microseconds since 1970 UTC."""

    key: str | None = None
    orders_us: list[int] = field(default_factory=list)
    returns_us: list[int] = field(default_factory=list)
    failed_us: list[int] = field(default_factory=list)

    def history(self, rule: HistoryRule, now_us: int) -> CustomerHistory:
        since_us = now_us - timedelta(days=rule.within_days) // _MICROSECOND
        failed_since_us = now_us - timedelta(days=rule.failed_within_days) // _MICROSECOND
        return CustomerHistory(
            orders=len(self.orders_us),
            returns_in_window=len(self.returns_us) - bisect_left(self.returns_us, since_us),
            returns=len(self.returns_us),
            failed_inspections=sum(failed_since_us <= each < now_us for each in self.failed_us),
            first_order_at=from_us(self.orders_us[0]) if self.orders_us else None,
        )


def count_returns(connection: Connection) -> int:
    """How many past requests there are."""
    counted: int = connection.execute(
        select(func.count()).select_from(returns).where(_WAS_JUDGED)
    ).scalar_one()
    return counted


def past_requests(
    connection: Connection, rules: Sequence[HistoryRule], zone: ZoneInfo
) -> Iterator[Past | WithoutOrder]:
    """Every past return, customer by customer in order of time; a return without a customer has no history."""
    customer = _Customer()
    stream = connection.execute(_STORIES, execution_options={"yield_per": PAGE})
    for page in stream.partitions():
        details = _details(connection, [row.id for row in page if row.is_return])
        for row in page:
            if row.customer_key is None or row.customer_key != customer.key:
                customer = _Customer(row.customer_key)
            if row.is_return:
                yield details.past(row, customer, rules, zone)
                customer.returns_us.append(row.at_us)
                customer.failed_us.extend(details.failed_us.get(row.id, ()))
            else:
                customer.orders_us.append(row.at_us)


_WAS_JUDGED = returns.c.kind == "return"  # a withdrawal asks nobody
_BOUGHT = select(
    orders.c.customer_key,
    orders.c.placed_at_us.label("at_us"),
    literal(0).label("is_return"),
    orders.c.order_id.label("id"),
    null().label("currency"),
).where(orders.c.customer_key.is_not(None))
_ASKED = select(
    returns.c.customer_key, returns.c.requested_at_us, literal(1), returns.c.rma, returns.c.currency
).where(_WAS_JUDGED)
_STORIES = union_all(_BOUGHT, _ASKED).order_by("customer_key", "at_us", "is_return", "id")


@dataclass(frozen=True, slots=True)
class _Details:
    """What a page's returns consist of, by their RMA, and the orders with a delivery by where it is from."""

    lines: dict[str, list[Row[Any]]]
    failed_us: dict[str, list[int]]
    origins: dict[str, Delivery]
    asked_again: dict[str, set[int]]

    def past(
        self, row: Row[Any], customer: _Customer, rules: Sequence[HistoryRule], zone: ZoneInfo
    ) -> Past | WithoutOrder:
        lines = self.lines[row.id]
        if any(line.placed_at_us is None for line in lines):
            return WithoutOrder(row.id)
        again = self.asked_again.get(row.id, set())
        requests = tuple(_request(row, lines, again, customer, rule, zone) for rule in rules)
        return Past(row.id, self._delivery(lines), requests)

    def _delivery(self, lines: Sequence[Row[Any]]) -> Delivery:
        if any(line.delivered_at_us is None for line in lines):
            return "guessed"
        found = {self.origins.get(line.order_id, "live") for line in lines}
        return next((each for each in found if each != "live"), "live")


def _request(
    row: Row[Any],
    lines: Sequence[Row[Any]],
    again: Container[int],
    customer: _Customer,
    rule: HistoryRule,
    zone: ZoneInfo,
) -> Request:
    last_us = max(_last_good_us(line, row.at_us) for line in lines)
    return Request(
        country=lines[0].country,
        currency=row.currency,
        lines=tuple(_line(line, again) for line in lines),
        history=customer.history(rule, row.at_us),
        now=from_us(row.at_us),
        zone=zone,
        order_delivered_at=from_us(last_us),
    )


def _last_good_us(line: Row[Any], now_us: int) -> int:
    """When the last of the line's order came; `now_us` where some was still to come."""
    if line.order_delivered_us is None:
        return int(line.placed_at_us)
    is_complete = line.delivered_units >= line.ordered_units
    return int(line.order_delivered_us) if is_complete else now_us


def _line(line: Row[Any], again: Container[int]) -> RequestLine:
    return RequestLine(
        line_no=line.line_no,
        sku=line.sku,
        quantity=line.quantity,
        reason=line.reason or "",
        value_minor=line.value_minor,
        delivered_at=from_us(line.delivered_at_us or line.placed_at_us),
        exclusion=line.exclusion,
        evidence=0,
        is_asked_again=line.order_line_no in again,
    )


def _details(connection: Connection, rmas: Sequence[str]) -> _Details:
    lines: dict[str, list[Row[Any]]] = {rma: [] for rma in rmas}
    for line in connection.execute(_LINES.where(return_lines.c.rma.in_(rmas))):
        lines[line.rma].append(line)
    order_ids = {each.order_id for some in lines.values() for each in some if each.order_id}
    return _Details(
        lines,
        _failed(connection, rmas),
        _origins(connection, order_ids),
        _asked_again(connection, rmas),
    )


def _before(figure: Any, *of_what: Any) -> ScalarSelect[Any]:
    """A figure of the order's deliveries before the request."""
    return (
        select(figure)
        .join(delivery_lines)
        .where(
            deliveries.c.order_id == return_lines.c.order_id,
            deliveries.c.delivered_at_us <= returns.c.requested_at_us,
            *of_what,
        )
        .correlate(return_lines, returns)
        .scalar_subquery()
    )


_LAST_US = func.max(deliveries.c.delivered_at_us)
_ORDERED_UNITS = (
    select(func.sum(order_lines.c.quantity))
    .where(order_lines.c.order_id == return_lines.c.order_id)
    .correlate(return_lines)
    .scalar_subquery()
)
_LINES = (
    select(
        return_lines,
        order_lines.c.exclusion,
        orders.c.country,
        orders.c.placed_at_us,
        _before(_LAST_US, delivery_lines.c.line_no == return_lines.c.order_line_no).label(
            "delivered_at_us"
        ),
        _before(_LAST_US).label("order_delivered_us"),
        _before(func.sum(delivery_lines.c.quantity)).label("delivered_units"),
        _ORDERED_UNITS.label("ordered_units"),
    )
    .join(returns)
    .outerjoin(orders, orders.c.order_id == return_lines.c.order_id)
    .outerjoin(
        order_lines,
        (order_lines.c.order_id == return_lines.c.order_id)
        & (order_lines.c.line_no == return_lines.c.order_line_no),
    )
    .where(return_lines.c.authorization_state != "undeclared")
    .order_by(return_lines.c.rma, return_lines.c.line_no)
)


def _failed(connection: Connection, rmas: Sequence[str]) -> dict[str, list[int]]:
    """When an inspection of each return first failed; returns without one are missing."""
    query = (
        select(events.c.subject, events.c.time_us, events.c.data)
        .where(events.c.subject.in_(rmas), events.c.type == LineInspected.type)
        .order_by(events.c.time_us)
    )
    found: dict[str, list[int]] = {}
    for row in connection.execute(query):
        if LineInspected.model_validate_json(row.data).outcome != "passed":
            found.setdefault(row.subject, [row.time_us])
    return found


def _asked_again(connection: Connection, rmas: Sequence[str]) -> dict[str, set[int]]:
    """The lines of the order that were before a person when each return asked for them, as its judgement tells."""
    query = select(events.c.subject, events.c.type, events.c.data).where(
        events.c.subject.in_(rmas), events.c.type.in_((ReviewOpened.type, ReturnDeclined.type))
    )
    found: dict[str, set[int]] = {}
    for row in connection.execute(query):
        told = ReviewOpened if row.type == ReviewOpened.type else ReturnDeclined
        for rule in told.model_validate_json(row.data).rules:
            phrases = read_detail(rule.detail)
            numbers = {
                int(str(each.parts["line_no"])) for each in phrases if each.text == ASKED_AGAIN.text
            }
            found.setdefault(row.subject, set()).update(numbers)
    return found


def _origins(connection: Connection, order_ids: set[str]) -> dict[str, Delivery]:
    """Where the deliveries of orders are from; of several the least certain."""
    query = (
        select(events.c.subject, events.c.origin)
        .where(events.c.subject.in_(order_ids), events.c.type == OrderDelivered.type)
        .distinct()
        .order_by(events.c.origin.desc())
    )
    return {row.subject: row.origin for row in connection.execute(query)}
