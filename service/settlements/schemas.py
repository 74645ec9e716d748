"""Refunds, seen and moved by finance."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from service.domain.words import FailureReason, RefundMeans
from service.platform.fields import Body, CurrencyCode, MinorAmount, RefundId, Rma, Version

RefundState = Literal["pending", "unknown", "failed", "settled"]


class RefundView(Body):
    """Money on its way back, or back."""

    refund_id: RefundId
    rma: Rma
    order_id: Annotated[str | None, Field(description="the order that was paid for")]
    amount_minor: Annotated[int, Field(description="in minor units of the currency")]
    currency: CurrencyCode
    means: Annotated[str, Field(description="how: the means that was paid with, or another")]
    state: Annotated[RefundState, Field(description="where it stands")]
    requested_at: Annotated[datetime, Field(description="since when it is to be paid")]
    due_at: Annotated[datetime, Field(description="until when the money must have gone back")]
    settled_at: Annotated[datetime | None, Field(description="when it was paid")]


class FailureBody(Body):
    """Why the payment could not be made."""

    reason: Annotated[FailureReason, Field(description="in one of these words")]


class OtherMeansBody(Body):
    """How else the customer is paid."""

    means: Annotated[RefundMeans, Field(description="in one of these words")]


class GoodwillBody(Body):
    """An amount beyond what the lines carry, as a gesture."""

    amount_minor: Annotated[MinorAmount, Field(gt=0)]
    version: Version | None = None
