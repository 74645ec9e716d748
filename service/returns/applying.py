"""What an application is about: its lines as they were bought, delivered and paid for, and the terms that hold for each."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row

from service.domain.events import ReturnCancelled, ReturnLine
from service.domain.lifecycle import Line, can
from service.domain.money import LinePrice, of_units, paid_per_line
from service.domain.policy import RequestLine, Terms, Windows, terms, windows
from service.domain.words import Part, Phrase
from service.flags.hints import defective
from service.orders import repository as orders
from service.orders.commands import UnknownOrder, UnknownOrderLine
from service.platform.clock import from_us, to_us
from service.platform.problems import Conflict
from service.platform.unit import Transaction
from service.returns import repository
from service.returns.asked_again import lines_asked_again

_FEWER = Phrase("lower the quantity")
_DELIVERED_FIRST = Phrase(
    "tell of the delivery first with {way}",
    {"way": "PUT /v1/orders/{id}/deliveries/{delivery_id}"},
)


class MoreThanDelivered(Conflict):
    title = "More would come back than is there to be returned"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units of one line of the order that a customer wants to return."""

    line_no: int
    quantity: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class AppliedLine:
    """A line of an application, with the windows and terms that hold for it."""

    said: ReturnLine
    exclusion: str | None
    delivered_at: datetime
    windows: Windows
    terms: Terms
    is_flagged: bool = False
    is_asked_again: bool = False

    def as_request_line(self) -> RequestLine:
        return RequestLine(
            line_no=self.said.order_line_no or 0,
            sku=self.said.sku,
            quantity=self.said.quantity,
            reason=self.said.reason or "changed_mind",
            value_minor=self.said.value_minor,
            delivered_at=self.delivered_at,
            exclusion=self.exclusion,
            evidence=0,
            is_flagged=self.is_flagged,
            is_asked_again=self.is_asked_again,
        )

    def as_line(self, refund_on: str, kind: str) -> Line:
        return Line(
            line_no=self.said.line_no,
            root_line_no=self.said.line_no,
            order_line_no=self.said.order_line_no,
            sku=self.said.sku,
            quantity=self.said.quantity,
            value_minor=self.said.value_minor,
            reason=self.said.reason,
            fee_percent=self.terms.fee_percent,
            refunds_shipping=self.terms.refunds_outbound_shipping,
            refund_on=refund_on,  # type: ignore[arg-type]  # as the terms have it
            is_withdrawal=kind == "withdrawal",
        )


@dataclass(frozen=True, slots=True)
class Application:
    """What a customer applies for, on an order that is held meanwhile.

    `order_delivered_at`: when the last of its units came; now, where some are still to come.
    """

    order: Row[Any]
    order_delivered_at: datetime
    lines: Sequence[AppliedLine]

    @property
    def regime(self) -> str | None:
        return next((line.terms.regime for line in self.lines if line.terms.regime), None)

    @property
    def loosest(self) -> Terms:
        """A return is paid back in one go: on the earliest terms that any of its lines has."""
        order = ("authorized", "first_scan", "received", "inspected")
        return min(
            (line.terms for line in self.lines), key=lambda each: order.index(each.refund_on)
        )

    @property
    def until(self) -> datetime:
        """When the first window of its lines closes."""
        return min(line.windows.until for line in self.lines)

    def head(self, rma: str, kind: str, policy_version: str, now: datetime) -> dict[str, Any]:
        """The return's own row."""
        agreed = self.loosest
        by_shop = any(line.terms.return_freight_by == "shop" for line in self.lines)
        return {
            "rma": rma,
            "order_id": self.order.order_id,
            "customer_key": self.order.customer_key,
            "currency": self.order.currency,
            "requested_at_us": to_us(now),
            "kind": kind,
            "regime": self.regime,
            "policy_version": policy_version,
            "refund_within_us": agreed.refund_within // timedelta(microseconds=1),
            "refund_counts_from": agreed.refund_counts_from,
            "freight_by": "shop" if by_shop else "customer",
        }


