"""A human must decide: the review opens with an owner and a clock, within the transaction that says why."""

from collections.abc import Sequence

from service.customers.repository import language_of
from service.domain.clocks import share_point
from service.domain.events import Actor, ReviewAssigned, ReviewOpened, RuleOutcome
from service.platform import jobs
from service.platform.clock import from_us, to_us
from service.platform.unit import Transaction
from service.returns.held import SYSTEM, HeldReturn
from service.reviews import repository
from service.staff.picking import pick


def open_review(held: HeldReturn, rules: Sequence[RuleOutcome], *, but: str | None = None) -> None:
    """Say why a human must decide, and whose case it is. Lines that are still undecided come under review.

    `but` does not get it: who decided before.
    """
    due_us = held.due_us("review")
    said = ReviewOpened(
        rma=held.rma,
        policy_version=held.transaction.context.policy.version,
        rules=list(rules),
        due_at_us=due_us,
    )
    lines = held.able("review.opened", SYSTEM)
    held.happen(said, SYSTEM, lines, due_us={"authorization": due_us})
    language = language_of(held.transaction.connection, held.head.customer_key)
    repository.open_anew(
        held.transaction.connection,
        {
            "rma": held.rma,
            "language": language,
            "opened_at_us": to_us(held.now),
            "due_at_us": due_us,
            "paused_us": 0,
        },
    )
    assign(held.transaction, held.rma, language, "opened", but=but)
    warn(held.transaction, held.rma, to_us(held.now), due_us)


def assign(
    transaction: Transaction, rma: str, language: str, cause: str, *, but: str | None = None
) -> None:
    """Give the review to whoever should have it now."""
    load = repository.load(transaction.connection)
    reviewer = pick(transaction, "reviewer", language, load, but=but)
    hand_over(transaction, rma, reviewer, cause, SYSTEM)


def hand_over(
    transaction: Transaction, rma: str, reviewer: str | None, cause: str, by: Actor
) -> None:
    repository.change(transaction.connection, rma, reviewer_key=reviewer)
    said = ReviewAssigned.model_validate({"rma": rma, "reviewer_key": reviewer, "cause": cause})
    transaction.emit(rma, said, by)


def warning_key(rma: str) -> str:
    return f"review_warning:{rma}"


def warn(transaction: Transaction, rma: str, opened_us: int, due_us: int) -> None:
    """Look again when most of the time is used up: somebody who is free may take it over."""
    context = transaction.context
    policy = context.policy
    point = share_point(
        from_us(opened_us), from_us(due_us), policy.clocks.warn_at, policy.calendar, context.zone
    )
    job = jobs.Job("review_warning", rma, point, key=warning_key(rma))
    jobs.put(transaction.connection, job, context.ids, transaction.now)


def close_review(transaction: Transaction, rma: str) -> None:
    """Nobody needs to decide any more."""
    repository.change(transaction.connection, rma, closed_at_us=to_us(transaction.now))
    jobs.withdraw(transaction.connection, warning_key(rma))
