"""`/v1/returns`: a shop's own app applies for a return and shows where it stands."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response

from service.edge import RetourDep, caller_with, problems
from service.platform.auth import Caller
from service.platform.fields import IdempotencyKey, Ref
from service.platform.idempotency import Attempt
from service.returns.schemas import ReturnBody, ReturnView

router = APIRouter(prefix="/v1/returns", tags=["returns"])
Applicant = Annotated[Caller, Depends(caller_with("returns:write"))]
Key = Annotated[
    IdempotencyKey | None,
    Header(
        description="a name that you give this application; send it again with the same name after a lost answer",
        examples=["cart-4711-return-1"],
    ),
]
Rma = Annotated[
    Ref,
    Path(
        description="the return's number, as POST /v1/returns gave it",
        examples=["R7K3M9-QX2VB-C"],
    ),
]


@router.post(
    "",
    status_code=201,
    responses={
        200: {"description": "It was applied for already", "model": ReturnView},
        **problems(404, 409),
    },
)
def post_return(
    body: ReturnBody,
    retour: RetourDep,
    caller: Applicant,
    response: Response,
    idempotency_key: Key = None,
) -> ReturnView:
    """Apply for a return. Within policy it is authorized at once, else a reviewer decides."""
    attempt = Attempt(caller.key_id, idempotency_key) if idempotency_key else None
    requested = retour.returns.request(body, attempt)
    response.status_code = 201 if requested.is_new else 200
    response.headers["Location"] = f"/v1/returns/{requested.rma}"
    return retour.returns.get(requested.rma)


@router.get("/{rma}", responses=problems(404), dependencies=[Depends(caller_with("returns:read"))])
def get_return(rma: Rma, retour: RetourDep) -> ReturnView:
    """Where a return stands, what happened, what happens next, and who does it."""
    return retour.returns.get(rma)
