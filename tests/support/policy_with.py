"""The built-in policy with a test's changes."""

import tomllib
from typing import Any

from service.domain.policy import Policy
from service.policies import default_text

# What keeps the rules passes by itself, of whatever value, and no lot draws any of it: for tests that are not about who decides
# without a model.
ALL_PASSES: dict[str, Any] = {
    "risk.unscored_up_to_minor": {"EUR": 50_000, "GBP": 50_000, "USD": 50_000, "CNY": 400_000, "JPY": 60_000},
    "audit.bootstrap_share": 0.0,
}  # fmt: skip
# However much customers share with others: for toys in which that says nothing.
ANY_LINKS = {"risk.links": {"address": 99, "device": 99, "phone": 99, "payment": 99}}


def policy_with(changes: dict[str, Any] | None = None, **top: Any) -> Policy:
    """The built-in policy, but with these values; a key is the way to it, such as `window.days`."""
    content = tomllib.loads(default_text())
    for way, value in {**(changes or {}), **top}.items():
        *sections, name = way.split(".")
        section = content
        for each in sections:
            section = section[each]
        section[name] = value
    return Policy.model_validate(content)
