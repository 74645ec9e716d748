"""What a run concluded and somebody may act on."""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.events.base import Count, Currency, Day, Key, Minor, Part, Payload, TotalMinor
from service.domain.events.flags import SkuAction

Stream = Literal["all", "defect", "not_as_described", "size_fit"]
Culprit = Literal["lot", "variant", "vendor", "region"]


class SkuFlagged(Payload):
    """A run concluded that a product comes back more than it should. Subject: the SKU.

    What later versions of the detector say beside it is null where an earlier one spoke, or where nothing is known.
    """

    type = "sku.flagged"
    family = "conclusion"

    sku: Key
    since: Day
    lift: Annotated[float, Field(ge=0)]
    lift_low: Annotated[float, Field(ge=0)]
    lift_high: Annotated[float, Field(ge=0)]
    excess_units: float
    detector_version: Key
    stream: Annotated[Stream, Field(description="in which returns the excess shows")] | None = None
    probability: (
        Annotated[float, Field(ge=0, le=1, description="that the product has a problem")] | None
    ) = None
    cause: Annotated[Key, Field(description="the reason that is most over-represented")] | None = (
        None
    )
    culprit_dimension: (
        Annotated[Culprit, Field(description="what explains the excess: goods of one …")] | None
    ) = None
    culprit_value: Annotated[Key, Field(description="which lot, variant, …")] | None = None
    money_at_risk_minor: (
        Annotated[TotalMinor, Field(description="what the excess costs in 30 days, in minor units")]
        | None
    ) = None
    currency: Currency | None = None
    suggested_action: SkuAction | None = None
    own_level: (
        Annotated[
            float,
            Field(
                ge=0,
                description="what the lift is measured against, as a multiple of what its peers lead one to expect",
            ),
        ]
        | None
    ) = None


class SkuCleared(Payload):
    """A run concluded that the evidence behind a flag has gone. Subject: the SKU."""

    type = "sku.cleared"
    family = "conclusion"

    sku: Key
    lift: Annotated[float, Field(ge=0)]
    detector_version: Key


class SkuAnswerWeighed(Payload):
    """What a run held against a product when it first saw that a buyer had dismissed its flag or acted on it. Subject: the SKU.

    Evidence of later days is compared with it: by then the goods sold before have gone on coming back.
    """

    type = "sku.answer_weighed"
    family = "conclusion"

    sku: Key
    answer_id: Annotated[
        Key, Field(description="id of the event sku.dismissed or sku.action_taken")
    ]
    since: Day | None
    lift: Annotated[float, Field(ge=0)]
    lift_low: Annotated[float, Field(ge=0)]
    lift_high: Annotated[float, Field(ge=0)]
    units_expected: Annotated[float, Field(ge=0)]
    excess_units: float
    detector_version: Key
    stream: Annotated[Stream, Field(description="in which returns the excess shows")] | None = None
    cause: Annotated[Key, Field(description="the reason that is most over-represented")] | None = (
        None
    )
    culprit_dimension: (
        Annotated[Culprit, Field(description="what explains the excess: goods of one …")] | None
    ) = None
    culprit_value: Annotated[Key, Field(description="which lot, variant, …")] | None = None


class CheckFailed(Payload):
    """A run concluded that a table of the warehouse breaks a rule that stops publication. Subject: the table.

    The rows themselves are not told here: the table is made anew from the log.
    """

    type = "check.failed"
    family = "conclusion"

    relation: Key
    rule: Key
    failing_rows: Annotated[int, Field(ge=1)]


class CheckPassed(Payload):
    """A run concluded that the table keeps the rule again. Subject: the table."""

    type = "check.passed"
    family = "conclusion"

    relation: Key
    rule: Key


class ModelPromoted(Payload):
    """A risk model decides from now on. Subject: its version. A rollback is one, too.

    `by` is a role, a run or a token, never a name; `model_sha256` is that of the trees and their calibration.
    """

    type = "model.promoted"
    family = "conclusion"

    version: Key
    previous: Key | None
    is_rollback: bool
    by: Key
    reason: Key
    model_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ModelSuspended(Payload):
    """A risk model decides nothing until it is resumed or another is promoted. Subject: its version."""

    type = "model.suspended"
    family = "conclusion"

    version: Key
    cause: Literal["cap_breached", "findings_exceeded", "drift", "not_renewed", "by_hand"]
    by: Key
    reason: Key


class ModelResumed(Payload):
    """A suspended risk model decides again. Subject: its version."""

    type = "model.resumed"
    family = "conclusion"

    version: Key
    by: Key
    reason: Key


class SetAside(Part):
    """Rows of an imported file that are neither a sale nor a return."""

    reason: Key
    rows: Count
    units: int


class ImportCompleted(Payload):
    """A shop's history was read. Subject: the importer. Rows read = sold + returned + set aside."""

    type = "import.completed"
    family = "conclusion"

    importer: Key
    timezone: Key
    content_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    rows_read: Count
    rows_sold: Count
    rows_returned: Count
    units_sold: Count
    units_returned: Count
    units_matched: Count
    set_aside: list[SetAside]


class CategoryProfiled(Payload):
    """What is known of a category of products, as figures that stand for it in an assessment. Subject: the category.

    Rates are millionths: of the lines sold, how many come back; of those inspected, how many were abusive; `lean` is the
    logarithm of how many times as much of it those buy whose returns were bad. `price_minor` is its mean list price.
    """

    type = "category.profiled"
    family = "conclusion"

    category: Key
    as_of_seq: Annotated[int, Field(ge=0)]
    return_rate: Annotated[int, Field(ge=0, le=1_000_000)]
    abuse_rate: Annotated[int, Field(ge=0, le=1_000_000)]
    lean: Annotated[int, Field(ge=-20_000_000, le=20_000_000)]
    price_minor: Minor | None
