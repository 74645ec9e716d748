"""A policy in a dozen lines, for whoever has to stand by it."""

from collections.abc import Iterator, Mapping

from service.domain.money import in_figures
from service.domain.policy import Policy
from service.domain.policy_sections import Consequence, Links, Regime, RiskTerms

_BECOMES: Mapping[Consequence, str] = {"review": "goes to a person", "decline": "is declined"}
_WAITS = {"authorized": "at once", "first_scan": "once sent", "received": "once received"}


def summary(policy: Policy) -> Iterator[tuple[str, str]]:
    """Headings and what the policy says under them."""
    rules, fees, clocks = policy.rules, policy.fees, policy.clocks
    yield (
        "own window",
        f"{policy.window.days} days after delivery; what is later {_BECOMES[policy.window.late]}",
    )
    for name, regime in policy.regimes.items():
        yield name, _law(regime)
    yield "rules pass", f"up to {_amounts(rules.value.auto_up_to_minor)}"
    yield (
        "no model yet",
        f"of what the rules pass, by itself up to {_amounts(policy.risk.unscored_up_to_minor)}, and "
        f"{policy.audit.bootstrap_share:.1%} drawn by lot; the rest goes to a person",
    )
    yield (
        "history",
        f"with more than {rules.history.max_returns} returns in {rules.history.within_days} days, or more than "
        f"{rules.history.max_failed_inspections} failed inspections in {rules.history.failed_within_days} days, "
        f"a request {_BECOMES[rules.history.when_failed]}",
    )
    yield "photos", _listed(rules.evidence.reasons)
    yield (
        "excluded",
        f"{_listed(rules.exclusions.kinds)}: {_BECOMES[rules.exclusions.when_failed]}",
    )
    yield "fee", f"{fees.restocking_percent} % for {_listed(fees.restocking_reasons)}"
    yield "shop's fault", _listed(fees.shop_fault_reasons)
    yield (
        "refund",
        f"once {policy.refund.on.replace('_', ' ')}, within {policy.refund.within_hours} hours",
    )
    yield (
        "inspection",
        f"{policy.inspection.default}; in full for {policy.audit.share:.1%} of what a model lets pass, drawn by lot, and "
        "for all that is drawn without one",
    )
    yield (
        "blind cases",
        f"where a model decides: {policy.audit.blind_share:.1%} of what it would let pass, "
        f"{policy.audit.unexplained_share:.1%} of what it sends to a person",
    )
    yield (
        "doubts",
        f"{policy.audit.doubt_share:.1%} of what a model would send to a person for its score or links pass by lot, are inspected in "
        "full and paid after that",
    )
    yield "risk model", _risk(policy.risk)
    yield "links", _links(policy.risk.links)
    yield "to be kept", f"up to {_amounts(policy.keep_item.up_to_minor)}"
    yield "review", f"within {clocks.hours.review} {clocks.calendar} hours"
    yield "goods go to", ", ".join(policy.methods.return_address)


def _risk(risk: RiskTerms) -> str:
    early = risk.early_refund
    pays = f"refund {_WAITS[early.on]} for the trusted" if early.allowed else "nobody is paid early"
    suspended = {"rules": "it goes on as without one", "review": "a person decides"}[
        risk.if_suspended
    ]
    return (
        f"lets pass what is abusive in at most {risk.abuse_cap:.1%} by count and {risk.amount_cap:.1%} by money, "
        f"proven with {risk.confidence:.0%} confidence; {pays}; while it is suspended {suspended}"
    )


def _links(links: Links) -> str:
    *others, last = (f"{name} with more than {most}" for name, most in links.model_dump().items())
    return (
        f"the risk model lets nobody pass who shares {', '.join(others)} or {last} other customers"
    )


def _law(regime: Regime) -> str:
    return (
        f"{regime.withdrawal_days} days in {_listed(regime.countries)}; refund {_WAITS[regime.refund_on]}, "
        f"within {regime.refund_within_days} days of the {regime.refund_counts_from}"
    )


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words) or "none"


def _amounts(per_currency: Mapping[str, int]) -> str:
    amounts = (in_figures(minor, currency) for currency, minor in per_currency.items())
    return ", ".join(amounts) or "nothing"
