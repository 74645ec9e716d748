"""`/v1/cases`: customers bring something up, staff follow it to its end."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from service.cases.commands import (
    CaseIsClosed,
    NobodyLikeThat,
    NobodyToWriteTo,
    NoSuchOutcome,
    UnknownCase,
)
from service.cases.schemas import (
    CaseBody,
    CaseTaken,
    CaseThread,
    CaseView,
    CloseBody,
    MessageBody,
    MessageTaken,
    TakeBody,
)
from service.domain.events import Actor, Role
from service.edge import (
    NOT_PROVEN,
    AttemptDep,
    CallerDep,
    CredentialsDep,
    CustomerTokenDep,
    RetourDep,
    acting,
    actor_of,
    caller_with,
    done,
    get_caller,
    once,
    problems,
)
from service.orders.commands import UnknownOrder
from service.platform.auth import Caller
from service.platform.fields import CaseId, Limit
from service.platform.idempotency import IdempotencyKeyReused
from service.returns.held import UnknownReturn

router = APIRouter(prefix="/v1/cases", tags=["cases"])


def reader_of_case(
    request: Request,
    case_id: CaseId,
    retour: RetourDep,
    credentials: CredentialsDep,
    token: CustomerTokenDep,
) -> Caller | None:
    """Staff, who may read any case; or None for its customer, with a token of its return or order."""
    if credentials is None and token:
        retour.customers.check_case(token, case_id)
        return None
    caller = get_caller(request, retour, credentials)
    caller.require("cases:read", "returns:own")
    if caller.may("cases:read"):
        return caller
    retour.customers.check_case(token, case_id)
    return None


def writer_on_case(
    case_id: CaseId, retour: RetourDep, caller: CallerDep, token: CustomerTokenDep
) -> Actor:
    """Staff who follow cases, in their own role; else the case's customer, through a shop's app with the token."""
    caller.require("cases:write", "returns:write")
    if caller.may("cases:write"):
        return actor_of(caller)
    retour.customers.check_case(token, case_id)
    return Actor("customer")


ReaderDep = Annotated[Caller | None, Depends(reader_of_case)]
WriterDep = Annotated[Actor, Depends(writer_on_case)]
StaffDep = Annotated[Actor, Depends(acting("cases:write"))]
_MOVES = problems(UnknownCase, CaseIsClosed, NoSuchOutcome, NobodyLikeThat, IdempotencyKeyReused)


@router.post(
    "",
    status_code=201,
    responses={
        200: {"description": "It was brought up already", "model": CaseTaken},
        **problems(UnknownReturn, UnknownOrder, IdempotencyKeyReused, *NOT_PROVEN),
    },
)
def post_case(
    body: CaseBody,
    retour: RetourDep,
    caller: CallerDep,
    token: CustomerTokenDep,
    attempt: AttemptDep,
    response: Response,
) -> CaseTaken:
    """Bring up a complaint (or an appeal), a suggestion, goods that never came, or a danger."""
    caller.require("returns:write")
    if body.rma and not caller.may("returns:read"):
        retour.customers.check_return(token, body.rma)
    case_id, is_new = once(lambda: retour.cases.open(body, attempt))
    response.status_code = 201 if is_new else 200
    return CaseTaken(case_id=case_id)


@router.get(
    "",
    responses=problems(has_body=False),
    dependencies=[Depends(caller_with("cases:read"))],
)
def get_cases(
    retour: RetourDep,
    owner_role: Annotated[
        Role | None, Query(description="those of this role alone", examples=["after_sales"])
    ] = None,
    limit: Annotated[Limit, Query()] = 100,
) -> list[CaseView]:
    """Open cases, those due first."""
    return retour.cases.open_ones(owner_role, limit)


@router.get(
    "/{case_id}",
    responses=problems(UnknownCase, *NOT_PROVEN, has_body=False),
)
def get_case(case_id: CaseId, retour: RetourDep, reader: ReaderDep) -> CaseThread:
    """A case, its owner, clocks and outcome, and what was written on it; its customer sees it with their token.

    What staff read here is noted as with `GET /v1/texts/{ref}`.
    """
    return retour.cases.thread(case_id, reader)


@router.post(
    "/{case_id}/messages",
    status_code=201,
    responses={
        200: {"description": "It was written already", "model": MessageTaken},
        **problems(UnknownCase, CaseIsClosed, NobodyToWriteTo, IdempotencyKeyReused, *NOT_PROVEN),
    },
)
def post_message(
    case_id: CaseId,
    body: MessageBody,
    retour: RetourDep,
    writer: WriterDep,
    attempt: AttemptDep,
    response: Response,
) -> MessageTaken:
    """Write to the case's customer, who gets it by letter; or, as its customer, to whoever looks after it.

    A customer's words start the clock of the first answer, unless an answer is awaited already.
    """
    message_id, is_new = once(lambda: retour.cases.write(case_id, body, writer, attempt))
    response.status_code = 201 if is_new else 200
    return MessageTaken(message_id=message_id)


@router.post("/{case_id}/closure", responses=_MOVES)
def post_closure(
    case_id: CaseId, body: CloseBody, retour: RetourDep, staff: StaffDep, attempt: AttemptDep
) -> CaseView:
    """End a case, with one of the outcomes that its kind can have."""
    done(lambda: retour.cases.close(case_id, body, staff, attempt))
    return retour.cases.get(case_id)


@router.post("/{case_id}/assignment", responses=_MOVES)
def post_assignment(
    case_id: CaseId, body: TakeBody, retour: RetourDep, staff: StaffDep, attempt: AttemptDep
) -> CaseView:
    """Give a case to a certain member of staff, or to whoever is free."""
    done(lambda: retour.cases.take(case_id, body, staff, attempt))
    return retour.cases.get(case_id)
