"""A human must decide: the review opens with an owner and a clock, within the transaction that says why."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row

from service.customers.repository import language_of
from service.domain.clocks import share_point
from service.domain.events import Actor, ReviewAssigned, ReviewOpened, Role, RuleOutcome
from service.platform import jobs, log
from service.platform.clock import from_us, to_us
from service.platform.unit import Transaction
from service.returns.held import SYSTEM, HeldReturn
from service.reviews import repository
from service.reviews.reasons import who_may_not_decide
from service.staff.picking import pick, pick_instead
from service.staff.repository import is_present


def open_review(
    held: HeldReturn, rules: Sequence[RuleOutcome], *, but: Collection[str] = ()
) -> None:
    """Say why a human must decide, and whose case it is. Lines that are still undecided come under review.

    `but` do not get it: who decided before.
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
    transaction: Transaction, rma: str, language: str, cause: str, *, but: Collection[str] = ()
) -> None:
    """Give the review to whoever should have it now; `but` do not get it."""
    load = repository.load(transaction.connection)
    reviewer = pick(transaction, "reviewer", language, load, but=but)
    hand_over(transaction, rma, reviewer, cause, SYSTEM)


def barred(transaction: Transaction, rma: str) -> frozenset[str]:
    """Who may not decide on this return: its customer asked for somebody else."""
    return who_may_not_decide(log.read_subject(transaction.connection, rma))


def relieve(transaction: Transaction, review: Row[Any]) -> None:
    """Give the review to somebody who is free and has less to do than who has it, if there is anybody. A head who is there keeps it."""
    holder, now = review.reviewer_key or "", transaction.now
    if is_present(transaction.connection, holder, "admin", now):
        return
    load, but = repository.load(transaction.connection), barred(transaction, review.rma)
    found = pick_instead(
        transaction, "reviewer", review.language, load, review.reviewer_key, but=but
    )
    if found:
        hand_over(transaction, review.rma, found, "running_late", SYSTEM)


def pass_on(transaction: Transaction, review: Row[Any], *, role: Role = "reviewer") -> bool:
    """Give the review to somebody else of this role; whether anybody is there."""
    load, but = repository.load(transaction.connection), barred(transaction, review.rma)
    found = pick(transaction, role, review.language, load, but={*but, review.reviewer_key or ""})
    if found:
        hand_over(transaction, review.rma, found, "by_hand", SYSTEM)
    return found is not None


def leave(transaction: Transaction, staff_id: str, role: Role) -> None:
    """Somebody works here no more, or in another role: what they had is others', or nobody's."""
    for review in repository.held_by(transaction.connection, staff_id):
        if not pass_on(transaction, review, role=role):
            hand_over(transaction, review.rma, None, "by_hand", SYSTEM)


def be_away(transaction: Transaction, staff_id: str, role: Role, until_us: int) -> None:
    """Somebody is absent from now on: what is due before they are back goes to others, if there are any."""
    for review in repository.held_by(transaction.connection, staff_id):
        if review.paused_since_us is None and review.due_at_us < until_us:
            pass_on(transaction, review, role=role)


def escalate(held: HeldReturn, due_us: int) -> None:
    """The time to decide is over: the head of the reviewers has it until `due_us`. Where no head is known, it stays whose it is."""
    transaction = held.transaction
    review = repository.find_open(transaction.connection, held.rma)
    if review is None:
        return
    repository.change(transaction.connection, held.rma, due_at_us=due_us)
    load, but = repository.load(transaction.connection), barred(transaction, held.rma)
    head = pick(transaction, "admin", review.language, load, but=but)
    if head:
        hand_over(transaction, held.rma, head, "running_late", SYSTEM)


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
