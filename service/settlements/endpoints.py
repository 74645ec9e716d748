"""`/v1/refunds`: finance sees what is to be paid, and says what was."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from service.domain.events import Actor
from service.edge import (
    AttemptDep,
    LanguageDep,
    RetourDep,
    acting,
    caller_with,
    done,
    problems,
)
from service.platform.fields import Limit, RefundId, Rma
from service.platform.idempotency import IdempotencyKeyReused
from service.returns.endpoints import CHANGES
from service.returns.schemas import ReturnView
from service.settlements.commands import RefundIsOver, UnknownRefund
from service.settlements.refunding import MoreThanPaid
from service.settlements.schemas import (
    FailureBody,
    GoodwillBody,
    OtherMeansBody,
    RefundState,
    RefundView,
)

router = APIRouter(tags=["refunds"])
FinanceDep = Annotated[Actor, Depends(acting("refunds:write"))]
_MOVES = problems(UnknownRefund, RefundIsOver, IdempotencyKeyReused)


@router.get(
    "/v1/refunds",
    responses=problems(has_body=False),
    dependencies=[Depends(caller_with("refunds:write"))],
)
def get_refunds(
    retour: RetourDep,
    state: Annotated[
        RefundState, Query(description="which ones", examples=["pending"])
    ] = "pending",
    limit: Annotated[Limit, Query()] = 100,
) -> list[RefundView]:
    """Refunds in a state, those due first."""
    return retour.settlements.in_state(state, limit)


@router.post("/v1/refunds/{refund_id}/settlement", responses=_MOVES)
def post_settlement(
    refund_id: RefundId, retour: RetourDep, finance: FinanceDep, attempt: AttemptDep
) -> RefundView:
    """The money was paid by hand."""
    done(lambda: retour.settlements.confirm(refund_id, finance, attempt))
    return retour.settlements.get(refund_id)


@router.post("/v1/refunds/{refund_id}/failure", responses=_MOVES)
def post_failure(
    refund_id: RefundId,
    body: FailureBody,
    retour: RetourDep,
    finance: FinanceDep,
    attempt: AttemptDep,
) -> RefundView:
    """The payment cannot be made this way."""
    done(lambda: retour.settlements.fail(refund_id, body, finance, attempt))
    return retour.settlements.get(refund_id)


@router.post("/v1/refunds/{refund_id}/other-means", responses=_MOVES)
def post_other_means(
    refund_id: RefundId,
    body: OtherMeansBody,
    retour: RetourDep,
    finance: FinanceDep,
    attempt: AttemptDep,
) -> RefundView:
    """Pay a failed refund by other means."""
    done(lambda: retour.settlements.pay_otherwise(refund_id, body, finance, attempt))
    return retour.settlements.get(refund_id)


@router.post("/v1/returns/{rma}/goodwill", responses=problems(*CHANGES, MoreThanPaid))
def post_goodwill(
    rma: Rma,
    body: GoodwillBody,
    retour: RetourDep,
    finance: FinanceDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Pay an amount beyond what the lines carry, never more than is left of what was paid."""
    done(lambda: retour.settlements.give_goodwill(rma, body, finance, attempt))
    return retour.returns.get(rma, language)
