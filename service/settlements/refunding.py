"""How much goes back, and the order to pay it: within the transaction that says that it is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from service.cases.opening import open_once
from service.domain.clocks import due_at
from service.domain.events import Actor, RefundLine, RefundRequested, RefundSettled, Trigger
from service.domain.lifecycle import Line
from service.domain.money import LinePrice, Paid, paid_per_line, refund_amount
from service.orders import repository as orders
from service.platform import jobs
from service.platform.clock import from_us, to_us
from service.platform.problems import Conflict
from service.platform.unit import Transaction
from service.receiving.repository import last_received_us
from service.returns import repository as returns
from service.returns.held import SYSTEM, HeldReturn
from service.settlements import repository

ORIGINAL_MEANS = "original"


class MoreThanPaid(Conflict):
    title = "More would go back than was paid"


@dataclass(slots=True)
class Account:
    """What an order's customer paid, and what of it went back; held until the transaction ends.

    `units` of each line are paid back; `excess_units` are those beyond what was bought, for which nothing goes back.
    `goodwill_minor` is what went back as such, and `cut_minor` what lines carry and do not get for it.
    """

    paid_minor: int
    refunded_minor: int
    goodwill_minor: int
    lines: dict[int, tuple[LinePrice, Paid]]
    units: dict[int, int]
    excess_units: int = 0
    cut_minor: int = 0

    @property
    def left_minor(self) -> int:
        return max(0, self.paid_minor - self.refunded_minor)

    @property
    def is_out_of_order(self) -> bool:
        """Whether somebody must see to it: units come back twice, or goodwill and refunds are more than was paid."""
        return bool(self.excess_units or self.cut_minor) or self.refunded_minor > self.paid_minor

    def amount(
        self,
        line: Line,
        offer_percent: int = 100,
        *,
        at_most_minor: int | None = None,
        is_by_law: bool,
    ) -> int:
        """What the next units of a line carry, or what was agreed on; they count as refunded from then on.

        Units beyond what was bought carry nothing: a fact is not refused for being too much. Goodwill that went before is
        counted against a line, but not where the law has the refund.
        """
        if line.order_line_no is None:
            return 0
        price, paid = self.lines[line.order_line_no]
        before = min(self.units.get(line.order_line_no, 0), price.quantity)
        units = min(line.quantity, price.quantity - before)
        self.units[line.order_line_no] = before + units
        self.excess_units += line.quantity - units
        amount = refund_amount(
            paid,
            price.quantity,
            before,
            units,
            line.fee_percent,
            line.refunds_shipping,
            offer_percent,
        )
        agreed_minor = amount if at_most_minor is None else at_most_minor
        owed_minor = min(amount, agreed_minor)
        of_lines_minor = max(0, self.paid_minor - self.refunded_minor + self.goodwill_minor)
        amount = min(owed_minor, of_lines_minor if is_by_law else self.left_minor)
        self.cut_minor += owed_minor - amount
        self.refunded_minor += amount
        return amount


def account_of(transaction: Transaction, order_id: str) -> Account:
    """The money of an order, held: whoever else wants to refund of it waits."""
    order = orders.lock(transaction.connection, order_id)
    assert order is not None  # noqa: S101  # a return of this order exists
    bought = orders.lines_of(transaction.connection, order_id)
    prices = {
        number: LinePrice(row.quantity, row.unit_price_minor, row.discount_minor)
        for number, row in bought.items()
    }
    paid = paid_per_line(prices, order.discount_minor, order.shipping_minor)
    back = repository.refunded(transaction.connection, order_id)
    return Account(
        sum(each.goods_minor + each.shipping_minor for each in paid.values()),
        back.amount_minor,
        back.goodwill_minor,
        {number: (prices[number], paid[number]) for number in prices},
        dict(back.units),
    )


def offer(held: HeldReturn, line: Line, percent: int) -> int:
    """What would go back for these units at this percent."""
    if not percent or held.head.order_id is None:
        return 0
    account = account_of(held.transaction, held.head.order_id)
    return account.amount(line, percent, is_by_law=_is_by_law(held))


def request(held: HeldReturn, lines: Sequence[Line], trigger: Trigger) -> None:
    """Order the refund of these lines: one payment. What does not agree with what was paid before is a case."""
    amounts, is_out_of_order = _amounts(held, lines)
    if is_out_of_order:
        open_once(held.transaction, "recovery", held.rma, held.head.customer_key)
    _order(held, list(zip(lines, amounts, strict=True)), sum(amounts), trigger)


def request_goodwill(held: HeldReturn, amount_minor: int, by: Actor) -> None:
    """Order a payment that no line carries. What open returns are owed by law is kept for them. Raises `MoreThanPaid`."""
    order_id, connection = held.head.order_id, held.transaction.connection
    left = account_of(held.transaction, order_id).left_minor if order_id else 0
    owed = min(left, returns.owed_by_law(connection, order_id)) if order_id else 0
    if amount_minor > left - owed:
        besides = f", besides {owed} that the law has for open returns" if owed else ""
        raise MoreThanPaid(
            f"of order {order_id!r} {left - owed} are left to be refunded{besides}, not {amount_minor} "
            f"(minor units of {held.head.currency}); lower the amount"
        )
    _order(held, [], amount_minor, "goodwill", by)


def _is_by_law(held: HeldReturn) -> bool:
    return held.head.regime is not None


def _amounts(held: HeldReturn, lines: Sequence[Line]) -> tuple[list[int], bool]:
    """What each line carries, and whether it does not agree with what was paid before."""
    if held.head.order_id is None:
        return [line.value_minor for line in lines], False
    account = account_of(held.transaction, held.head.order_id)
    amounts = [
        account.amount(
            line,
            at_most_minor=line.offer_minor if line.resolution == "refund_agreed" else None,
            is_by_law=_is_by_law(held),
        )
        for line in lines
    ]
    return amounts, account.is_out_of_order


def _order(
    held: HeldReturn,
    parts: Sequence[tuple[Line, int]],
    amount_minor: int,
    trigger: Trigger,
    by: Actor = SYSTEM,
) -> None:
    context, connection = held.transaction.context, held.transaction.connection
    refund_id, due_us = context.ids.token("rfd"), _due_us(held, trigger)
    said = RefundRequested(
        rma=held.rma,
        refund_id=refund_id,
        means=ORIGINAL_MEANS,
        currency=held.head.currency,
        amount_minor=amount_minor,
        trigger=trigger,
        due_at_us=due_us,
        lines=[RefundLine(line_no=line.line_no, amount_minor=minor) for line, minor in parts],
    )
    repository.insert(
        connection,
        {
            "refund_id": refund_id,
            "rma": held.rma,
            "order_id": held.head.order_id,
            "currency": held.head.currency,
            "amount_minor": amount_minor,
            "means": ORIGINAL_MEANS,
            "trigger": trigger,
            "state": "pending",
            "attempt": 1,
            "requested_at_us": to_us(held.now),
            "due_at_us": due_us,
        },
        [
            {
                "refund_id": refund_id,
                "line_no": line.line_no,
                "order_line_no": line.order_line_no,
                "units": line.quantity,
                "amount_minor": minor,
            }
            for line, minor in parts
        ],
    )
    held.happen(said, by, [line for line, _ in parts], due_us={"resolution": due_us})
    if not parts:
        watch(held.transaction, refund_id, due_us)  # no line's clock watches over it
    if amount_minor:
        pay(held.transaction, refund_id)
    else:
        settle(held, refund_id, SYSTEM, means="none")


def job_key(refund_id: str) -> str:
    return f"refund:{refund_id}"


def watch(transaction: Transaction, refund_id: str, due_us: int) -> None:
    """Look at a refund again when it should have been paid."""
    context = transaction.context
    job = jobs.Job("refund_deadline", refund_id, from_us(due_us), key=f"refund_due:{refund_id}")
    jobs.put(transaction.connection, job, context.ids, transaction.now)


def call_somebody_if_late(transaction: Transaction, refund_id: str) -> None:
    """Money that no line carries was not paid in time: a case is open until it was, and it is looked at again."""
    refund = repository.find(transaction.connection, refund_id)
    if refund is None or refund.state == "settled":
        return
    head = returns.find(transaction.connection, refund.rma)
    open_once(transaction, "stalled", refund.rma, head.customer_key if head else None)
    again = transaction.now + transaction.context.policy.hours("refund")
    watch(transaction, refund_id, to_us(again))


def pay(transaction: Transaction, refund_id: str) -> None:
    """Have the worker carry the payment out."""
    order = jobs.Job("refund", refund_id, transaction.now, key=job_key(refund_id))
    jobs.put(transaction.connection, order, transaction.context.ids, transaction.now)


def stop_paying(transaction: Transaction, refund: Row[Any]) -> None:
    """A person recorded what became of a refund: it is ordered no more, but asked after where it may have gone through."""
    key = job_key(refund.refund_id)
    if refund.state == "unknown" or jobs.is_there(transaction.connection, key):
        doubt(transaction, refund.refund_id, refund.attempt)
    jobs.withdraw(transaction.connection, key)


def doubt(transaction: Transaction, refund_id: str, attempt: int) -> None:
    """Have the worker ask until it knows whether the provider made an attempt that a person recorded otherwise."""
    soon = transaction.now + jobs.pause(1)
    key = _doubt_key(refund_id, attempt)
    job = jobs.Job("refund_doubt", refund_id, soon, {"attempt": attempt}, key)
    jobs.put(transaction.connection, job, transaction.context.ids, transaction.now)


def is_doubted(transaction: Transaction, refund_id: str, attempt: int) -> bool:
    return jobs.is_there(transaction.connection, _doubt_key(refund_id, attempt))


def trust(transaction: Transaction, refund_id: str, attempt: int) -> None:
    """What became of an attempt is known and told: it is not asked after any more."""
    jobs.withdraw(transaction.connection, _doubt_key(refund_id, attempt))


def _doubt_key(refund_id: str, attempt: int) -> str:
    return f"refund_doubt:{refund_id}-{attempt}"


def settle(
    held: HeldReturn,
    refund_id: str,
    by: Actor,
    *,
    means: str | None = None,
    is_reconciled: bool = False,
) -> None:
    """The money went back."""
    connection = held.transaction.connection
    refund = repository.find(connection, refund_id)
    assert refund is not None  # noqa: S101  # the caller just found it
    parts = repository.lines_of(connection, refund_id)
    said = RefundSettled(
        rma=held.rma,
        means=means or refund.means,
        currency=refund.currency,
        amount_minor=refund.amount_minor,
        lines=[RefundLine(line_no=row.line_no, amount_minor=row.amount_minor) for row in parts],
        refund_id=refund_id,
        is_reconciled=is_reconciled,
    )
    held.happen(said, by, [held.line(row.line_no) for row in parts])
    repository.change(
        connection,
        refund_id,
        state="settled",
        means=said.means,
        settled_at_us=to_us(held.now),
    )


def _due_us(held: HeldReturn, trigger: Trigger) -> int:
    """Until when the money must have gone back: as the return's terms have told its customer, in hours of every day. Of goodwill,
    which nobody was told of, and of returns from before there were terms, it is the policy's hours from now.

    Where the terms count from the declaration, they may be over before goods are sent that the money waits for. A receipt
    that was told to be earlier than the application counts from that.
    """
    head, context = held.head, held.transaction.context
    now_us = to_us(held.now)
    allowed = context.policy.hours("refund")
    from_now_us = to_us(due_at(held.now, allowed, context.policy.calendar, context.zone))
    if head.refund_within_us is None or trigger == "goodwill":
        return from_now_us
    if head.refund_counts_from == "trigger":
        return int(now_us + head.refund_within_us)
    received_us = last_received_us(held.transaction.connection, held.rma) or now_us
    if head.refund_counts_from == "request" or received_us < head.requested_at_us:
        due_us = int(head.requested_at_us + head.refund_within_us)
        return due_us if due_us > now_us else from_now_us
    return int(received_us + head.refund_within_us)
