"""What customer and staff write to each other on a case, within the transaction of whatever they do."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from service.cases import repository
from service.cases.opening import due_of, note_message, set_answer_alarm, withdraw_answer_alarm
from service.domain.cases import CUSTOMERS_OWN, answer_due
from service.domain.events import Actor, Direction, MessageWritten
from service.domain.words import Language
from service.letters.news import tell
from service.platform.clock import from_us, to_us
from service.platform.unit import Transaction
from service.returns import repository as returns
from service.texts.keeping import keep


def write(
    transaction: Transaction,
    case: Row[Any],
    message_id: str,
    text: str,
    language: Language | None,
    by: Actor,
) -> None:
    """Keep a message of the case's customer, or of one of the staff to them; the answer's clock starts or ends."""
    direction: Direction = "from_customer" if by.role == "customer" else "to_customer"
    customer_key = customer_of(transaction.connection, case)
    text_ref = keep(
        transaction,
        text,
        kind="case_message",
        rma=case.rma,
        customer_key=customer_key,
        case_id=case.case_id,
        language=language,
    )
    due = answer_due(direction, _answer_due(case), due_of(transaction, "first_response"))
    said = MessageWritten(
        message_id=message_id,
        case_id=case.case_id,
        rma=case.rma,
        direction=direction,
        written_by=by.role,
        language=language,
        text_ref=text_ref,
        answer_due_at_us=None if due is None else to_us(due),
    )
    note_message(transaction, message_id, case.case_id, by.role, text_ref, language)
    repository.change(transaction.connection, case.case_id, answer_due_at_us=said.answer_due_at_us)
    event_id = transaction.emit(case.case_id, said, by)
    tell(transaction, case.case_id, customer_key, [(event_id, said)])
    if due is None:
        withdraw_answer_alarm(transaction, case.case_id)
    else:
        set_answer_alarm(transaction, case.case_id, due)


def customer_of(connection: Connection, case: Row[Any]) -> str | None:
    """Whom a case is about, as a token: its own customer, else that of its return; None where nobody is known."""
    key: str | None = case.customer_key
    if key is None and case.rma and (found := returns.find(connection, case.rma)):
        key = found.customer_key
    return key


def is_customers(connection: Connection, case: Row[Any]) -> bool:
    """Whether the customer knows of a case: they brought it up, or were written to on it."""
    return case.kind in CUSTOMERS_OWN or repository.messages(connection, case.case_id) > 0


def _answer_due(case: Row[Any]) -> datetime | None:
    due_us = case.answer_due_at_us
    return None if due_us is None else from_us(due_us)
