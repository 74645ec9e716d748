"""`/v1/orders`: the shop's systems tell of orders and deliveries."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from service.domain.events import Actor
from service.edge import (
    NOT_PROVEN,
    LanguageDep,
    RetourDep,
    caller_with,
    customer_of_order,
    problems,
)
from service.orders.commands import (
    BeforeItsOrder,
    DeliveryDiffers,
    InTheFuture,
    MoreThanOrdered,
    OrderDiffers,
    UnknownOrder,
    UnknownOrderLine,
)
from service.orders.eligibility import EligibilityView
from service.orders.schemas import DeliveryBody, DeliveryTaken, OrderBody, OrderTaken
from service.platform.auth import Caller
from service.platform.fields import DeliveryId, OrderId

router = APIRouter(prefix="/v1/orders", tags=["orders"])
ShopCaller = Annotated[Caller, Depends(caller_with("orders:write"))]


@router.put(
    "/{order_id:own}",
    status_code=201,
    responses={
        200: {"description": "It was known already", "model": OrderTaken},
        **problems(OrderDiffers, InTheFuture),
    },
)
def put_order(
    order_id: OrderId,
    body: OrderBody,
    retour: RetourDep,
    caller: ShopCaller,
    response: Response,
) -> OrderTaken:
    """Tell of an order. Telling it again as it was is harmless (200); with another content it is refused (409)."""
    is_new = retour.orders.place(order_id, body, Actor("shop", caller.key_id))
    response.status_code = 201 if is_new else 200
    return OrderTaken(order_id=order_id, is_new=is_new)


@router.get(
    "/{order_id:own}/eligibility",
    responses=problems(UnknownOrder, *NOT_PROVEN, has_body=False),
    dependencies=[Depends(customer_of_order)],
)
def get_eligibility(order_id: OrderId, retour: RetourDep, language: LanguageDep) -> EligibilityView:
    """What of an order may come back, until when, on which conditions, and when the money would come; and if not, why.

    A shop's app sends its customer's token of this order (`POST /v1/customer-tokens`).
    """
    return retour.orders.eligibility(order_id, language)


@router.put(
    "/{order_id:own}/deliveries/{delivery_id:own}",
    status_code=201,
    responses={
        200: {"description": "It was known already", "model": DeliveryTaken},
        **problems(
            UnknownOrder,
            UnknownOrderLine,
            DeliveryDiffers,
            BeforeItsOrder,
            MoreThanOrdered,
            InTheFuture,
        ),
    },
)
def put_delivery(
    order_id: OrderId,
    delivery_id: DeliveryId,
    body: DeliveryBody,
    retour: RetourDep,
    caller: ShopCaller,
    response: Response,
) -> DeliveryTaken:
    """Tell of a parcel that reached its customer: from then on its units can be returned."""
    is_new = retour.orders.deliver(order_id, delivery_id, body, Actor("shop", caller.key_id))
    response.status_code = 201 if is_new else 200
    return DeliveryTaken(order_id=order_id, delivery_id=delivery_id, is_new=is_new)
