"""What the risk model sees of an application, in the order of the vector. The figures come from `sql/features`, one definition
for training and for approval; what is known here besides is which way each may move the probability.
"""

from dataclasses import dataclass
from typing import Literal

Group = Literal["request", "timing", "order", "customer", "findings", "links", "product"]
Direction = Literal[-1, 0, 1]


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """A feature: column of `features.risk_vectors`, what it tells of, and how it may move the probability of abuse.

    `monotone`: 1 where more of it can only make abuse more probable, -1 less, 0 either way.
    """

    name: str
    group: Group
    monotone: Direction = 0


FEATURES: tuple[FeatureSpec, ...] = (
    FeatureSpec("lines", "request"),
    FeatureSpec("units", "request"),
    FeatureSpec("value", "request"),
    FeatureSpec("dearest", "request"),
    FeatureSpec("reasons_defect", "request"),
    FeatureSpec("reasons_damaged", "request"),
    FeatureSpec("reasons_not_as_described", "request"),
    FeatureSpec("reasons_size_fit", "request"),
    FeatureSpec("reasons_wrong_item", "request"),
    FeatureSpec("reasons_late", "request"),
    FeatureSpec("reasons_changed_mind", "request"),
    FeatureSpec("days_since_delivery", "timing"),
    FeatureSpec("days_to_deliver", "timing"),
    FeatureSpec("hour", "timing"),
    FeatureSpec("window_days_left", "timing"),
    FeatureSpec("order_lines", "order"),
    FeatureSpec("order_units", "order"),
    FeatureSpec("order_skus_returned", "order"),
    FeatureSpec("units_returned", "order"),
    FeatureSpec("most_units", "order"),
    FeatureSpec("same_category", "order"),
    FeatureSpec("discounted", "order"),
    FeatureSpec("orders", "customer"),
    FeatureSpec("orders_quarter", "customer"),
    FeatureSpec("tenure_days", "customer"),
    FeatureSpec("days_since_order", "customer"),
    FeatureSpec("ordered_lines", "customer"),
    FeatureSpec("several", "customer"),
    FeatureSpec("orders_kept", "customer"),
    FeatureSpec("returns", "customer"),
    FeatureSpec("returns_month", "customer"),
    FeatureSpec("returns_quarter", "customer"),
    FeatureSpec("withdrawals", "customer"),
    FeatureSpec("lines_returned", "customer"),
    FeatureSpec("faults_said", "customer"),
    FeatureSpec("days_since_return", "customer"),
    FeatureSpec("days_to_return", "customer"),
    FeatureSpec("returns_bad", "findings", 1),
    FeatureSpec("returns_good", "findings", -1),
    FeatureSpec("returns_good_full", "findings", -1),
    FeatureSpec("claims", "findings", 1),
    FeatureSpec("declines", "findings", 1),
    FeatureSpec("not_sent", "findings"),
    FeatureSpec("same_address", "links"),
    FeatureSpec("same_device", "links", 1),
    FeatureSpec("same_phone", "links", 1),
    FeatureSpec("same_payment", "links", 1),
    FeatureSpec("linked_returns", "links"),
    FeatureSpec("linked_bad", "links", 1),
    FeatureSpec("linked_claims", "links", 1),
    FeatureSpec("category_abuse", "product"),
    FeatureSpec("category_returns", "product"),
    FeatureSpec("price_level", "product"),
    FeatureSpec("bought_lean", "product", 1),
    FeatureSpec("bought_level", "product"),
    FeatureSpec("returns_expected", "product"),
    FeatureSpec("returns_excess", "product"),
)
NAMES: tuple[str, ...] = tuple(each.name for each in FEATURES)
