"""Cases: what each kind needs, who owns it, and how it may end. Open beside a return at any time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from service.domain.events import CaseKind, Direction, Role

Outcome = Literal[
    "answered",
    "goodwill",
    "corrected",
    "rejected",
    "found",
    "refunded",
    "matched",
    "sent_back",
    "recovered",
    "written_off",
    "passed_on",
    "moving_again",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of case: its owner, whether customers open it, whether it alarms at once, its outcomes."""

    owner: Role
    outcomes: tuple[Outcome, ...]
    is_from_customers: bool = False
    is_urgent: bool = False


KINDS: Mapping[CaseKind, Kind] = {
    "complaint": Kind(
        "after_sales", ("answered", "goodwill", "corrected", "rejected"), is_from_customers=True
    ),
    "suggestion": Kind("after_sales", ("answered", "passed_on"), is_from_customers=True),
    "not_received": Kind("after_sales", ("found", "refunded", "rejected"), is_from_customers=True),
    "safety": Kind(
        "admin", ("passed_on", "corrected", "rejected"), is_from_customers=True, is_urgent=True
    ),
    "low_score": Kind("after_sales", ("answered", "goodwill", "corrected")),
    "stalled": Kind("after_sales", ("moving_again", "goodwill", "answered")),
    "recovery": Kind("finance", ("recovered", "written_off", "goodwill")),
    "unknown_parcel": Kind("after_sales", ("matched", "sent_back", "passed_on")),
}
URGENT_SHARE = 24  # an urgent case has the 24th part of a case's time: of two days, two hours
# With it a customer objects to what was found or decided: it holds what would happen by itself.
OBJECTION: CaseKind = "complaint"
# What customers brought up themselves, and are told of; the rest is the house's own business.
CUSTOMERS_OWN = tuple(kind for kind, each in KINDS.items() if each.is_from_customers)


def answer_due(
    direction: Direction, waits_until: datetime | None, due: datetime
) -> datetime | None:
    """Until when the customer is to be answered after a message; None where nobody waits any more.

    `waits_until` is how it stood before: an answer that is awaited already is not put off by writing again.
    """
    if direction == "to_customer":
        return None
    return waits_until or due
