"""What buyers do about a flagged product. Each event names the flag (`sku.flagged`) that it answers by its id."""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.events.base import Key, Payload

SkuAction = Literal["fix_listing", "size_note", "supplier_claim", "stop_buying", "mark_down"]
DismissalReason = Literal["expected", "data_error", "too_small", "other"]
FlagId = Annotated[Key, Field(description="id of the event sku.flagged that is answered")]
NoteRef = Annotated[Key, Field(description="the buyer's note, in the erasable store")]


class SkuAcknowledged(Payload):
    """A buyer has seen the flag and looks into it. Subject: the SKU."""

    type = "sku.acknowledged"
    family = "flag"

    sku: Key
    flag_id: FlagId


class SkuAssigned(Payload):
    """Whose flag it is now. Subject: the SKU."""

    type = "sku.assigned"
    family = "flag"

    sku: Key
    flag_id: FlagId
    owner_key: Key


class SkuActionTaken(Payload):
    """A buyer did something about the flag. Subject: the SKU."""

    type = "sku.action_taken"
    family = "flag"

    sku: Key
    flag_id: FlagId
    action: SkuAction
    text_ref: NoteRef | None = None


class SkuDismissed(Payload):
    """A buyer found that nothing is to be done about the flag. It returns on new evidence alone. Subject: the SKU."""

    type = "sku.dismissed"
    family = "flag"

    sku: Key
    flag_id: FlagId
    reason: DismissalReason
    text_ref: NoteRef | None = None
