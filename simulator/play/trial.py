"""The policy that holds on a day: a shop that learns tries another one for a while."""

from service.domain.policy import Policy
from simulator.people import RATE
from simulator.scenario import Scenario

_SHOWN = ("defect", "damaged_in_transit")


def policy_on(policy: Policy, scenario: Scenario, day: int, days: int) -> Policy:
    """The shop's policy, or its trial: money back at once, small things stay, photos of damage, nothing after the window."""
    trial = scenario.trial
    first = round(trial.starts * days)
    if not first <= day < first + trial.days:
        return policy
    keep = {currency: round(trial.keep_up_to_minor * rate) for currency, rate in RATE.items()}
    return policy.model_copy(
        update={
            "version": f"{policy.version}-trial",
            "refund": policy.refund.model_copy(update={"on": "authorized"}),
            "window": policy.window.model_copy(update={"late": "decline"}),
            "rules": policy.rules.model_copy(
                update={"evidence": policy.rules.evidence.model_copy(update={"reasons": _SHOWN})}
            ),
            "keep_item": policy.keep_item.model_copy(update={"up_to_minor": keep}),
        }
    )
