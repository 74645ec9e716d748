"""`/v1/products`: the shop's systems tell of products."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.catalog.schemas import ProductBody, ProductTaken
from service.domain.events import Actor
from service.edge import RetourDep, caller_with, problems
from service.platform.auth import Caller
from service.platform.fields import Sku

router = APIRouter(prefix="/v1/products", tags=["products"])
ShopCaller = Annotated[Caller, Depends(caller_with("products:write"))]


@router.put("/{sku:own}", responses=problems())
def put_product(sku: Sku, body: ProductBody, retour: RetourDep, caller: ShopCaller) -> ProductTaken:
    """Tell of a product, or tell anew: the newest word counts."""
    is_changed = retour.catalog.put(sku, body, Actor("shop", caller.key_id))
    return ProductTaken(sku=sku, is_changed=is_changed)
