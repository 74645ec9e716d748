"""A case opens, within the transaction of whatever gave rise to it: with an owner and a clock."""

from datetime import datetime

from service.cases import repository
from service.customers.repository import language_of
from service.domain.cases import KINDS, URGENT_SHARE
from service.domain.clocks import due_at
from service.domain.events import Actor, CaseKind, CaseOpened
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
    said = CaseOpened(
        case_id=case_id,
        kind=kind,
        rma=rma,
        order_id=order_id,
        owner_role=owner,
        owner_key=owner_key,
        due_at_us=to_us(due),
        text_ref=text_ref,
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


def _due(transaction: Transaction, kind: CaseKind) -> datetime:
    policy, zone = transaction.context.policy, transaction.context.zone
    allowed = policy.hours("case")
    if KINDS[kind].is_urgent:
        return transaction.now + allowed / URGENT_SHARE
    return due_at(transaction.now, allowed, policy.calendar, zone)