def read_application(
    transaction: Transaction,
    order: Row[Any],
    wanted: Sequence[Wanted],
    kind: Literal["withdrawal", "return"],
    freed: Mapping[int, int] | None = None,
) -> Application:
    """Look the wanted units up; `freed` are those in other returns that are given up for it, by line of the order.

    Raises `UnknownOrderLine`, `MoreThanDelivered`, `NotDeliveredYet`, `NoWithdrawal`.
    """
    connection = transaction.connection
    ordered = orders.lines_of(connection, order.order_id)
    delivered = orders.delivered(connection, order.order_id)
    taken = Counter(repository.units_in_returns(connection, order.order_id))
    taken.subtract(freed or {})
    for each in wanted:
        _refuse_unknown_line(order.order_id, each, ordered)
        if kind == "withdrawal":
            _refuse_what_is_still_to_come(transaction, order, each, ordered, delivered)
        _refuse_what_is_not_there(connection, order.order_id, each, delivered, taken)
    last_at = _last_delivery(ordered, delivered, transaction.now)
    paid = paid_per_line(
        {
            number: LinePrice(row.quantity, row.unit_price_minor, row.discount_minor)
            for number, row in ordered.items()
        },
        order.discount_minor,
        order.shipping_minor,
    )
    flagged = _flagged(transaction, order, ordered, kind)
    again = lines_asked_again(connection, order.order_id) if kind == "return" else frozenset()
    lines = []
    for number, each in enumerate(wanted, 1):
        bought, before = ordered[each.line_no], taken.get(each.line_no, 0)
        goods = paid[each.line_no].goods_minor
        said = ReturnLine(
            line_no=number,
            order_id=order.order_id,
            order_line_no=each.line_no,
            sku=bought.sku,
            quantity=each.quantity,
            reason=each.reason,
            value_minor=of_units(goods, bought.quantity, before, each.quantity),
        )
        at_us = delivered[each.line_no].last_us
        applied = _applied(transaction, order, said, bought.exclusion, at_us, last_at, kind)
        lines.append(
            replace(
                applied,
                is_flagged=bought.sku in flagged,
                is_asked_again=each.line_no in again,
            )
        )
    return Application(order, last_at, lines)


def lacking(connection: Connection, order_id: str, wanted: Iterable[Wanted]) -> Counter[int]:
    """By line of an order: wanted units that were delivered, and are in other returns."""
    delivered = orders.delivered(connection, order_id)
    taken = repository.units_in_returns(connection, order_id)
    found: Counter[int] = Counter()
    for each in wanted:
        there = delivered[each.line_no].quantity if each.line_no in delivered else 0
        left = max(0, there - taken.get(each.line_no, 0))
        found[each.line_no] = max(0, min(each.quantity, there) - left)
    return found


def _last_delivery(
    ordered: Mapping[int, Row[Any]], delivered: Mapping[int, orders.Delivered], now: datetime
) -> datetime:
    if not orders.is_complete(ordered, delivered):
        return now
    return from_us(max(each.last_us for each in delivered.values()))


def own_order(transaction: Transaction, order_id: str, customer: str) -> Row[Any]:
    """The order, held, where it is this customer's. Raises `UnknownOrder`."""
    identity = transaction.context.identity
    customer_key = identity.known_customer_key(transaction.connection, customer)
    order = orders.lock(transaction.connection, order_id)
    if order is None or customer_key is None or order.customer_key != customer_key:
        raise UnknownOrder(order_id)
    return order


def _applied(
    transaction: Transaction,
    order: Row[Any],
    said: ReturnLine,
    exclusion: str | None,
    delivered_us: int,
    last_at: datetime,
    kind: Literal["withdrawal", "return"],
) -> AppliedLine:
    policy, zone = transaction.context.policy, transaction.context.zone
    delivered_at = from_us(delivered_us)
    open_ = windows(policy, order.country, exclusion, delivered_at, last_at, zone)
    is_granted = open_.is_granted(transaction.now)
    if kind == "withdrawal" and not is_granted:
        raise NoWithdrawal(_why_not(said, order.order_id, open_))
    agreed = terms(policy, order.country, kind, said.reason, within_regime=is_granted)
    return AppliedLine(said, exclusion, delivered_at, open_, agreed)


def _flagged(
    transaction: Transaction,
    order: Row[Any],
    ordered: Mapping[int, Row[Any]],
    kind: Literal["withdrawal", "return"],
) -> Set[str]:
    """The order's products that stand as defective, where the policy asks for a photo of such; a withdrawal needs none."""
    if kind == "withdrawal" or not transaction.context.policy.rules.evidence.flagged_defects:
        return frozenset()
    skus = {row.sku for row in ordered.values()}
    return defective(transaction.connection, skus, order.placed_at_us)


class NoWithdrawal(Conflict):
    title = "The law does not grant a withdrawal here"


