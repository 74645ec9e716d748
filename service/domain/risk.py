"""The risk port: may this request pass by itself, when does the money go back, how closely are the goods looked at?

The model may speed up, never refuse: an assessment approves or sends to a human.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from service.domain.events import Feature, InspectionDepth, Reason, RefundOn
from service.domain.policy import Judgement


@dataclass(frozen=True, slots=True)
class Application:
    """A request as the approval step sees it, and nothing that was recorded after it.

    `features` are numbers by name, None where unknown, of events up to `as_of_seq`. `refund_on` and `inspection` are
    what policy and law say for everybody. `draw`, uniform in [0, 1), decides whether this one is audited.
    """

    judgement: Judgement
    features: Mapping[str, float | None]
    as_of_seq: int
    refund_on: RefundOn
    inspection: InspectionDepth
    audit_share: float
    draw: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the approval step may do with one request, why, and how probable this action was given what was seen."""

    decision: Literal["approve", "review"]
    refund_on: RefundOn
    inspection: InspectionDepth
    propensity: float
    is_audit: bool = False
    reasons: tuple[Reason, ...] = ()
    model_version: str | None = None
    score: float | None = None


class Risk(Protocol):
    def assess(self, application: Application) -> Assessment:
        """Judge one request. Never raises: what cannot be judged goes to a human."""
        ...


class RulesOnly:
    """No model: what passes every rule is approved, the rest goes to a human; a random share is inspected in full."""

    def assess(self, application: Application) -> Assessment:
        judged = application.judgement
        if judged.verdict != "pass":
            reasons = tuple(
                Reason(code=each.rule, words=each.detail)
                for each in judged.outcomes
                if not each.passed
            )
            return Assessment(
                "review", application.refund_on, application.inspection, 1.0, reasons=reasons
            )
        is_audit = application.draw < application.audit_share
        return Assessment(
            "approve",
            application.refund_on,
            "full" if is_audit else application.inspection,
            application.audit_share if is_audit else 1 - application.audit_share,
            is_audit,
        )


def feature_vector(features: Mapping[str, float | None]) -> list[Feature]:
    """Features as the log keeps them, in the order given."""
    return [Feature(name=name, value=value) for name, value in features.items()]
