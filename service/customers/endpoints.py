"""`/v1/customer-tokens`: a shop's app proves that its customer is the one of an order."""

from fastapi import APIRouter, Depends, Response

from service.customers.commands import TooManyTries
from service.customers.schemas import CustomerToken, CustomerTokenBody
from service.edge import AttemptDep, RetourDep, caller_with, once, problems
from service.orders.commands import UnknownOrder
from service.platform.idempotency import IdempotencyKeyReused

router = APIRouter(prefix="/v1/customer-tokens", tags=["customers"])


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(caller_with("returns:own"))],
    responses={
        200: {
            "description": "This request was sent with its Idempotency-Key before: a token of the same order",
            "model": CustomerToken,
        },
        **problems(UnknownOrder, TooManyTries, IdempotencyKeyReused),
    },
)
def post_customer_token(
    body: CustomerTokenBody, retour: RetourDep, attempt: AttemptDep, response: Response
) -> CustomerToken:
    """A token for an order's customer. After five wrong tries within an hour the order is closed to all for a while."""
    order_id, is_new = once(
        lambda: retour.customers.prove(body.order_id, body.mail_sha256, attempt)
    )
    response.status_code = 201 if is_new else 200
    proof = retour.customers.order_token(order_id)
    return CustomerToken(token=proof.token, expires_at=proof.expires_at)
