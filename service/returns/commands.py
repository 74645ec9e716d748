"""A customer applies for a return: within policy it is authorized at once, else a reviewer decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row

from service.domain import lifecycle
from service.domain.events import (
    Actor,
    Payload,
    ReturnAuthorized,
    ReturnLine,
    ReturnRequested,
    ReviewOpened,
    RuleOutcome,
)
from service.domain.policy import window_rule
from service.domain.risk import Assessment
from service.orders import repository as orders
from service.orders.commands import UnknownOrder, UnknownOrderLine
from service.platform.clock import from_us, to_us
from service.platform.idempotency import Attempt
from service.platform.problems import Conflict
from service.platform.unit import Context, Transaction
from service.returns import queries, repository
from service.returns.schemas import ReturnBody, ReturnView

_SYSTEM = Actor("system")


class MoreThanDelivered(Conflict):
    title = "More would come back than is there to be returned"


@dataclass(frozen=True, slots=True)
class Requested:
    """The return that an application made, or made before."""

    rma: str
    is_new: bool


class Returns:
    """Commands and queries on returns; each is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def request(self, body: ReturnBody, attempt: Attempt | None = None) -> Requested:
        """Apply for a return. Raises `UnknownOrder`, `UnknownOrderLine`, `MoreThanDelivered`, `IdempotencyKeyReused`.

        The order is held meanwhile, so that two applications for its last unit take turns. A repeated `attempt`
        gives what the first one made.
        """
        with self._context.transaction() as transaction:
            rma = self._context.ids.rma()
            if attempt and (before := self._made_before(transaction, attempt, body, rma)):
                return Requested(before, is_new=False)
            order = self._own_order(transaction, body)
            delivered = orders.delivered(transaction.connection, body.order_id)
            lines = _lines(transaction, body, delivered)
            last_us = {delivered[line.line_no].last_us for line in body.lines}
            outcomes = self._judge(sorted(last_us), transaction.now)
            assessment = self._context.risk.assess(outcomes)
            requested = ReturnRequested(
                rma=rma,
                order_id=body.order_id,
                customer_key=order.customer_key,
                currency=order.currency,
                lines=lines,
            )
            decided = _decision(rma, self._context.policy.version, assessment, outcomes)
            cause = transaction.emit(rma, requested, Actor("customer", order.customer_key))
            transaction.emit(rma, decided, _SYSTEM, causation_id=cause)
            _store(transaction, requested, _state_after(requested, decided))
            return Requested(rma, is_new=True)

    def get(self, rma: str) -> ReturnView:
        """A return as its customer may see it. Raises `UnknownReturn`."""
        return queries.view(self._context.db, rma)

    def _made_before(
        self, transaction: Transaction, attempt: Attempt, body: ReturnBody, rma: str
    ) -> str | None:
        body_hash = self._context.identity.keyed_hash("body", body.model_dump_json())
        return attempt.made_before(transaction.connection, body_hash, rma)

    def _own_order(self, transaction: Transaction, body: ReturnBody) -> Row[tuple[object, ...]]:
        customer_key = self._context.identity.known_customer_key(
            transaction.connection, body.customer
        )
        order = orders.lock(transaction.connection, body.order_id)
        if order is None or customer_key is None or order.customer_key != customer_key:
            raise UnknownOrder(body.order_id)
        return order

    def _judge(self, last_deliveries_us: Sequence[int], now: datetime) -> tuple[RuleOutcome, ...]:
        """What each rule says; lines of the same parcel share one outcome."""
        policy = self._context.policy
        return tuple(window_rule(policy, from_us(each), now) for each in last_deliveries_us)


def _lines(
    transaction: Transaction, body: ReturnBody, delivered: Mapping[int, orders.Delivered]
) -> list[ReturnLine]:
    ordered = orders.lines_of(transaction.connection, body.order_id)
    taken = repository.units_in_returns(transaction.connection, body.order_id)
    lines = []
    for number, line in enumerate(body.lines, 1):
        if line.line_no not in ordered:
            numbers = ", ".join(str(each) for each in sorted(ordered))
            raise UnknownOrderLine(
                f"order {body.order_id!r} has no line {line.line_no}; its lines are {numbers}"
            )
        there = delivered[line.line_no].quantity if line.line_no in delivered else 0
        _refuse_more_than_there(body.order_id, line.line_no, line.quantity, there, taken)
        bought = ordered[line.line_no]
        lines.append(
            ReturnLine(
                line_no=number,
                order_id=body.order_id,
                order_line_no=line.line_no,
                sku=bought.sku,
                quantity=line.quantity,
                reason=line.reason,
                value_minor=line.quantity * bought.unit_price_minor,
            )
        )
    return lines


def _refuse_more_than_there(
    order_id: str, line_no: int, quantity: int, delivered: int, taken: Mapping[int, int]
) -> None:
    in_returns = taken.get(line_no, 0)
    left = max(0, delivered - in_returns)
    if quantity > left:
        way_out = (
            "lower the quantity"
            if delivered
            else "tell of the delivery first with PUT /v1/orders/{id}/deliveries/{delivery_id}"
        )
        raise MoreThanDelivered(
            f"line {line_no} of order {order_id!r}: {delivered} delivered, {in_returns} in other returns, "
            f"so {left} can be returned, not {quantity}; {way_out}"
        )


def _decision(
    rma: str, policy_version: str, assessment: Assessment, outcomes: Sequence[RuleOutcome]
) -> ReturnAuthorized | ReviewOpened:
    rules = list(outcomes)
    if assessment.decision == "review":
        return ReviewOpened(rma=rma, policy_version=policy_version, rules=rules)
    return ReturnAuthorized(
        rma=rma,
        mode="rule",
        policy_version=policy_version,
        model_version=assessment.model_version,
        score=assessment.score,
        refund_on=assessment.refund_on,
        inspection=assessment.inspection,
        rules=rules,
    )


def _state_after(*happened: Payload) -> lifecycle.State | None:
    state: lifecycle.State | None = None
    for each in happened:
        state = lifecycle.move(state, each.type).to_state
    return state


def _store(
    transaction: Transaction, requested: ReturnRequested, state: lifecycle.State | None
) -> None:
    transaction.connection.execute(
        repository.returns.insert(),
        {
            "rma": requested.rma,
            "order_id": requested.order_id,
            "customer_key": requested.customer_key,
            "currency": requested.currency,
            "requested_at_us": to_us(transaction.now),
        },
    )
    transaction.connection.execute(
        repository.return_lines.insert(),
        [
            {
                **line.model_dump(),
                "rma": requested.rma,
                "authorization_state": state,
                "resolution_state": "open",
            }
            for line in requested.lines
        ],
    )
