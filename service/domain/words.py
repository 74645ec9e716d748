"""The words of the trade that callers must use: closed lists, so that no free text reaches the log.

And sentences for people, kept apart from the language that they are said in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Reason = Literal[
    "defect",
    "damaged_in_transit",
    "not_as_described",
    "size_fit",
    "wrong_item",
    "arrived_late",
    "changed_mind",
    "other",
]

# Why a line cannot be returned without a reason: what the law lets a shop exclude, and final sales.
Exclusion = Literal[
    "custom_made",
    "perishable",
    "unsealed_hygiene",
    "unsealed_digital",
    "periodical",
    "final_sale",
]
Grade = Literal["A", "B", "C", "D"]
Disposition = Literal[
    "restock", "refurbish", "return_to_vendor", "liquidate", "donate", "recycle", "destroy"
]
BadOutcome = Literal["failed", "short", "wrong_item", "empty", "unexpected"]
Choice = Literal["partial_refund", "send_back", "dispose", "accept"]
Method = Literal["pickup", "drop_off", "own_carrier"]
Payer = Literal["customer", "shop"]
RefundMeans = Literal["original", "bank_transfer", "store_credit", "cash", "voucher"]
FailureReason = Literal["account_closed", "expired_means", "limit_exceeded", "refused", "other"]
SurveyTag = Literal[
    "easy",
    "fast",
    "clear",
    "friendly",
    "laborious",
    "slow",
    "unclear",
    "unfair",
    "refund_too_low",
    "other",
]
# The languages in which customers are served; the two are equals.
Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, fen) of an ISO 4217 currency."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence for people: `text` is English and the key of its translations, `{parts}` are filled in later."""

    text: str
    parts: "Mapping[str, Part]" = field(default_factory=dict)


Part = str | int | datetime | Money | Phrase
