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
            attempt, payment = self._ask(refund)
        except NoAnswer as silence:
            self._note_silence(refund)
            raise StillUnknown(f"refund {refund_id}: {silence}") from silence
        if payment.state == "pending":
            raise StillUnknown(f"refund {refund_id}: the provider is still at it")
        if payment.state != "by_hand":
            self._note(refund, attempt, payment)

    def ask_after(self, refund_id: str, attempt: int) -> None:
        """A person recorded what became of an attempt to pay: open a case if the provider made it too.

        May be repeated: one attempt is told once. Raises `StillUnknown`.
        """
        refund = self._find(refund_id)
        try:
            payment = self._payments.find(_key(refund, attempt))
        except NoAnswer as silence:
            raise StillUnknown(f"refund {refund_id}, attempt {attempt}: {silence}") from silence
        if payment and payment.state == "pending":
            raise StillUnknown(
                f"refund {refund_id}, attempt {attempt}: the provider is still at it"
            )
        if payment and payment.state == "settled":
            self._tell_of_doubted_payment(refund, attempt)

    def confirm(self, refund_id: str, by: Actor, attempt: Attempt | None = None) -> None:
        """Somebody paid by hand. Raises `UnknownRefund`, `RefundIsOver`."""
        with self._context.transaction(attempt, refund_id) as transaction:
            refund, held = self._hold(transaction, refund_id, _OPEN)
            refunding.settle(held, refund.refund_id, by)
            refunding.stop_paying(transaction, refund)
            follow(held)

    def fail(
        self, refund_id: str, body: FailureBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """The payment cannot be made this way. Raises `UnknownRefund`, `RefundIsOver`."""
        with self._context.transaction(attempt, refund_id) as transaction:
            refund, held = self._hold(transaction, refund_id, _OPEN)
            self._failed(held, refund, body.reason, by)
            refunding.stop_paying(transaction, refund)
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

    def _ask(self, refund: Row[Any]) -> tuple[int, Payment]:
        """What the provider says of a refund, and of which attempt: ordered (anew) only if no attempt went through."""
        if refund.state == "unknown" and (known := self._payments.find(_key(refund))):
            return refund.attempt, known
        for attempt in self._called_failed(refund) if refund.attempt > 1 else ():
            earlier = self._payments.find(_key(refund, attempt))
            if earlier and earlier.state in ("settled", "pending"):
                return attempt, earlier
        return refund.attempt, self._payments.refund(_order(refund))

    def _called_failed(self, refund: Row[Any]) -> list[int]:
        """The attempts that a person called failed, not the provider: they may have gone through."""
        with self._context.db.read() as connection:
            failed = [
                event.actor_role
                for event in log.read_subject(connection, refund.rma)
                if event.type == RefundFailed.type
                and RefundFailed.model_validate_json(event.data).refund_id == refund.refund_id
            ]
        return [attempt for attempt, role in enumerate(failed, 1) if role != SYSTEM.role]

    def _note(self, refund: Row[Any], attempt: int, payment: Payment) -> None:
        with self._context.transaction() as transaction:
            held = hold(transaction, refund.rma)
            now = repository.find(transaction.connection, refund.refund_id)
            if now is None or now.state not in _OPEN or now.attempt != refund.attempt:
                self._tell_of_second_payment(held, refund, attempt, now, payment)
                return
            if payment.state == "settled":
                _settle(held, now, attempt)
            else:
                self._failed(held, now, payment.reason or "other", SYSTEM)
            follow(held)

    def _tell_of_second_payment(
        self,
        held: HeldReturn,
        refund: Row[Any],
        attempt: int,
        now: Row[Any] | None,
        payment: Payment,
    ) -> None:
        """The provider paid while a person recorded something else, such as a payment by hand: somebody must look."""
        if payment.state == "settled" and not _is_settled_by_us(held, refund, now):
            refunding.trust(held.transaction, refund.refund_id, attempt)
            _open_recovery(held)

    def _tell_of_doubted_payment(self, refund: Row[Any], attempt: int) -> None:
        with self._context.transaction() as transaction:
            held = hold(transaction, refund.rma)
            if refunding.is_doubted(transaction, refund.refund_id, attempt):
                refunding.trust(transaction, refund.refund_id, attempt)
                _open_recovery(held)

    def _note_silence(self, refund: Row[Any]) -> None:
        with self._context.transaction() as transaction:
            held = hold(transaction, refund.rma)
            now = repository.find(transaction.connection, refund.refund_id)
            if now is None or now.state not in _OPEN or now.attempt != refund.attempt:
                if not _is_settled_by_us(held, refund, now):
                    refunding.doubt(transaction, refund.refund_id, refund.attempt)
                return
            if now.state == "unknown":
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


def _settle(held: HeldReturn, refund: Row[Any], attempt: int) -> None:
    """The provider paid a refund that is open: by the means of the attempt that went through."""
    is_late = attempt != refund.attempt
    refunding.settle(
        held,
        refund.refund_id,
        SYSTEM,
        means=_means_of(held, refund.refund_id, attempt),
        is_reconciled=is_late or refund.state == "unknown",
    )
    if is_late:
        refunding.trust(held.transaction, refund.refund_id, attempt)


def _means_of(held: HeldReturn, refund_id: str, attempt: int) -> str:
    """By which means an attempt is paid: each was requested."""
    requested = [
        RefundRequested.model_validate_json(event.data)
        for event in log.read_subject(held.transaction.connection, held.rma)
        if event.type == RefundRequested.type
    ]
    return [said.means for said in requested if said.refund_id == refund_id][attempt - 1]


def _open_recovery(held: HeldReturn) -> None:
    customer_key = held.head.customer_key
    open_case(held.transaction, "recovery", rma=held.rma, customer_key=customer_key)


def _is_settled_by_us(held: HeldReturn, refund: Row[Any], now: Row[Any] | None) -> bool:
    """Whether another worker had the provider's answer to this attempt first."""
    if now is None or now.attempt != refund.attempt:
        return False
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


def _key(refund: Row[Any], attempt: int | None = None) -> str:
    """What the provider knows an attempt by: the newest one, or this one."""
    return f"{refund.refund_id}-{attempt or refund.attempt}"


def _order(refund: Row[Any]) -> PaymentOrder:
    return PaymentOrder(
        _key(refund), refund.order_id, refund.amount_minor, refund.currency, refund.means
    )
