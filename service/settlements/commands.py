"""Money goes back: exactly once, whatever the provider answers, and never more than was paid.

The order to pay is a job. It is carried out outside every transaction, under a key that the provider knows again;
its answer, or its silence, is recorded in a transaction of its own.
"""

from typing import Any

from sqlalchemy import Row

from service.cases.opening import open_case
from service.domain.events import Actor, RefundFailed, RefundRequested, RefundSettled, RefundUnknown
from service.domain.events import RefundLine as EventLine
from service.domain.lifecycle import Line
from service.domain.words import FailureReason
from service.platform import jobs, log
from service.platform.clock import from_us
from service.platform.idempotency import Attempt
from service.platform.payments import NoAnswer, Payment, PaymentOrder, Payments
from service.platform.problems import Conflict, NotFound
from service.platform.unit import Context, Transaction
from service.returns.consequences import follow
from service.returns.held import SYSTEM, HeldReturn, hold
from service.settlements import refunding, repository
from service.settlements.schemas import (
    FailureBody,
    GoodwillBody,
    OtherMeansBody,
    RefundState,
    RefundView,
)

_OPEN = ("pending", "unknown")


class UnknownRefund(NotFound):
    title = "No such refund"


class RefundIsOver(Conflict):
    title = "This refund is not open any more"


class StillUnknown(jobs.NotYet):
    """The provider does not say what became of a payment: asked again later."""


