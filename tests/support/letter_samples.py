"""A letter of each kind, with every fact that it may have, and one with as few as it can do with."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.domain.words import Money, Phrase
from service.letters import LetterKind, LetterParts
from service.letters.parts import (
    Approved,
    Cancelled,
    CaseClosed,
    CaseMessage,
    CaseOpened,
    ChoiceWanted,
    Declined,
    EvidenceWanted,
    Expired,
    InspectedLineParts,
    InspectionResult,
    Kept,
    LineParts,
    OptionParts,
    Received,
    Refunded,
    RefundFailed,
    Survey,
    SurveyReminder,
    Withdrawn,
)
from service.letters.words import (
    CASE_OUTCOMES,
    CASES,
    CHOICE_FIRST,
    CHOICES,
    MEANS,
    METHODS,
    OFFER,
    OUTCOMES,
    PAID_BY,
    SPOILED,
)
from service.settlements.telling import on_its_way

DUE = datetime(2026, 3, 5, 17, 30, tzinfo=UTC)
RMA = "R7K3M9-QX2VB-W"
_OFFERED = Phrase(OFFER.text, {"amount": Money(645, "EUR")})
_EVERY: dict[str, Any] = {
    "shop": "Teehaus 茶馆",
    "zone": ZoneInfo("Europe/Berlin"),
    "link": "https://shop.example/returns/R7K3M9-QX2VB-W?token=abc",
}
_RETURN: dict[str, Any] = {**_EVERY, "rma": RMA}
_LINES: dict[str, Any] = {
    **_RETURN,
    "lines": (LineParts("陶瓷杯 Mug & Saucer <blue>", 3), LineParts("Teapot", 1)),
}
_REST = (LineParts("Tray", 2),)
_SENDING: dict[str, Any] = {
    **_LINES,
    "return_address": ("Teehaus Retouren", "Lagerstraße 5", "10115 Berlin"),
    "methods": tuple(METHODS.values()),
    "send_by": DUE,
    "freight_by": "shop",
    "refund_when": CHOICES["partial_refund"][1],
}

FULL: dict[LetterKind, LetterParts] = {
    "received": Received(**_LINES, order_id="A-1001", decided_by_until=DUE, is_back=False),
    "withdrawn": Withdrawn(
        **_SENDING,
        order_id="A-1001",
        declaration="I withdraw from the purchase.\nAnna",
        received_at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        refund_by=Phrase(
            PAID_BY["first_scan"].text, {"until": datetime(2026, 3, 16, 22, 59, tzinfo=UTC)}
        ),
    ),
    "approved": Approved(**_SENDING, fee=Money(129, "EUR")),
    "kept": Kept(**_LINES, refund_when=CHOICES["partial_refund"][1]),
    "declined": Declined(**_LINES, rule=OUTCOMES["failed"], appeal_until=DUE),
    "evidence_wanted": EvidenceWanted(**_RETURN, question="A photo of the crack?", until=DUE),
    "inspection_result": InspectionResult(
        **_RETURN,
        lines=(
            InspectedLineParts(
                "Mug", 2, OUTCOMES["passed"], "A", on_its_way(Money(2580, "EUR"), DUE)
            ),
            InspectedLineParts("Teapot", 1, OUTCOMES["failed"], None, CHOICE_FIRST),
        ),
        also=SPOILED,
    ),
    "choice_wanted": ChoiceWanted(
        **_RETURN,
        line=LineParts("Mug", 1),
        found=OUTCOMES["failed"],
        options=(
            OptionParts(CHOICES["partial_refund"][0], _OFFERED),
            OptionParts(*CHOICES["send_back"]),
        ),
        until=DUE,
        default=_OFFERED,
    ),
    "refunded": Refunded(
        **_RETURN,
        amount=Money(258000, "CNY"),
        means=MEANS["original"],
        arrives=Phrase("at the latest on {day}", {"day": DUE}),
    ),
    "refund_failed": RefundFailed(
        **_RETURN,
        amount=Money(1999, "JPY"),
        means=MEANS["original"],
        how_else=CASE_OUTCOMES["refunded"],
    ),
    "cancelled": Cancelled(**_LINES, rest=_REST),
    "expired": Expired(**_LINES, send_by=DUE, rest=_REST),
    "survey": Survey(**_RETURN),
    "survey_reminder": SurveyReminder(**_RETURN),
    "case_opened": CaseOpened(
        **_EVERY, case_id="case_7", about=CASES["complaint"], rma=RMA, answer_by=DUE
    ),
    "case_message": CaseMessage(
        **_EVERY,
        case_id="case_7",
        about=CASES["complaint"],
        rma=RMA,
        message="The warehouse looks for it; tomorrow we know more.",
    ),
    "case_closed": CaseClosed(
        **_EVERY,
        case_id="case_7",
        about=CASES["complaint"],
        rma=RMA,
        outcome=CASE_OUTCOMES["goodwill"],
        answer="We are sorry, and send a new one.",
    ),
}

_LEAST: dict[LetterKind, dict[str, Any]] = {
    "received": {"decided_by_until": None, "is_back": True},
    "withdrawn": {"refund_by": None, "freight_by": "customer"},
    "approved": {"fee": None, "freight_by": "customer"},
    "inspection_result": {"also": None},
    "cancelled": {"rest": ()},
    "expired": {"rest": ()},
    "case_opened": {"rma": None},
    "case_message": {"rma": None},
    "case_closed": {"rma": None, "answer": ""},
}
SPARE: dict[LetterKind, LetterParts] = {
    kind: replace(FULL[kind], **changed) for kind, changed in _LEAST.items()
}
