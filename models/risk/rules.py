"""What a shop's policy says of risk: caps, confidence, and what review, delay and loss cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

# Abusive and honest labels, below which nothing is learned, and nothing calibrated.
LEAST_OF_EACH, LEAST_TO_CALIBRATE = 20, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRules:
    """The policy's section `[risk]` as the model needs it. Shares lie in [0, 1]; money is minor units of the shop's currency.

    `abuse_cap`, `amount_cap`: the largest share of abusive requests, and of their value, among those approved
    automatically; `confidence`: how sure that must be. `early_cap` and `basic_cap` are the same for paying before the
    inspection and for the basic inspection, by count and by amount. `loss_share`: the part of an abusive request's
    value that is lost. `review_days`: how long a review delays the customer. `most_linked`, by feature: with how many other
    customers at most a customer may share that, for a model to judge their request.
    """

    abuse_cap: float = 0.01
    amount_cap: float = 0.01
    early_cap: float = 0.005
    basic_cap: float = 0.01
    confidence: float = 0.95
    review_minutes: float = 4.0
    review_minute_minor: int = 60
    review_days: float = 1.0
    delay_day_minor: int = 100
    loss_share: float = 0.6
    max_reviews_a_day: int = 400
    audit_share: float = 0.03
    bootstrap_share: float = 0.3
    most_linked: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no bound can be computed for."""
        for name in ("abuse_cap", "amount_cap", "early_cap", "basic_cap", "confidence"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must lie between 0 and 1, not {getattr(self, name)}")


def may_judge(most_linked: Mapping[str, int]) -> pl.Expr:
    """Whether a model may let a request pass: the rules do (`is_eligible`), and its customer shares nothing with too many
    others. Who is not known to share anything shares nothing.
    """
    return pl.all_horizontal("is_eligible", *_few(most_linked))


def sharing(most_linked: Mapping[str, int]) -> pl.Expr:
    """The word for what a request's customer shares with others: `nothing` that is limited, `within` the limit or `beyond` it;
    null where nothing is limited.
    """
    if not most_linked:
        return pl.lit(None, pl.String)
    alone = pl.all_horizontal(_few(dict.fromkeys(most_linked, 0)))
    within = pl.when(pl.all_horizontal(_few(most_linked))).then(pl.lit("within"))
    return pl.when(alone).then(pl.lit("nothing")).otherwise(within.otherwise(pl.lit("beyond")))


def _few(most_linked: Mapping[str, int]) -> list[pl.Expr]:
    return [pl.col(name).fill_null(0) <= most for name, most in most_linked.items()]
