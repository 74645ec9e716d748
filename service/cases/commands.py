"""Complaints, suggestions and all else that needs somebody: each has an owner, a clock and an end."""

from typing import Any

from sqlalchemy import Row

from service.cases import repository
from service.cases.opening import alarm_key, open_case, set_alarm
from service.cases.schemas import CaseBody, CaseView, CloseBody, TakeBody
from service.customers.repository import language_of
from service.domain.cases import CUSTOMERS_OWN, KINDS
from service.domain.clocks import due_at
from service.domain.events import Actor, CaseAssigned, CaseClosed, CaseEscalated, Role
from service.letters.news import tell
from service.platform import jobs
from service.platform.clock import from_us, to_us
from service.platform.idempotency import Attempt
from service.platform.ids import read_rma
from service.platform.problems import Conflict, NotFound, Unacceptable
from service.platform.unit import Context, Transaction
from service.returns import repository as returns
from service.returns.applying import own_order
from service.returns.held import UnknownReturn
from service.staff.picking import pick
from service.staff.repository import is_present
from service.texts.keeping import keep

_HEAD: Role = "admin"


class UnknownCase(NotFound):
    title = "No such case"


class CaseIsClosed(Conflict):
    title = "This case is closed"


class NoSuchOutcome(Unacceptable):
    title = "A case of this kind cannot end so"


class NobodyLikeThat(Unacceptable):
    title = "No such member of staff can take this"


class Cases:
    """Commands and queries on cases; each is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def open(self, body: CaseBody, attempt: Attempt | None = None) -> str:
        """A customer brings something up; the case's id. Raises `UnknownReturn`, `UnknownOrder`."""
        case_id = self._context.ids.token("case")
        with self._context.transaction(attempt, case_id) as transaction:
            customer_key = self._customer_of(transaction, body)
            rma = read_rma(body.rma) if body.rma else None
            text_ref = keep(
                transaction, body.text, kind=body.kind, rma=rma, customer_key=customer_key
            )
            return open_case(
                transaction,
                body.kind,
                Actor("customer", customer_key),
                case_id=case_id,
                rma=rma,
                order_id=body.order_id,
                customer_key=customer_key,
                text_ref=text_ref,
            )

    def close(
        self, case_id: str, body: CloseBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """End a case. Raises `UnknownCase`, `CaseIsClosed`, `NoSuchOutcome`."""
        with self._context.transaction(attempt, case_id) as transaction:
            case = _hold(transaction, case_id)
            outcomes = KINDS[case.kind].outcomes
            if body.outcome not in outcomes:
                raise NoSuchOutcome(
                    f"case {case_id} is a {case.kind}: it can end as {', '.join(outcomes)}"
                )
            text_ref = None
            if body.answer:
                text_ref = keep(
                    transaction,
                    body.answer,
                    kind="case_answer",
                    rma=case.rma,
                    customer_key=case.customer_key,
                )
            repository.change(
                transaction.connection,
                case_id,
                closed_at_us=to_us(transaction.now),
                outcome=body.outcome,
            )
            said = CaseClosed(
                case_id=case_id,
                outcome=body.outcome,
                opened_at_us=case.opened_at_us,
                text_ref=text_ref,
            )
            event_id = transaction.emit(case_id, said, by)
            if case.kind in CUSTOMERS_OWN:
                tell(transaction, case_id, case.customer_key, [(event_id, said)])
            jobs.withdraw(transaction.connection, alarm_key(case_id))

    def take(self, case_id: str, body: TakeBody, by: Actor, attempt: Attempt | None = None) -> None:
        """Give a case to somebody, or to whoever is free. Raises `UnknownCase`, `CaseIsClosed`, `NobodyLikeThat`."""
        with self._context.transaction(attempt, case_id) as transaction:
            case = _hold(transaction, case_id)
            connection = transaction.connection
            owner = body.owner
            if owner is None:
                language = language_of(connection, case.customer_key)
                owner = pick(transaction, case.owner_role, language, repository.load(connection))
            elif not is_present(connection, owner, case.owner_role, transaction.now):
                raise NobodyLikeThat(
                    f"{owner!r} is nobody of {case.owner_role} who is present; GET /v1/staff shows who is"
                )
            repository.change(connection, case_id, owner_key=owner)
            said = CaseAssigned(case_id=case_id, owner_key=owner, cause="by_hand")
            transaction.emit(case_id, said, by)

    def open_ones(self, owner_role: str | None, limit: int) -> list[CaseView]:
        """Open cases, those due first."""
        with self._context.db.read() as connection:
            rows = repository.open_cases(connection, owner_role, limit)
            return [_view(row) for row in rows]

    def get(self, case_id: str) -> CaseView:
        """Raises `UnknownCase`."""
        with self._context.db.read() as connection:
            found = repository.find(connection, case_id)
        if found is None:
            raise UnknownCase(f"there is no case {case_id!r}; GET /v1/cases shows the open ones")
        return _view(found)

    def _customer_of(self, transaction: Transaction, body: CaseBody) -> str | None:
        if body.order_id and body.customer:
            owner = own_order(transaction, body.order_id, body.customer)
        else:
            found = returns.find(transaction.connection, read_rma(str(body.rma)))
            if found is None:
                raise UnknownReturn(read_rma(str(body.rma)))
            owner = found
        key: str | None = owner.customer_key
        return key


def escalate(transaction: Transaction, case_id: str) -> None:
    """A case's time ran out: its head takes it over, with the same time once more."""
    case = repository.lock(transaction.connection, case_id)
    if case is None or case.closed_at_us is not None:
        return
    context = transaction.context
    allowed = context.policy.hours("case")
    due = due_at(transaction.now, allowed, context.policy.calendar, context.zone)
    connection = transaction.connection
    language = language_of(connection, case.customer_key)
    owner = pick(transaction, _HEAD, language, repository.load(connection))
    repository.change(connection, case_id, owner_role=_HEAD, owner_key=owner, due_at_us=to_us(due))
    said = CaseEscalated(case_id=case_id, owner_role="admin", due_at_us=to_us(due))
    transaction.emit(case_id, said, Actor("system"))
    set_alarm(transaction, case_id, due)


def _hold(transaction: Transaction, case_id: str) -> Row[Any]:
    case = repository.lock(transaction.connection, case_id)
    if case is None:
        raise UnknownCase(f"there is no case {case_id!r}; GET /v1/cases shows the open ones")
    if case.closed_at_us is not None:
        raise CaseIsClosed(f"case {case_id} ended as {case.outcome}; open a new one if need be")
    return case


def _view(row: Row[Any]) -> CaseView:
    closed_us = row.closed_at_us
    return CaseView(
        case_id=row.case_id,
        kind=row.kind,
        rma=row.rma,
        order_id=row.order_id,
        parcel_id=row.parcel_id,
        owner_role=row.owner_role,
        owner=row.owner_key,
        opened_at=from_us(row.opened_at_us),
        due_at=from_us(row.due_at_us),
        closed_at=None if closed_us is None else from_us(closed_us),
        outcome=row.outcome,
        text_ref=row.text_ref,
    )