def _why_not(said: ReturnLine, order_id: str, open_: Windows) -> Phrase:
    parts: dict[str, Part] = {"line": said.order_line_no or 0, "order": repr(order_id)}
    if open_.granted_until is None:
        return Phrase(
            "line {line} of order {order} cannot be withdrawn from by law; "
            "apply for a return with POST /v1/returns instead",
            parts,
        )
    return Phrase(
        "line {line} of order {order} cannot be withdrawn from after {until} UTC; "
        "apply for a return with POST /v1/returns instead",
        {**parts, "until": f"{open_.granted_until:%Y-%m-%d %H:%M}"},
    )


class NotDeliveredYet(Conflict):
    title = "Not all of this has been delivered yet"


def _refuse_unknown_line(order_id: str, wanted: Wanted, ordered: Mapping[int, Row[Any]]) -> None:
    if wanted.line_no not in ordered:
        raise UnknownOrderLine(order_id, wanted.line_no, ordered)


def _refuse_what_is_still_to_come(
    transaction: Transaction,
    order: Row[Any],
    wanted: Wanted,
    ordered: Mapping[int, Row[Any]],
    delivered: Mapping[int, orders.Delivered],
) -> None:
    """A withdrawal of goods that are not there is the law's as well, but nothing can come back: a person carries it out."""
    bought = ordered[wanted.line_no]
    there = delivered[wanted.line_no].quantity if wanted.line_no in delivered else 0
    if not there < wanted.quantity <= bought.quantity:
        return
    policy, now, zone = transaction.context.policy, transaction.now, transaction.context.zone
    open_ = windows(policy, order.country, bought.exclusion, now, now, zone)
    parts: dict[str, Part] = {"line": wanted.line_no, "order": repr(order.order_id)}
    if open_.granted_until is None:
        raise NoWithdrawal(
            Phrase(
                "line {line} of order {order} cannot be withdrawn from by law, and has not been delivered yet; "
                "ask the shop whether the parcel can be stopped",
                parts,
            )
        )
    raise NotDeliveredYet(
        Phrase(
            "line {line} of order {order}: {there} of {bought} have been delivered, and here only what was delivered can be "
            "withdrawn from. Nobody need wait for the parcel: declare it to the shop with {way}, naming the order and the "
            "customer, and a person stops the delivery and pays back; or declare it here once the goods are there",
            {
                **parts,
                "there": there,
                "bought": bought.quantity,
                "way": "POST /v1/cases (complaint)",
            },
        )
    )


def _refuse_what_is_not_there(
    connection: Connection,
    order_id: str,
    wanted: Wanted,
    delivered: Mapping[int, orders.Delivered],
    taken: Mapping[int, int],
) -> None:
    there = delivered[wanted.line_no].quantity if wanted.line_no in delivered else 0
    in_returns = taken.get(wanted.line_no, 0)
    left = max(0, there - in_returns)
    if wanted.quantity > left:
        raise MoreThanDelivered(
            Phrase(
                "line {line} of order {order}: {there} delivered, {in_returns} in other returns, "
                "so {left} can be returned, not {wanted}; {way_out}",
                {
                    "line": wanted.line_no,
                    "order": repr(order_id),
                    "there": there,
                    "in_returns": in_returns,
                    "left": left,
                    "wanted": wanted.quantity,
                    "way_out": _way_out(connection, order_id, wanted, there),
                },
            )
        )


def _way_out(connection: Connection, order_id: str, wanted: Wanted, there: int) -> Phrase:
    if not there:
        return _DELIVERED_FIRST
    rmas = repository.of_order_line(connection, order_id, wanted.line_no)
    in_the_way = [rma for rma in rmas if _can_be_cancelled(connection, rma, wanted.line_no)]
    if not in_the_way or wanted.quantity > there:
        return _FEWER
    first = ", ".join(f"POST /v1/returns/{rma}/cancellation" for rma in in_the_way)
    return Phrase(
        "to have them here instead, give them up there first with {way}; or lower the quantity",
        {"way": first},
    )


def _can_be_cancelled(connection: Connection, rma: str, order_line_no: int) -> bool:
    head = repository.find(connection, rma)
    assert head is not None  # noqa: S101  # its lines were just found
    lines = repository.lines_of(repository.rows_of(connection, rma), head).values()
    return any(
        can(line, ReturnCancelled.type, "customer")
        for line in lines
        if line.order_line_no == order_line_no
    )
