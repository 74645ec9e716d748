"""The shop's return policy: data, with a version that every decision records."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain.events import RuleOutcome


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one version. The window counts from the delivery of the line's last parcel."""

    version: str = "1"
    return_window: timedelta = timedelta(days=30)


def window_rule(policy: Policy, delivered_at: datetime, now: datetime) -> RuleOutcome:
    """Whether a request comes within the return window; its last moment still counts."""
    until = delivered_at + policy.return_window
    passed = now <= until
    return RuleOutcome(
        rule="return_window",
        passed=passed,
        detail=f"delivered {delivered_at:%Y-%m-%d}, returnable until {until:%Y-%m-%d %H:%M} UTC",
    )
