"""The risk port: may this request pass by itself, and when does the money go back?

The model may speed up, never refuse: an assessment approves or sends to a human.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from service.domain.events import InspectionDepth, RefundOn, RuleOutcome


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the approval step may do with one request."""

    decision: Literal["approve", "review"]
    refund_on: RefundOn
    inspection: InspectionDepth
    model_version: str | None = None
    score: float | None = None


class Risk(Protocol):
    def assess(self, rules: tuple[RuleOutcome, ...]) -> Assessment:
        """Judge one request by the outcomes of the policy's rules. Never raises."""
        ...


class RulesOnly:
    """No model: what passes every rule is approved, the rest goes to a human; money follows inspection."""

    def assess(self, rules: tuple[RuleOutcome, ...]) -> Assessment:
        passed = all(rule.passed for rule in rules)
        return Assessment(
            "approve" if passed else "review", refund_on="inspected", inspection="basic"
        )
