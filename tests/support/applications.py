"""Applications as the risk port sees them."""

from typing import Any

from service.domain.events import RuleOutcome
from service.domain.policy import Judgement
from service.domain.risk import VALUE, Application
from service.policies import default_policy

PASSED = Judgement("pass", (RuleOutcome(rule="value", passed=True, detail="small"),), None)
STOPPED = Judgement("review", (RuleOutcome(rule="value", passed=False, detail="large"),), None)


def an_application(**changed: Any) -> Application:
    """One of 20 euros that passes the rules, of which nothing else is known; `risk` and `audit` change lines of the policy."""
    policy = default_policy()
    said: dict[str, Any] = {
        "judgement": PASSED,
        "value_minor": 2000,
        "currency": "EUR",
        "features": {VALUE: 2000.0},
        "as_of_seq": 1,
        "refund_on": "inspected",
        "inspection": "basic",
        "draw": 0.5,
        "terms": policy.risk.model_copy(update=changed.pop("risk", {})),
        "audit": policy.audit.model_copy(update=changed.pop("audit", {})),
    }
    return Application(**{**said, **changed})
