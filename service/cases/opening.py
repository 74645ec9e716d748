"""A case opens, within the transaction of whatever gave rise to it: with an owner and a clock."""

from datetime import datetime

from service.cases import repository
from service.customers.repository import language_of
from service.domain.cases import KINDS, URGENT_SHARE
from service.domain.clocks import ClockName, due_at
from service.domain.events import Actor, CaseKind, CaseOpened, Direction, Role
from service.domain.words import Language
from service.letters.news import tell
from service.platform import jobs
from service.platform.clock import to_us
from service.platform.unit import Transaction
from service.staff.picking import pick

SYSTEM = Actor("system")


def open_case(
    transaction: Transaction,
    kind: CaseKind,
    by: Actor = SYSTEM,
    *,
    case_id: str | None = None,
    rma: str | None = None,
    order_id: str | None = None,
    parcel_id: str | None = None,
    customer_key: str | None = None,
    text_ref: str | None = None,
) -> str:
    """Open a case; its id."""
    connection, ids = transaction.connection, transaction.context.ids
    case_id, due = case_id or ids.token("case"), _due(transaction, kind)
    language = language_of(connection, customer_key)
    owner = KINDS[kind].owner
    owner_key = pick(transaction, owner, language, repository.load(connection))
    answer_due = due_of(transaction, "first_response") if by.role == "customer" else None
    said = CaseOpened(
        case_id=case_id,
        kind=kind,
        rma=rma,
        order_id=order_id,
        owner_role=owner,
        owner_key=owner_key,
        due_at_us=to_us(due),
        text_ref=text_ref,
        answer_due_at_us=None if answer_due is None else to_us(answer_due),
    )
    repository.insert(
        connection,
        {
            **said.model_dump(),
            "parcel_id": parcel_id,
            "customer_key": customer_key,
            "opened_at_us": to_us(transaction.now),
        },
    )
    event_id = transaction.emit(case_id, said, by)
    tell(transaction, case_id, customer_key, [(event_id, said)])
    set_alarm(transaction, case_id, due)
    if answer_due:
        set_answer_alarm(transaction, case_id, answer_due)
    if answer_due and text_ref:
        note_message(transaction, ids.token("msg"), case_id, by.role, text_ref)
    return case_id


def open_once(transaction: Transaction, kind: CaseKind, rma: str, customer_key: str | None) -> None:
    """Open a case of a return, unless one of this kind is open."""
    if not repository.has_open(transaction.connection, rma, kind):
        open_case(transaction, kind, rma=rma, customer_key=customer_key)


def alarm_key(case_id: str) -> str:
    return f"case:{case_id}"


def set_alarm(transaction: Transaction, case_id: str, due: datetime) -> None:
    alarm = jobs.Job("case_deadline", case_id, due, key=alarm_key(case_id))
    jobs.put(transaction.connection, alarm, transaction.context.ids, transaction.now)


def withdraw_answer_alarm(transaction: Transaction, case_id: str) -> None:
    """Nobody waits for an answer any more."""
    jobs.withdraw(transaction.connection, _answer_alarm_key(case_id))


def set_answer_alarm(transaction: Transaction, case_id: str, due: datetime) -> None:
    alarm = jobs.Job("case_answer_deadline", case_id, due, key=_answer_alarm_key(case_id))
    jobs.put(transaction.connection, alarm, transaction.context.ids, transaction.now)


def note_message(
    transaction: Transaction,
    message_id: str,
    case_id: str,
    written_by: Role,
    text_ref: str,
    language: Language | None = None,
) -> None:
    """Note that a text belongs to what customer and staff wrote to each other on a case."""
    direction: Direction = "from_customer" if written_by == "customer" else "to_customer"
    row = {
        "message_id": message_id,
        "case_id": case_id,
        "direction": direction,
        "written_by": written_by,
        "language": language,
        "text_ref": text_ref,
        "written_at_us": to_us(transaction.now),
    }
    repository.insert_message(transaction.connection, row)


def due_of(transaction: Transaction, clock: ClockName) -> datetime:
    """When a clock that starts now will have run out."""
    policy, zone = transaction.context.policy, transaction.context.zone
    return due_at(transaction.now, policy.hours(clock), policy.calendar, zone)


def _answer_alarm_key(case_id: str) -> str:
    return f"case_answer:{case_id}"


def _due(transaction: Transaction, kind: CaseKind) -> datetime:
    if KINDS[kind].is_urgent:
        return transaction.now + transaction.context.policy.hours("case") / URGENT_SHARE
    return due_of(transaction, "case")