class Settlements:
    """Commands and queries on refunds; each is one transaction."""

    def __init__(self, context: Context, payments: Payments) -> None:
        self._context, self._payments = context, payments

    def carry_out(self, refund_id: str) -> None:
        """Have the provider pay a refund that is open, or ask what became of it. Raises `StillUnknown`.

        May be repeated at any time: the provider knows the key.
        """
        refund = self._find(refund_id)
        if refund.state not in _OPEN:
            return
        try:
            payment = self._known(refund) or self._payments.refund(_order(refund))
        except NoAnswer as silence:
            self._note_silence(refund)
            raise StillUnknown(f"refund {refund_id}: {silence}") from silence
        if payment.state == "pending":
            raise StillUnknown(f"refund {refund_id}: the provider is still at it")
        if payment.state != "by_hand":
            self._note(refund, payment)

    def confirm(self, refund_id: str, by: Actor, attempt: Attempt | None = None) -> None:
        """Somebody paid by hand. Raises `UnknownRefund`, `RefundIsOver`."""
        with self._context.transaction(attempt, refund_id) as transaction:
            refund, held = self._hold(transaction, refund_id, _OPEN)
            refunding.settle(held, refund.refund_id, by)
            jobs.withdraw(transaction.connection, refunding.job_key(refund_id))
            follow(held)

    def fail(
        self, refund_id: str, body: FailureBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """The payment cannot be made this way. Raises `UnknownRefund`, `RefundIsOver`."""
        with self._context.transaction(attempt, refund_id) as transaction:
            refund, held = self._hold(transaction, refund_id, _OPEN)
            self._failed(held, refund, body.reason, by)
            jobs.withdraw(transaction.connection, refunding.job_key(refund_id))
            follow(held)

    def pay_otherwise(
        self, refund_id: str, body: OtherMeansBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Pay a failed refund by other means. Raises `UnknownRefund`, `RefundIsOver`."""
        with self._context.transaction(attempt, refund_id) as transaction:
            refund, held = self._hold(transaction, refund_id, ("failed",))
            parts = repository.lines_of(transaction.connection, refund_id)
            said = RefundRequested(
                rma=held.rma,
                refund_id=refund_id,
                means=body.means,
                currency=refund.currency,
                amount_minor=refund.amount_minor,
                trigger="other_means",
                due_at_us=held.due_us("refund"),
                lines=[
                    EventLine(line_no=row.line_no, amount_minor=row.amount_minor) for row in parts
                ],
            )
            held.happen(said, by, self._lines(held, refund_id))
            repository.change(
                transaction.connection,
                refund_id,
                state="pending",
                means=body.means,
                attempt=refund.attempt + 1,
                due_at_us=said.due_at_us,
            )
            refunding.pay(transaction, refund_id)
            follow(held)

    def give_goodwill(
        self, rma: str, body: GoodwillBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Pay an amount that no line carries. Raises `UnknownReturn`, `MoreThanPaid`."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            refunding.request_goodwill(held, body.amount_minor, by)
            follow(held)

    def in_state(self, state: RefundState, limit: int) -> list[RefundView]:
        """Refunds in a state, those due first."""
        with self._context.db.read() as connection:
            return [view(row) for row in repository.in_state(connection, state, limit)]

    def get(self, refund_id: str) -> RefundView:
        """Raises `UnknownRefund`."""
        return view(self._find(refund_id))

    def _find(self, refund_id: str) -> Row[Any]:
        with self._context.db.read() as connection:
            found = repository.find(connection, refund_id)
        if found is None:
            raise UnknownRefund(f"there is no refund {refund_id!r}; GET /v1/refunds shows them")
        return found

    def _hold(
        self, transaction: Transaction, refund_id: str, states: tuple[str, ...]
    ) -> tuple[Row[Any], HeldReturn]:
        """The refund as it is now, with its return held."""
        rma = self._find(refund_id).rma
        held = hold(transaction, rma)
        refund = repository.find(transaction.connection, refund_id)
        assert refund is not None  # noqa: S101  # refunds are never deleted
        if refund.state not in states:
            raise RefundIsOver(
                f"refund {refund_id} is {refund.state}; this needs one that is {' or '.join(states)}"
            )
        return refund, held

    def _known(self, refund: Row[Any]) -> Payment | None:
        """What became of a payment that may have gone through; None where it must be ordered (anew)."""
        return self._payments.find(_key(refund)) if refund.state == "unknown" else None

    def _note(self, refund: Row[Any], payment: Payment) -> None:
        with self._context.transaction() as transaction:
            held = hold(transaction, refund.rma)
            now = repository.find(transaction.connection, refund.refund_id)
            if now is None or now.state not in _OPEN or now.attempt != refund.attempt:
                self._tell_of_second_payment(held, refund, now, payment)
                return
            if payment.state == "settled":
                is_reconciled = now.state == "unknown"
                refunding.settle(held, refund.refund_id, SYSTEM, is_reconciled=is_reconciled)
            else:
                self._failed(held, now, payment.reason or "other", SYSTEM)
            follow(held)

    def _tell_of_second_payment(
        self, held: HeldReturn, refund: Row[Any], now: Row[Any] | None, payment: Payment
    ) -> None:
        """The provider paid while a person recorded something else, such as a payment by hand: somebody must look."""
        is_known = (
            now is not None and now.attempt == refund.attempt and _is_settled_by_us(held, now)
        )
        if payment.state == "settled" and not is_known:
            customer_key = held.head.customer_key
            open_case(held.transaction, "recovery", rma=held.rma, customer_key=customer_key)

    def _note_silence(self, refund: Row[Any]) -> None:
        with self._context.transaction() as transaction:
            held = hold(transaction, refund.rma)
            now = repository.find(transaction.connection, refund.refund_id)
            if now is None or now.state != "pending" or now.attempt != refund.attempt:
                return
            said = RefundUnknown(rma=held.rma, refund_id=refund.refund_id)
            held.happen(
                said,
                SYSTEM,
                self._lines(held, refund.refund_id),
                due_us={"resolution": refund.due_at_us},
            )
            repository.change(transaction.connection, refund.refund_id, state="unknown")
            follow(held)

    def _failed(
        self,
        held: HeldReturn,
        refund: Row[Any],
        reason: FailureReason,
        by: Actor,
    ) -> None:
        said = RefundFailed(rma=held.rma, refund_id=refund.refund_id, reason=reason)
        held.happen(said, by, self._lines(held, refund.refund_id))
        repository.change(held.transaction.connection, refund.refund_id, state="failed")

    def _lines(self, held: HeldReturn, refund_id: str) -> list[Line]:
        parts = repository.lines_of(held.transaction.connection, refund_id)
        return [held.line(row.line_no) for row in parts]


def _is_settled_by_us(held: HeldReturn, refund: Row[Any]) -> bool:
    """Whether another worker had the provider's answer first."""
    return any(
        RefundSettled.model_validate_json(event.data).refund_id == refund.refund_id
        for event in log.read_subject(held.transaction.connection, held.rma)
        if event.type == RefundSettled.type and event.actor_role == SYSTEM.role
    )


def view(row: Row[Any]) -> RefundView:
    settled_us = row.settled_at_us
    return RefundView(
        refund_id=row.refund_id,
        rma=row.rma,
        order_id=row.order_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        means=row.means,
        state=row.state,
        requested_at=from_us(row.requested_at_us),
        due_at=from_us(row.due_at_us),
        settled_at=None if settled_us is None else from_us(settled_us),
    )


def _key(refund: Row[Any]) -> str:
    return f"{refund.refund_id}-{refund.attempt}"


def _order(refund: Row[Any]) -> PaymentOrder:
    return PaymentOrder(
        _key(refund), refund.order_id, refund.amount_minor, refund.currency, refund.means
    )
