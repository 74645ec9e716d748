"""`/v1/flags`: products that come back too often. Buyers answer; the shop's systems may read."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from service.domain.events import Actor
from service.domain.flags import FlagStatus
from service.edge import AttemptDep, RetourDep, acting, caller_with, done, problems
from service.flags.commands import (
    FlagChangedMeanwhile,
    NoSuchBuyer,
    NotPossibleForFlag,
    UnknownFlag,
)
from service.flags.schemas import (
    AcknowledgeBody,
    ActionBody,
    AssignBody,
    CommentView,
    DismissBody,
    FlagId,
    FlagStory,
    FlagView,
)
from service.platform.auth import Caller
from service.platform.fields import Ref, Sku
from service.platform.idempotency import IdempotencyKeyReused

router = APIRouter(prefix="/v1/flags", tags=["flags"])
BuyerDep = Annotated[Actor, Depends(acting("flags:write"))]
CommentsReader = Annotated[Caller, Depends(caller_with("flags:comments"))]
_READERS = [Depends(caller_with("flags:read"))]
_STEPS = problems(UnknownFlag, FlagChangedMeanwhile, NotPossibleForFlag, IdempotencyKeyReused)


@router.get("", responses=problems(has_body=False), dependencies=_READERS)
def get_flags(
    retour: RetourDep,
    status: Annotated[
        FlagStatus | None,
        Query(description="those alone; if left out, all that stand", examples=["flagged"]),
    ] = None,
    sku: Annotated[
        Sku | None, Query(description="those of this product alone", examples=["MUG-BLUE"])
    ] = None,
    vendor: Annotated[
        Ref | None, Query(description="those of this vendor alone", examples=["Brenner"])
    ] = None,
    limit: Annotated[
        int, Query(ge=1, le=500, description="how many at most", examples=[100])
    ] = 100,
) -> list[FlagView]:
    """Flags on products, the newest first."""
    return retour.flags.listed(status, sku, vendor, limit)


@router.get("/{flag_id}", responses=problems(UnknownFlag, has_body=False), dependencies=_READERS)
def get_flag(flag_id: FlagId, retour: RetourDep) -> FlagStory:
    """A flag and all that happened to it, with what buyers noted."""
    return retour.flags.story(flag_id)


@router.get("/{flag_id}/comments", responses=problems(UnknownFlag, has_body=False))
def get_comments(flag_id: FlagId, retour: RetourDep, caller: CommentsReader) -> list[CommentView]:
    """What customers wrote of the flag's product since its problem began: the newest first, at most five.

    Comments on its parent's other variants are among them where those are flagged, too. What was erased is missing. Each
    reading is noted, with the key and the member of staff that it belongs to.
    """
    return retour.flags.comments(flag_id, caller)


@router.post("/{flag_id}/acknowledgement", responses=_STEPS)
def post_acknowledgement(
    flag_id: FlagId, body: AcknowledgeBody, retour: RetourDep, buyer: BuyerDep, attempt: AttemptDep
) -> FlagView:
    """A buyer has seen the flag and looks into it."""
    done(lambda: retour.flags.acknowledge(flag_id, body, buyer, attempt))
    return retour.flags.get(flag_id)


@router.post(
    "/{flag_id}/assignment",
    responses=problems(
        UnknownFlag, FlagChangedMeanwhile, NotPossibleForFlag, NoSuchBuyer, IdempotencyKeyReused
    ),
)
def post_assignment(
    flag_id: FlagId, body: AssignBody, retour: RetourDep, buyer: BuyerDep, attempt: AttemptDep
) -> FlagView:
    """Give the flag to a certain buyer."""
    done(lambda: retour.flags.assign(flag_id, body, buyer, attempt))
    return retour.flags.get(flag_id)


@router.post("/{flag_id}/action", responses=_STEPS)
def post_action(
    flag_id: FlagId, body: ActionBody, retour: RetourDep, buyer: BuyerDep, attempt: AttemptDep
) -> FlagView:
    """Tell what was done about the product; its effect is measured from now on."""
    done(lambda: retour.flags.act(flag_id, body, buyer, attempt))
    return retour.flags.get(flag_id)


@router.post("/{flag_id}/dismissal", responses=_STEPS)
def post_dismissal(
    flag_id: FlagId, body: DismissBody, retour: RetourDep, buyer: BuyerDep, attempt: AttemptDep
) -> FlagView:
    """Nothing is to be done. The product is flagged again on new evidence alone."""
    done(lambda: retour.flags.dismiss(flag_id, body, buyer, attempt))
    return retour.flags.get(flag_id)
