"""The dock: parcels, inspections, where goods go."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from service.domain.events import Actor
from service.edge import AttemptDep, LanguageDep, RetourDep, acting, done, once, problems
from service.orders.commands import InTheFuture
from service.platform.fields import ParcelId, PathLineNo, Rma
from service.platform.idempotency import IdempotencyKeyReused
from service.receiving.commands import (
    FindingsDoNotAddUp,
    GradeMissing,
    LooksTooShallow,
    UnknownParcel,
)
from service.receiving.schemas import (
    InspectionBody,
    MatchBody,
    ParcelBody,
    ParcelTaken,
    PlaceBody,
    SentBackBody,
)
from service.returns.endpoints import CHANGES
from service.returns.held import UnknownReturn, UnknownReturnLine
from service.returns.schemas import ReturnView

router = APIRouter(tags=["receiving"])
DockDep = Annotated[Actor, Depends(acting("receiving:write"))]


@router.post(
    "/v1/parcels",
    status_code=201,
    responses={
        200: {"description": "It was recorded already", "model": ParcelTaken},
        **problems(UnknownReturnLine, InTheFuture, IdempotencyKeyReused),
    },
)
def post_parcel(
    body: ParcelBody, retour: RetourDep, dock: DockDep, attempt: AttemptDep, response: Response
) -> ParcelTaken:
    """Take in a parcel that lies on the dock, whosever it is and whatever state its return is in."""
    parcel_id, is_new = once(lambda: retour.receiving.receive(body, dock, attempt))
    response.status_code = 201 if is_new else 200
    return retour.receiving.parcel(parcel_id)


@router.post(
    "/v1/parcels/{parcel_id}/match",
    responses=problems(UnknownParcel, UnknownReturn, UnknownReturnLine, IdempotencyKeyReused),
)
def post_match(
    parcel_id: ParcelId, body: MatchBody, retour: RetourDep, dock: DockDep, attempt: AttemptDep
) -> ParcelTaken:
    """Say whose parcel it is that nobody knew."""
    done(lambda: retour.receiving.match(parcel_id, body, dock, attempt))
    return retour.receiving.parcel(parcel_id)


@router.post(
    "/v1/returns/{rma}/inspections",
    responses=problems(*CHANGES, FindingsDoNotAddUp, GradeMissing, LooksTooShallow),
)
def post_inspection(
    rma: Rma,
    body: InspectionBody,
    retour: RetourDep,
    dock: DockDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Record what was found of a line, unit by unit. What passes goes into stock by its grade, and the money follows."""
    done(lambda: retour.receiving.inspect(rma, body, dock, attempt))
    return retour.returns.get(rma, language)


@router.post("/v1/returns/{rma}/lines/{line_no}/disposition", responses=problems(*CHANGES))
def post_disposition(
    rma: Rma,
    line_no: PathLineNo,
    body: PlaceBody,
    retour: RetourDep,
    dock: DockDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Say where goods go that no grade sent anywhere."""
    done(lambda: retour.receiving.place(rma, line_no, body, dock, attempt))
    return retour.returns.get(rma, language)


@router.post("/v1/returns/{rma}/sent-back", responses=problems(*CHANGES))
def post_sent_back(
    rma: Rma,
    body: SentBackBody,
    retour: RetourDep,
    dock: DockDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """The goods went back to their customer."""
    done(lambda: retour.receiving.send_back(rma, body, dock, attempt))
    return retour.returns.get(rma, language)
