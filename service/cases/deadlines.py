"""Nobody closed a case in time, or answered its customer: the head takes it over, with the same time once more."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row

from service.cases import repository
from service.cases.opening import due_of, set_alarm, set_answer_alarm
from service.customers.repository import language_of
from service.domain.events import Actor, CaseEscalated, Role
from service.platform.clock import to_us
from service.platform.unit import Transaction
from service.staff.picking import pick

_HEAD: Role = "admin"


def escalate(transaction: Transaction, case_id: str) -> None:
    """A case's time to be closed ran out."""
    case = repository.lock(transaction.connection, case_id)
    if case is None or case.closed_at_us is not None:
        return
    due = due_of(transaction, "case")
    repository.change(transaction.connection, case_id, due_at_us=to_us(due))
    _hand_to_head(transaction, case, "case", due)
    set_alarm(transaction, case_id, due)


def escalate_unanswered(transaction: Transaction, case_id: str) -> None:
    """The time to answer a case's customer ran out; nothing where they were answered, or wait for something else, meanwhile."""
    case = repository.lock(transaction.connection, case_id)
    if case is None or case.answer_due_at_us is None:
        return
    if case.answer_due_at_us > to_us(transaction.now):
        return
    due = due_of(transaction, "first_response")
    repository.change(transaction.connection, case_id, answer_due_at_us=to_us(due))
    _hand_to_head(transaction, case, "first_response", due)
    set_answer_alarm(transaction, case_id, due)


def _hand_to_head(
    transaction: Transaction,
    case: Row[Any],
    clock: Literal["case", "first_response"],
    due: datetime,
) -> None:
    connection = transaction.connection
    language = language_of(connection, case.customer_key)
    owner = pick(transaction, _HEAD, language, repository.load(connection))
    repository.change(connection, case.case_id, owner_role=_HEAD, owner_key=owner)
    said = CaseEscalated(
        case_id=case.case_id,
        owner_role=_HEAD,
        owner_key=owner,
        due_at_us=to_us(due),
        clock=clock,
    )
    transaction.emit(case.case_id, said, Actor("system"))
