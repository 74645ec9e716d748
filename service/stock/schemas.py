"""Stock of returned goods, seen from outside."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from service.domain.words import Disposition
from service.platform.fields import Body

Cause = Literal["counted", "sold", "sent_to_vendor", "given_away", "destroyed", "moved"]


class StockMoveBody(Body):
    """Units that come to a place (positive) or leave it (negative)."""

    place: Annotated[Disposition, Field(description="where: what was decided to become of them")]
    change: Annotated[
        int,
        Field(ge=-1_000_000_000, le=1_000_000_000, strict=True, description="whole units; not 0"),
    ]
    cause: Annotated[Cause, Field(description="why, in one of these words")]

    @model_validator(mode="after")
    def _changes_something(self) -> "StockMoveBody":
        if self.change == 0:
            raise ValueError("change must not be 0")
        return self


class StockView(Body):
    """Units at one place."""

    place: Annotated[str, Field(description="restock, refurbish, … as decided by grade")]
    quantity: Annotated[int, Field(description="whole units")]
