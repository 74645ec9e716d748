"""The way back: customers say how, carriers tell where, after-sales ends a search."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.domain.events import Actor
from service.edge import (
    NOT_PROVEN,
    AttemptDep,
    CustomerDep,
    LanguageDep,
    RetourDep,
    acting,
    done,
    problems,
)
from service.orders.commands import InTheFuture
from service.platform.fields import Rma
from service.returns.endpoints import CHANGES
from service.returns.schemas import ReturnView
from service.shipments.commands import MethodNotOffered, NoSuchDay
from service.shipments.schemas import LossBody, PickupFailureBody, ScanBody, ScanTaken, ShipmentBody

router = APIRouter(tags=["shipments"])
CarrierDep = Annotated[Actor, Depends(acting("shipments:write"))]


@router.post(
    "/v1/returns/{rma}/shipment",
    responses=problems(*CHANGES, MethodNotOffered, NoSuchDay, *NOT_PROVEN),
)
def post_shipment(
    rma: Rma,
    body: ShipmentBody,
    retour: RetourDep,
    customer: CustomerDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Choose how the goods come: a courier, a drop-off, a carrier of one's own. It may change until they are scanned."""
    done(lambda: retour.shipments.create(rma, body, customer, attempt))
    return retour.returns.get(rma, language)


@router.post("/v1/returns/{rma}/scans", responses=problems(*CHANGES, InTheFuture))
def post_scan(
    rma: Rma, body: ScanBody, retour: RetourDep, carrier: CarrierDep, attempt: AttemptDep
) -> ScanTaken:
    """Tell that the carrier has the parcel, moved it, or handed it over."""
    done(lambda: retour.shipments.scan(rma, body, carrier, attempt))
    return ScanTaken(rma=rma)


@router.post("/v1/returns/{rma}/pickup-failure", responses=problems(*CHANGES))
def post_pickup_failure(
    rma: Rma, body: PickupFailureBody, retour: RetourDep, carrier: CarrierDep, attempt: AttemptDep
) -> ScanTaken:
    """Tell that the courier came away without the goods."""
    done(lambda: retour.shipments.fail_pickup(rma, body, carrier, attempt))
    return ScanTaken(rma=rma)


@router.post("/v1/returns/{rma}/loss", responses=problems(*CHANGES))
def post_loss(
    rma: Rma,
    body: LossBody,
    retour: RetourDep,
    by: Annotated[Actor, Depends(acting("cases:write"))],
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Give up the search for a lost parcel: the shop bears the loss."""
    done(lambda: retour.shipments.accept_loss(rma, body, by, attempt))
    return retour.returns.get(rma, language)
