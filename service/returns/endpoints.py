"""`/v1/returns`: a shop's own app applies for a return and shows where it stands."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from service.edge import RetourDep, caller_with, problems
from service.orders.commands import UnknownOrder, UnknownOrderLine
from service.platform.auth import Caller
from service.platform.fields import IdempotencyKey, Rma
from service.platform.idempotency import Attempt, IdempotencyKeyReused
from service.returns.commands import MoreThanDelivered
from service.returns.queries import UnknownReturn
from service.returns.schemas import ReturnBody, ReturnView

router = APIRouter(prefix="/v1/returns", tags=["returns"])
StorefrontCaller = Annotated[Caller, Depends(caller_with("returns:write"))]
RepeatKey = Annotated[
    IdempotencyKey | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 200 printable ASCII characters of your choice, new for each application, such as a UUID; "
        "the same key with the same body gives the same return (200), with another body it is refused (409)",
        examples=["0b7c2f0e-5d0e-4a53-9a39-6a4c1f6a2a11"],
    ),
]


@router.post(
    "",
    status_code=201,
    responses={
        200: {
            "description": "Its Idempotency-Key was sent with this body before: the same return",
            "model": ReturnView,
        },
        **problems(UnknownOrder, UnknownOrderLine, MoreThanDelivered, IdempotencyKeyReused),
    },
)
def post_return(
    body: ReturnBody,
    retour: RetourDep,
    caller: StorefrontCaller,
    response: Response,
    idempotency_key: RepeatKey = None,
) -> ReturnView:
    """Apply for a return. Within policy it is authorized at once, else a reviewer decides.

    Send an `Idempotency-Key`, so that a repeated request cannot make a second return.
    """
    attempt = Attempt(caller.key_id, idempotency_key) if idempotency_key else None
    requested = retour.returns.request(body, attempt)
    response.status_code = 201 if requested.is_new else 200
    response.headers["Location"] = f"/v1/returns/{requested.rma}"
    return retour.returns.get(requested.rma)


@router.get(
    "/{rma}",
    responses=problems(UnknownReturn, has_body=False),
    dependencies=[Depends(caller_with("returns:read"))],
)
def get_return(rma: Rma, retour: RetourDep) -> ReturnView:
    """Where a return stands, what happened, what happens next, and who does it."""
    return retour.returns.get(rma)
