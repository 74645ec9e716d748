"""Complaints, suggestions and all else that needs somebody: each has an owner, a clock and an end."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from service.cases import repository
from service.cases.opening import alarm_key, note_message, open_case, withdraw_answer_alarm
from service.cases.schemas import (
    CaseBody,
    CaseThread,
    CaseView,
    CloseBody,
    MessageBody,
    MessageView,
    TakeBody,
)
from service.cases.thread import customer_of, is_customers, write
from service.customers.repository import language_of
from service.domain.cases import KINDS, OBJECTION
from service.domain.events import Actor, CaseAssigned, CaseClosed
from service.domain.words import Phrase
from service.letters.news import tell
from service.platform import jobs, texts
from service.platform.access import note_access
from service.platform.auth import Caller
from service.platform.clock import from_us, to_us
from service.platform.idempotency import Attempt
from service.platform.ids import read_rma
from service.platform.problems import Conflict, NotFound, Unacceptable
from service.platform.unit import Context, Transaction
from service.returns import objections
from service.returns import repository as returns
from service.returns.applying import own_order
from service.returns.held import UnknownReturn
from service.staff.picking import pick
from service.staff.repository import is_present
from service.texts.keeping import keep


class UnknownCase(NotFound):
    title = "No such case"

    def __init__(self, case_id: str) -> None:
        super().__init__(
            Phrase(
                "there is no case {case}; GET /v1/cases shows the open ones",
                {"case": repr(case_id)},
            )
        )


class CaseIsClosed(Conflict):
    title = "This case is closed"


class NoSuchOutcome(Unacceptable):
    title = "A case of this kind cannot end so"


class NobodyToWriteTo(Conflict):
    title = "This case has no customer"


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

    def write(
        self, case_id: str, body: MessageBody, by: Actor, attempt: Attempt | None = None
    ) -> str:
        """The case's customer writes, or one of the staff to them; the message's id.

        Raises `UnknownCase`, `CaseIsClosed`, `NobodyToWriteTo`.
        """
        message_id = self._context.ids.token("msg")
        with self._context.transaction(attempt, message_id) as transaction:
            case = _hold(transaction, case_id)
            if (customer_key := customer_of(transaction.connection, case)) is None:
                raise NobodyToWriteTo(
                    Phrase(
                        "nobody knows whose case {case} is, so nobody would read this; "
                        "find the parcel's or the order's customer first",
                        {"case": case_id},
                    )
                )
            if by.role == "customer":
                by = Actor("customer", customer_key)
            write(transaction, case, message_id, body.text, body.language, by)
        return message_id

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
            connection = transaction.connection
            is_told = is_customers(connection, case)
            customer_key = customer_of(connection, case)
            text_ref = None
            if body.answer:
                text_ref = keep(
                    transaction,
                    body.answer,
                    kind="case_answer",
                    rma=case.rma,
                    customer_key=customer_key,
                    case_id=case_id,
                )
            repository.change(
                connection,
                case_id,
                closed_at_us=to_us(transaction.now),
                outcome=body.outcome,
                answer_due_at_us=None,
            )
            said = CaseClosed(
                case_id=case_id,
                outcome=body.outcome,
                opened_at_us=case.opened_at_us,
                text_ref=text_ref,
            )
            event_id = transaction.emit(case_id, said, by)
            if is_told:
                tell(transaction, case_id, customer_key, [(event_id, said)])
            if is_told and text_ref:
                note_message(
                    transaction, self._context.ids.token("msg"), case_id, by.role, text_ref
                )
            jobs.withdraw(connection, alarm_key(case_id))
            withdraw_answer_alarm(transaction, case_id)
            if case.kind == OBJECTION and case.rma:
                objections.leave_time(transaction, case.rma)

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
            return _view(_find(connection, case_id))

    def thread(self, case_id: str, by: Caller | None) -> CaseThread:
        """A case, and what its customer and staff wrote to each other. Raises `UnknownCase`.

        `by` is a member of staff, who reads the words only with the right to texts, and each reading is noted first, or
        nothing is shown; None is the customer, who does not see whose case it is.
        """
        with self._context.db.read() as connection:
            case = _find(connection, case_id)
            rows = repository.thread(connection, case_id)
        told = self._read([row.text_ref for row in rows], by)
        view = _view(case) if by else _view(case).model_copy(update={"owner": None})
        return CaseThread(
            **view.model_dump(), messages=[_message(row, told.get(row.text_ref)) for row in rows]
        )

    def _read(self, text_refs: Sequence[str], by: Caller | None) -> dict[str, str]:
        """What these texts say to a reader, as `thread` has it."""
        if by is None:
            with self._context.db.read() as connection:
                return texts.bodies(connection, text_refs)
        if not text_refs or not by.may("texts:read"):
            return {}
        with self._context.transaction() as transaction:
            told = texts.bodies(transaction.connection, text_refs)
            for text_ref in told:
                note_access(transaction.connection, by, "text", text_ref, transaction.now)
        return told

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


def _hold(transaction: Transaction, case_id: str) -> Row[Any]:
    case = repository.lock(transaction.connection, case_id)
    if case is None:
        raise UnknownCase(case_id)
    if case.closed_at_us is not None:
        raise CaseIsClosed(
            Phrase(
                "case {case} ended as {outcome}; open a new one if need be",
                {"case": case_id, "outcome": case.outcome},
            )
        )
    return case


def _find(connection: Connection, case_id: str) -> Row[Any]:
    found = repository.find(connection, case_id)
    if found is None:
        raise UnknownCase(case_id)
    return found


def _message(row: Row[Any], text: str | None) -> MessageView:
    return MessageView(
        message_id=row.message_id,
        direction=row.direction,
        written_by=row.written_by,
        written_at=from_us(row.written_at_us),
        language=row.language,
        text_ref=row.text_ref,
        text=text,
    )


def _view(row: Row[Any]) -> CaseView:
    closed_us, answer_us = row.closed_at_us, row.answer_due_at_us
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
        answer_due_at=None if answer_us is None else from_us(answer_us),
        closed_at=None if closed_us is None else from_us(closed_us),
        outcome=row.outcome,
        text_ref=row.text_ref,
    )
