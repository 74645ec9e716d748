"""`/v1/cases`: customers bring something up, staff follow it to its end."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from service.cases.commands import CaseIsClosed, NobodyLikeThat, NoSuchOutcome, UnknownCase
from service.cases.schemas import CaseBody, CaseTaken, CaseView, CloseBody, TakeBody
from service.domain.events import Actor, Role
from service.edge import (
    NOT_PROVEN,
    AttemptDep,
    CallerDep,
    CustomerTokenDep,
    RetourDep,
    acting,
    caller_with,
    done,
    once,
    problems,
)
from service.orders.commands import UnknownOrder
from service.platform.fields import CaseId, Limit
from service.platform.idempotency import IdempotencyKeyReused
from service.returns.held import UnknownReturn

router = APIRouter(prefix="/v1/cases", tags=["cases"])
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
    responses=problems(UnknownCase, has_body=False),
    dependencies=[Depends(caller_with("cases:read"))],
)
def get_case(case_id: CaseId, retour: RetourDep) -> CaseView:
    """A case, its owner, clock and outcome."""
    return retour.cases.get(case_id)


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
