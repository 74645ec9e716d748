"""What each kind of letter tells: facts, not sentences. Moments are aware; `zone` is that of the shop."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from service.domain.words import Money, Phrase
from service.letters.words import FACES

LetterKind = Literal[
    "received",
    "withdrawn",
    "approved",
    "kept",
    "declined",
    "evidence_wanted",
    "inspection_result",
    "choice_wanted",
    "refunded",
    "refund_failed",
    "cancelled",
    "expired",
    "survey",
    "survey_reminder",
    "case_opened",
    "case_message",
    "case_closed",
]


@dataclass(frozen=True, slots=True)
class LineParts:
    """Units of one product; the title is the shop's own."""

    title: str
    quantity: int


@dataclass(frozen=True, slots=True)
class InspectedLineParts:
    """What the inspection found of some units, and what comes of their money; the grade where one was given."""

    title: str
    quantity: int
    outcome: Phrase
    grade: str | None
    money: Phrase


@dataclass(frozen=True, slots=True)
class OptionParts:
    """Something to choose, and what it leads to."""

    words: Phrase
    consequence: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterParts:
    """What every letter says: whose it is, in whose time, and the page on which its matter stands."""

    shop: str
    zone: ZoneInfo
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnParts(LetterParts):
    rma: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesParts(ReturnParts):
    lines: tuple[LineParts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingParts(LinesParts):
    """How goods come back: to where, by which ways, until when, at whose cost; and when the money follows."""

    return_address: tuple[str, ...]
    methods: tuple[Phrase, ...]
    send_by: datetime
    freight_by: Literal["customer", "shop"]
    refund_when: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(LinesParts):
    """A person decides on a request. `decided_by_until` is None where no clock runs.

    `is_back`: it was cancelled or had expired, and its goods came or are on their way nevertheless.
    """

    order_id: str
    decided_by_until: datetime | None
    is_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn(SendingParts):
    """The statutory acknowledgement: what was declared, word for word, and when it was received.

    `refund_by` is None where the law counts from a moment that has not come, such as the goods' receipt.
    """

    order_id: str
    declaration: str
    received_at: datetime
    refund_by: Phrase | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(SendingParts):
    fee: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(LinesParts):
    """The customer keeps the goods and gets the money."""

    refund_when: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined(LinesParts):
    """`rule` says which published rule it was, or the reviewer's reason."""

    rule: Phrase
    appeal_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceWanted(ReturnParts):
    question: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionResult(ReturnParts):
    """`also` is said where money went, or was on its way, for what turned out not to be in order."""

    lines: tuple[InspectedLineParts, ...]
    also: Phrase | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceWanted(ReturnParts):
    """`default` says what happens where nobody chooses."""

    line: LineParts
    found: Phrase
    options: tuple[OptionParts, ...]
    until: datetime
    default: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded(ReturnParts):
    amount: Money
    means: Phrase
    arrives: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(ReturnParts):
    amount: Money
    means: Phrase
    how_else: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(LinesParts):
    """The customer took the request for these back; `rest` is what still comes."""

    rest: tuple[LineParts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired(LinesParts):
    """These were not sent in time; `rest` is what still comes."""

    send_by: datetime
    rest: tuple[LineParts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey(ReturnParts):
    """`link` leads to the question; `faces` are its answers in words, the best first."""

    faces: tuple[Phrase, ...] = FACES


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyReminder(Survey):
    """The same question, once more and for the last time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseParts(LetterParts):
    """`about` is the case in words; `rma` where it belongs to a return."""

    case_id: str
    about: Phrase
    rma: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(CaseParts):
    answer_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMessage(CaseParts):
    """`message` is what one of the staff wrote."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(CaseParts):
    """`answer` is what after-sales wrote, if anything."""

    outcome: Phrase
    answer: str


PARTS: dict[LetterKind, type[LetterParts]] = {
    "received": Received,
    "withdrawn": Withdrawn,
    "approved": Approved,
    "kept": Kept,
    "declined": Declined,
    "evidence_wanted": EvidenceWanted,
    "inspection_result": InspectionResult,
    "choice_wanted": ChoiceWanted,
    "refunded": Refunded,
    "refund_failed": RefundFailed,
    "cancelled": Cancelled,
    "expired": Expired,
    "survey": Survey,
    "survey_reminder": SurveyReminder,
    "case_opened": CaseOpened,
    "case_message": CaseMessage,
    "case_closed": CaseClosed,
}
