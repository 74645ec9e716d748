"""`/v1/stock`: returned goods, by product and place."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.domain.events import Actor
from service.edge import AttemptDep, RetourDep, acting, caller_with, done, problems
from service.platform.fields import Sku
from service.platform.idempotency import IdempotencyKeyReused
from service.stock.commands import NotInStock
from service.stock.schemas import StockMoveBody, StockView

router = APIRouter(prefix="/v1/stock", tags=["stock"])


@router.get(
    "/{sku:own}",
    responses=problems(has_body=False),
    dependencies=[Depends(caller_with("stock:write"))],
)
def get_stock(sku: Sku, retour: RetourDep) -> list[StockView]:
    """Where returned units of a product are."""
    return retour.stock.show(sku)


@router.post("/{sku:own}/moves", responses=problems(NotInStock, IdempotencyKeyReused))
def post_move(
    sku: Sku,
    body: StockMoveBody,
    retour: RetourDep,
    by: Annotated[Actor, Depends(acting("stock:write"))],
    attempt: AttemptDep,
) -> list[StockView]:
    """Units came to a place or left it; never more than are there."""
    done(lambda: retour.stock.adjust(sku, body, by, attempt))
    return retour.stock.show(sku)
